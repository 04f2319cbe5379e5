"""What preparing a model takes (download, disk, memory), against what is free: in figures and in sentences.

Reads no weight.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import free_memory_bytes
from dolly_widget.text import in_bytes

# Python with torch, transformers, nncf and OpenVINO loaded, and a layer or two in work.
_LIBRARIES_BYTES = 800e6
# A weight of a GGUF file that was converted, with its share of the scales; in INT4, some weights have eight bits.
_GGUF_BYTES = {"fp16": 2.0, "int8": 1.1, "int4": 0.8}
# For the check: OpenVINO makes float32 of an FP16 model's weights, and of an embedding in fewer bits.
_GGUF_CHECK_BYTES = {"fp16": 7.5, "int8": 2.8, "int4": 2.0}


@dataclass(frozen=True)
class Needs:
    """Bytes that preparing a model takes. ``str(needs)`` is "5.7 GB to download, 8.4 GB of disk, 3.6 GB of memory"."""

    download: float = 0
    disk: float = 0
    """At the same time, the download included; the finished model keeps less."""
    memory: float = 0
    """That must be free at least. More is used while it is there: the checkpoint is read as a mapped file."""

    def __str__(self) -> str:
        parts = ((self.download, "to download"), (self.disk, "of disk"), (self.memory, "of memory"))
        return ", ".join(f"{in_bytes(count)} {what}" for count, what in parts if count)


def of_download(size_bytes: float, missing_bytes: float) -> Needs:
    """What it takes to fetch OpenVINO files: all of them, of which ``missing_bytes`` are not here yet."""
    return Needs(missing_bytes, missing_bytes, size_bytes + _LIBRARIES_BYTES / 2 if size_bytes else 0)


def of_conversion(
    weights_bytes: float, bits_per_weight: int, weight_format: WeightFormat, missing_bytes: float = 0
) -> Needs:
    """What it takes to convert ``weights_bytes`` of a checkpoint with ``bits_per_weight`` (16 for bfloat16).

    Beside the result, the uncompressed model is on disk for a while. The figures behind it were measured at Dolly's
    full shape (`python tests/benchmarks/convert.py`).
    """
    result = weights_bytes * weight_format.bits / bits_per_weight
    if weight_format.name == "fp16":
        return Needs(missing_bytes, missing_bytes + result, _LIBRARIES_BYTES + result)
    if weight_format.name == "int4":
        result += 0.05 * weights_bytes  # embedding and output layer are INT8
    return Needs(missing_bytes, missing_bytes + weights_bytes + result, _LIBRARIES_BYTES + result)


def of_gguf(parameters: float, weight_format: WeightFormat, missing_bytes: float = 0) -> Needs:
    """What it takes to convert a GGUF file of so many weights: they are on disk twice for a while.

    The check takes most memory (measured on SmolLM2). INT4 with settings of its own is compressed from FP16.
    """
    is_usual = weight_format == WeightFormat(weight_format.name)
    name = weight_format.name if is_usual else "fp16"
    stored = parameters * _GGUF_BYTES[name]
    memory = _LIBRARIES_BYTES / 2 + parameters * _GGUF_CHECK_BYTES[name]
    return Needs(missing_bytes, missing_bytes + 2 * stored, memory)


@dataclass(frozen=True)
class Free:
    """Bytes that are free."""

    disk: float
    memory: float

    def __str__(self) -> str:
        return f"{in_bytes(self.disk)} of disk and {in_bytes(self.memory)} of memory"


def free_for(directory: Path) -> Free:
    """What is free now: on the file system that ``directory`` is or will be on, and of the memory."""
    there = next(path for path in (directory, *directory.parents) if path.exists())
    return Free(shutil.disk_usage(there).free, free_memory_bytes())


def check(needs: Needs, free: Free, directory: Path) -> str:
    """Return a sentence that says what is needed and what is free; raises ModelError with both where it cannot work."""
    figures = f"this needs {needs}; {free} are free"
    if needs.disk > free.disk:
        raise ModelError(
            f"The disk is too full: {figures}. Free {in_bytes(needs.disk - free.disk)} on the disk of {directory}, or "
            "set DOLLY_WIDGET_CACHE to a directory on another disk."
        )
    if needs.memory > free.memory:
        raise ModelError(
            f"There is not enough memory: {figures}. Close other notebooks and programs, or choose a model that "
            "is already converted."
        )
    return f"{figures[0].upper()}{figures[1:]}."


def sentence(exc: Exception) -> str | None:
    """The message for an error of preparing a model; None for one that is a bug."""
    if isinstance(exc, ModelError):
        return str(exc)
    if is_out_of_disk(exc):
        return (
            f"The disk is full; nothing was stored. Free some space on the disk of {store.cache_dir()}, or set "
            "DOLLY_WIDGET_CACHE to a directory on another disk."
        )
    if isinstance(exc, MemoryError):
        return "There was not enough memory; nothing was stored. Close other programs, or choose a smaller model."
    return None


def is_out_of_disk(exc: BaseException) -> bool:
    """Whether an error, or one that caused it, is that of a full disk."""
    import errno

    while exc is not None:
        if isinstance(exc, OSError) and exc.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(exc, OSError) and str(exc).startswith("Not enough free space"):  # NumPy gives no number
            return True
        exc = exc.__cause__ or exc.__context__  # type: ignore[assignment]
    return False
