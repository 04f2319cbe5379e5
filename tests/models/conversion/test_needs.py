"""What a conversion takes is told beforehand, and refused with its numbers where that is not free."""

import errno

import pytest

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion.needs import (
    Free,
    Needs,
    check,
    free_for,
    is_out_of_disk,
    of_conversion,
    of_download,
    of_gguf,
)
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import memory

DOLLY_BYTES = 5.55e9  # 2.78 billion weights


@pytest.mark.parametrize(
    ("name", "measured_disk", "measured_memory"),
    # At Dolly's full shape: files of the result, uncompressed ones beside; anonymous memory at its peak.
    [("fp16", 5.55e9, 6.16e9), ("int8", 5.55e9 + 2.78e9, 3.17e9), ("int4", 5.55e9 + 1.57e9, 1.97e9)],
)
def test_the_figures_cover_what_was_measured_and_not_much_more(name, measured_disk, measured_memory):
    told = of_conversion(DOLLY_BYTES, 16, WeightFormat(name))
    assert measured_disk * 0.99 <= told.disk <= measured_disk * 1.1
    assert measured_memory <= told.memory <= measured_memory * 1.3
    assert told.download == 0


def test_a_checkpoint_in_float32_is_half_as_large_in_fp16():
    assert of_conversion(10e9, 32, WeightFormat("fp16")).disk == 5e9
    assert of_conversion(10e9, 16, WeightFormat("fp16")).disk == 10e9


def test_what_has_to_be_downloaded_takes_disk_too():
    without, with_ = (of_conversion(DOLLY_BYTES, 16, WeightFormat("int8"), missing) for missing in (0, 5e9))
    assert with_.disk - without.disk == with_.download == 5e9
    assert with_.memory == without.memory


@pytest.mark.parametrize(
    ("weight_format", "disk"),
    [
        (WeightFormat("fp16"), 4e9),
        (WeightFormat("int8"), 2.2e9),
        (WeightFormat("int4"), 1.6e9),
        (WeightFormat("int4", group_size=64), 4e9),
    ],
)
def test_a_gguf_file_takes_its_result_twice_and_the_memory_of_its_check(weight_format, disk):
    needed = of_gguf(1e9, weight_format, missing_bytes=5e8)
    assert (needed.download, needed.disk) == (5e8, pytest.approx(5e8 + disk))


@pytest.mark.parametrize(("name", "measured"), [("fp16", 1.389e9), ("int8", 0.660e9), ("int4", 0.516e9)])
def test_the_memory_of_a_gguf_file_covers_what_its_check_took(name, measured):
    """SmolLM2, 134.5 million weights: the largest resident set."""
    assert measured <= of_gguf(134.5e6, WeightFormat(name)).memory < 1.3 * measured


def test_a_sentence_tells_what_is_needed_and_what_is_free(tmp_path):
    sentence = check(Needs(5.7e9, 14e9, 3.6e9), Free(80e9, 16e9), tmp_path)
    assert sentence == (
        "This needs 5.7 GB to download, 14.0 GB of disk, 3.6 GB of memory; "
        "80.0 GB of disk and 16.0 GB of memory are free."
    )


def test_nothing_to_download_is_not_mentioned():
    assert str(Needs(0, 14e9, 3.6e9)) == "14.0 GB of disk, 3.6 GB of memory"


@pytest.mark.parametrize(
    ("free", "parts"),
    [
        (Free(disk=13e9, memory=16e9), ["disk is too full", "14.0 GB of disk", "13.0 GB of disk", "Free 1.0 GB"]),
        (Free(disk=80e9, memory=3e9), ["not enough memory", "3.6 GB of memory", "3.0 GB of memory"]),
    ],
)
def test_what_cannot_work_is_refused_with_the_numbers(tmp_path, free, parts):
    with pytest.raises(ModelError) as refused:
        check(Needs(5.7e9, 14e9, 3.6e9), free, tmp_path)
    assert all(part in str(refused.value) for part in parts)
    assert "\n" not in str(refused.value)


def test_what_just_fits_is_not_refused(tmp_path):
    assert check(Needs(0, 14e9, 3.6e9), Free(14e9, 3.6e9), tmp_path)


def test_a_download_needs_the_disk_of_what_is_missing_and_memory_to_run(tmp_path):
    told = of_download(2.8e9, 1e9)
    assert (told.download, told.disk) == (1e9, 1e9)
    assert told.memory > 2.8e9


def test_what_is_free_is_that_of_the_file_system_and_the_machine(tmp_path):
    import shutil

    import psutil

    free = free_for(tmp_path / "not" / "there yet")
    assert free.disk == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)
    assert 0 < free.memory <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("limit", "free"), [("max\n", None), ("4000000000\n", 4e9 - 1e9 + 2e8)], ids=["no limit", "4 GB"]
)
def test_a_container_has_less_than_its_machine(tmp_path, monkeypatch, limit, free):
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text("1000000000\n")
    (tmp_path / "memory.stat").write_text("anon 700000000\ninactive_file 200000000\n")
    places = ((str(tmp_path), "memory.max", "memory.current", "inactive_file"),)
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", places)
    monkeypatch.setattr(memory, "_available_bytes", lambda: 20e9)
    assert free_for(tmp_path).memory == (free or 20e9)


def test_a_full_disk_is_known_by_its_cause():
    full = OSError(errno.ENOSPC, "No space left on device")
    wrapped = RuntimeError("writing failed")
    wrapped.__cause__ = full
    assert is_out_of_disk(wrapped)
    assert is_out_of_disk(full)
    assert not is_out_of_disk(OSError(errno.EACCES, "Permission denied"))
    assert not is_out_of_disk(ValueError())
