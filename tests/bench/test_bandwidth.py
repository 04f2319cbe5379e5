"""The memory is read by threads that end, and is far larger than the processor's cache."""

import os
import threading

import numpy as np
import pytest

from dolly_widget.bench import bandwidth
from dolly_widget.bench.bandwidth import MemoryReader, cache_bytes, memory_reader

MIB = 2**20
LIMIT_S = 30


def dolly_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("dolly")]


@pytest.fixture
def brief(monkeypatch):
    monkeypatch.setattr(bandwidth, "_READING_S", 0.01)


@pytest.fixture
def allocated(monkeypatch):
    """The sizes that were asked for, none of which is really taken."""
    sizes = []
    monkeypatch.setattr(bandwidth, "MemoryReader", sizes.append)
    return sizes


def test_memory_is_read_and_no_thread_is_left(brief):
    assert 0 < MemoryReader(16 * MIB).bytes_per_s() < 1e14
    for thread in dolly_threads():  # what has handed its result over may be on its way out still
        thread.join(LIMIT_S)
    assert dolly_threads() == []


def test_each_processor_reads_its_own_part_and_all_parts_count(brief, monkeypatch):
    """Three threads that each deliver a million bytes per second are three million."""
    monkeypatch.setattr(bandwidth, "_processors", lambda: [0, 1, 2])
    parts, together = [], threading.Barrier(3, timeout=30)

    def read(part, stop):
        together.wait()  # none can go on before all are there
        parts.append((part.nbytes, threading.get_ident()))
        return 1e6

    monkeypatch.setattr(bandwidth, "_rate", read)
    assert MemoryReader(24_000).bytes_per_s() == 3e6
    assert [size for size, _ in parts] == [8000] * 3
    assert len({thread for _, thread in parts}) == 3


def test_all_of_a_part_is_read(monkeypatch):
    """The second hand of this clock moves when something was read."""
    part, seen = np.ones(3 * bandwidth._CHUNK_BYTES // 8, np.int64), []
    now = iter([0.0, 0.0, 0.1, 0.2, bandwidth._READING_S, 1.5])
    monkeypatch.setattr(bandwidth.time, "perf_counter", lambda: next(now))
    monkeypatch.setattr(bandwidth.np, "add", type("Add", (), {"reduce": staticmethod(seen.append)}))
    assert bandwidth._rate(part, threading.Event()) == part.nbytes / 1.5
    assert sum(chunk.nbytes for chunk in seen) == part.nbytes
    assert len({chunk.ctypes.data for chunk in seen}) == len(seen)


def test_what_is_read_is_far_larger_than_the_cache(allocated, monkeypatch):
    monkeypatch.setattr(bandwidth, "free_memory_bytes", lambda: 1e15)
    for cache, size in ((32 * MIB, 512 * MIB), (384 * MIB, 3072 * MIB)):
        monkeypatch.setattr(bandwidth, "cache_bytes", lambda cache=cache: cache)
        memory_reader()
        assert allocated.pop() == size


def test_where_little_memory_is_free_little_is_taken_or_nothing(allocated, monkeypatch):
    monkeypatch.setattr(bandwidth, "cache_bytes", lambda: 32 * MIB)
    monkeypatch.setattr(bandwidth, "free_memory_bytes", lambda: 1024.0 * MIB)
    memory_reader()
    assert allocated == [128 * MIB]
    monkeypatch.setattr(bandwidth, "free_memory_bytes", lambda: 1023.0 * MIB)
    assert memory_reader() is None
    assert allocated == [128 * MIB]


def test_a_cache_that_processors_share_counts_once(monkeypatch):
    files = {
        "cpu0/cache/index0": ("1", "0", "32K"),
        "cpu1/cache/index0": ("1", "1", "32K"),
        "cpu0/cache/index3": ("3", "0-1", "16384K"),
        "cpu1/cache/index3": ("3", "0-1", "16384K"),
        "cpu2/cache/index3": ("3", "2", "8192K"),
    }
    assert of_system(monkeypatch, files, processors=[0, 1, 2]) == (16 + 8) * MIB


def of_system(monkeypatch, files, processors):
    """What ``cache_bytes`` makes of these files of /sys."""
    names = ("level", "shared_cpu_list", "size")
    monkeypatch.setattr(bandwidth, "_processors", lambda: processors)
    monkeypatch.setattr(
        bandwidth.Path, "glob", lambda self, _: [self / p[11:] for p in files if p[:4] == self.parts[-2]]
    )
    monkeypatch.setattr(bandwidth, "_text", lambda path: files["/".join(path.parts[-4:-1])][names.index(path.name)])
    return cache_bytes.__wrapped__()


def test_a_system_that_does_not_say_has_a_usual_cache(monkeypatch):
    assert of_system(monkeypatch, {}, processors=[0]) == 64 * MIB


def test_this_machine_has_a_cache_and_processors():
    assert cache_bytes() >= MIB / 4
    assert 1 <= len(bandwidth._processors()) <= os.cpu_count()
