"""How fast the memory of this machine is read, and what its processor's cache holds. Knows nothing about models."""

from __future__ import annotations

import itertools
import os
import threading
import time
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dolly_widget.runtime import Job, free_memory_bytes

_READING_S = 0.3
_LEAST_BYTES = 512 * 2**20
_CHUNK_BYTES = 8 * 2**20
# Far more than the cache holds is read. Less than the half of that would measure the cache too.
_CACHES = 8
# Of the memory that is free: a model is to be loaded beside it.
_SHARE_OF_FREE = 1 / 8
_UNKNOWN_CACHE_BYTES = 64 * 2**20


class MemoryReader:
    """Memory to be read, again and again, with a thread for each processor. It is kept as long as this is."""

    def __init__(self, size_bytes: int) -> None:
        # Ones: memory that was never written to is one page of zeros, which the cache holds.
        self._parts = np.array_split(np.ones(size_bytes // 8, np.int64), len(_processors()))

    def bytes_per_s(self) -> float:
        """Bytes per second that all threads together read, over 0.3 s. Blocks; no thread is left."""
        jobs = [Job(partial(_rate, part), name="dolly-bandwidth") for part in self._parts]
        return sum(job.wait() for job in jobs)


def _rate(part: npt.NDArray[np.int64], stop: threading.Event) -> float:
    chunks = itertools.cycle(np.array_split(part, max(1, part.nbytes // _CHUNK_BYTES)))
    read, started = 0, time.perf_counter()
    while time.perf_counter() - started < _READING_S and not stop.is_set():
        chunk = next(chunks)
        np.add.reduce(chunk)  # twice as fast out of the cache: it is the memory that this waits for
        read += chunk.nbytes
    return read / (time.perf_counter() - started)


def memory_reader() -> MemoryReader | None:
    """Memory far larger than the cache, an eighth of what is free at most; None where that is too little."""
    size = min(max(_LEAST_BYTES, _CACHES * cache_bytes()), _SHARE_OF_FREE * free_memory_bytes())
    return MemoryReader(int(size)) if size >= _CACHES / 2 * cache_bytes() else None


@cache
def cache_bytes() -> int:
    """Bytes of the last-level caches of the processors that may be used; 64 MB where that is not known (not Linux)."""
    # Processors share a cache: it is counted once.
    sizes = {}
    for processor in _processors():
        for index in Path(f"/sys/devices/system/cpu/cpu{processor}/cache").glob("index*"):
            level, shared_by, size = (_text(index / name) for name in ("level", "shared_cpu_list", "size"))
            if size.endswith("K"):
                sizes[int(level), shared_by] = int(size[:-1]) * 1024
    last = max((level for level, _ in sizes), default=0)
    return sum(size for (level, _), size in sizes.items() if level == last) or _UNKNOWN_CACHE_BYTES


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _processors() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
