"""The weight files of a checkpoint: whether they are whole, by their headers. Never loads a weight, never unpickles."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.text import parse_json
from dolly_widget.text import read_json as read_json_file

# In the order in which transformers looks for them; an index names the files that it stands for.
SAFETENSORS = ("model.safetensors", "model.safetensors.index.json")
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_LFS_POINTER = b"version https://git-lfs"
# Source: huggingface/safetensors, README ("Format") and safetensors/src/tensor.rs (MAX_HEADER_SIZE).
_MAX_HEADER_BYTES = 100_000_000
# Source: pytorch, torch/serialization.py: a zip archive, or its older format, a pickle that begins with MAGIC_NUMBER.
_ZIP = b"PK\x03\x04"
_LEGACY_PICKLE = b"\x80\x02\x8a\x0a" + 0x1950A86A20F9469CFC6C.to_bytes(10, "little")

_AGAIN = "download it again."


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds. Raises ModelError."""
    refuse_lfs_pointer(path)
    try:
        content = read_json_file(path)
    except ValueError as exc:
        raise ModelError(f"{path} is damaged: it is not valid JSON; {_AGAIN}") from exc
    if not isinstance(content, dict):
        raise ModelError(f"{path} contains no settings; {_AGAIN}")
    return content


def refuse_lfs_pointer(path: Path) -> None:
    """The first look into a file: raise ModelError where it cannot be read, or only stands for the real one."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_LFS_POINTER))
    except OSError as exc:
        raise ModelError(f"{path} cannot be read ({exc.strerror}); check its permissions.") from exc
    if start == _LFS_POINTER:
        raise ModelError(f"{path} is a Git LFS pointer, not the file itself; run `git lfs pull` in {path.parent}.")


def weight_files(path: Path) -> tuple[Path, ...]:
    """The weight files that a single one or an index stands for, all checked. Raises ModelError."""
    is_index = path.suffix == ".json"
    places = _weight_map(path) if is_index else {}
    files = tuple(path.parent / name for name in sorted(set(places.values()))) if is_index else (path,)
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ModelError(
            f"{path.parent} lacks {len(missing)} of the {len(files)} weight files that {path.name} names, "
            f"{'first' if len(missing) > 1 else 'namely'} {missing[0]}; download it again."
        )
    for file in files:
        refuse_lfs_pointer(file)
        if file.suffix != ".safetensors":
            _check_pickle(file)
            continue
        # transformers fills weights that it misses with random ones, and only warns.
        if not {tensor for tensor, name in places.items() if name == file.name} <= _check_safetensors(file):
            raise ModelError(f"{file} lacks weights that {path.name} says are in it; download both again.")
    return files


def _weight_map(index: Path) -> dict[str, str]:
    """File name by tensor, from an index that names only files beside it, of the same format."""
    places = read_json(index).get("weight_map")
    suffix = ".safetensors" if index.name in SAFETENSORS else ".bin"
    if not isinstance(places, dict) or not places or not all(_is_plain(name, suffix) for name in places.values()):
        raise ModelError(f"{index} is damaged: it does not say which files hold the weights; download it again.")
    return places


def _is_plain(name: object, suffix: str) -> bool:
    return isinstance(name, str) and name.endswith(suffix) and name.isprintable() and not set(name) & set("/\\")


def _check_safetensors(path: Path) -> set[str]:
    """Compare the size of a file with what its header says, and return the names of its tensors.

    A file is 8 bytes with the header's length (little-endian), the header (JSON), then the data without gaps.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header_end = 8 + int.from_bytes(file.read(8), "little")
        if size < 8 or (size < header_end <= _MAX_HEADER_BYTES):
            raise ModelError(f"{path} is truncated: {size:,} of at least {max(8, header_end):,} bytes; {_AGAIN}")
        header = file.read(header_end - 8) if header_end <= _MAX_HEADER_BYTES else b""
    try:
        tensors = {name: entry for name, entry in parse_json(header).items() if name != "__metadata__"}
        expected = header_end + _data_bytes(sorted(entry["data_offsets"] for entry in tensors.values()))
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise ModelError(f"{path} is damaged: its header cannot be read; {_AGAIN}") from exc
    if size != expected:
        what = "truncated" if size < expected else "damaged"
        raise ModelError(f"{path} is {what}: {size:,} bytes instead of {expected:,}; {_AGAIN}")
    if not tensors:
        raise ModelError(f"{path} holds no weights; {_AGAIN}")
    return set(tensors)


def _data_bytes(spans: list[list[int]]) -> int:
    """Where the last of the sorted [start, end) ends; ValueError unless each starts where the one before ends."""
    position = 0
    for start, end in spans:
        if start != position or end < start:
            raise ValueError(f"gap or overlap at {position}")
        position = end
    return position


def _check_pickle(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(len(_LEGACY_PICKLE))
    if start == _LEGACY_PICKLE:
        return
    if not start.startswith(_ZIP):
        raise ModelError(f"{path} is damaged: its {path.stat().st_size:,} bytes are not PyTorch weights; {_AGAIN}")
    try:
        with zipfile.ZipFile(path) as archive:
            names, begins = archive.namelist(), min(entry.header_offset for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise ModelError(
            f"{path} is truncated: its end is missing after {path.stat().st_size:,} bytes; {_AGAIN}"
        ) from exc
    # A piece that is missing in the middle moves the beginning before the file's.
    if begins != 0 or not any(name.endswith("data.pkl") for name in names):
        raise ModelError(f"{path} is damaged: an archive, but not one of PyTorch weights; {_AGAIN}")
