"""The header of one GGUF file: its metadata, and what it says of its tensors. Reads no weight.

The file may come from anyone: each count, length and offset is compared with the file's size before it is used. The
``gguf`` package's own reader is not used for that: it follows counts without a bound, and keeps an array object for
each element of a list, hundreds of bytes for one.

Format: ggml-org/ggml, docs/gguf.md (versions 2 and 3).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion.weight_files import refuse_lfs_pointer

MAGIC = b"GGUF"
_OLDER_MAGICS = (b"lmgg", b"fmgg", b"tjgg", b"algg", b"GGML", b"GGJT")
_VERSIONS = (2, 3)
# A vocabulary of 256,000 tokens, with its merges, takes some 10 MB.
_MAX_HEADER_BYTES = 100_000_000
_MAX_ITEMS = 1 << 23
_MAX_KEYS = 1 << 16
_MAX_TENSORS = 1 << 16
_MAX_KEY_BYTES = 1 << 16
_MAX_NAME_BYTES = 1 << 8
_MAX_DIMENSIONS = 4
_MAX_ALIGNMENT = 1 << 20
_LARGEST = 2**63 - 1
# By the number of a value's type, in the letters of ``struct``; all are little-endian.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_AGAIN = "download it again."


@dataclass(frozen=True)
class Tensor:
    """A tensor of a GGUF file, by its header."""

    name: str
    shape: tuple[int, ...]
    """As numpy has it: the last dimension is the one that is stored together."""
    type_name: str
    """How it is stored, in ggml's words: "F16", "Q4_K", "IQ4_NL"."""
    path: Path
    offset: int
    """Where its bytes begin in the file."""
    n_bytes: int

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Header:
    """What a GGUF file says before its weights."""

    metadata: Mapping[str, Any]
    """Numbers, texts, and lists of them."""
    tensors: tuple[Tensor, ...]


def read_header(path: Path) -> Header:
    """Return the header of a whole file. Raises ModelError, one sentence, for what is none or is damaged."""
    refuse_lfs_pointer(path)
    with path.open("rb") as file:
        return _Reader(path, file).read()


class _Reader:
    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._size = path.stat().st_size
        self._position = 0
        self._items = 0

    def read(self) -> Header:
        tensor_count, key_count = self._read_beginning()
        metadata: dict[str, Any] = {}
        for _ in range(key_count):
            key = self._text(_MAX_KEY_BYTES)
            if key in metadata:
                raise self._damaged(f"it gives {_shown(key)} twice")
            metadata[key] = self._value(self._number("I"))
        tensors = [self._tensor() for _ in range(tensor_count)]
        return Header(metadata, self._placed(tensors, self._alignment(metadata)))

    def _read_beginning(self) -> tuple[int, int]:
        """The numbers of tensors and of keys."""
        if self._size == 0:
            raise ModelError(f"{self._path} is empty; {_AGAIN}")
        magic = self._bytes(min(4, self._size))
        if magic in _OLDER_MAGICS:
            raise ModelError(f"{self._path} is in a format older than GGUF; download the model as a GGUF file.")
        if magic != MAGIC:
            raise ModelError(f"{self._path} is not a GGUF file: it does not begin with the letters GGUF; {_AGAIN}")
        self._check_version(self._number("I"))
        tensor_count, key_count = self._number("Q"), self._number("Q")
        if tensor_count > _MAX_TENSORS or key_count > _MAX_KEYS:
            raise self._damaged(f"it speaks of {tensor_count:,} tensors and {key_count:,} settings")
        return tensor_count, key_count

    def _check_version(self, version: int) -> None:
        if version in _VERSIONS:
            return
        if version & 0xFFFF == 0:
            raise ModelError(
                f"{self._path} is a big-endian GGUF file, for another kind of processor; give the little-endian one."
            )
        if version == 1:
            raise ModelError(
                f"{self._path} is in version 1 of GGUF, of August 2023; download a newer file of the model."
            )
        raise ModelError(
            f"{self._path} is in version {version} of GGUF, which cannot be read; give a file in version 2 or 3."
        )

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text(_MAX_HEADER_BYTES)
        if kind == _ARRAY:
            return self._list(self._number("I"), self._number("Q"))
        return self._number(self._scalar(kind))

    def _list(self, kind: int, count: int) -> list[Any]:
        self._items += count
        if self._items > _MAX_ITEMS:
            raise self._damaged(f"it has a list of {count:,} values")
        if kind == _STRING:
            return [self._text(_MAX_HEADER_BYTES) for _ in range(count)]
        return list(self._numbers(self._scalar(kind), count))

    def _scalar(self, kind: int) -> str:
        if kind not in _SCALARS:
            raise self._damaged(f"it has a value of the unknown type {kind}")
        return _SCALARS[kind]

    def _number(self, letter: str) -> Any:
        return self._numbers(letter, 1)[0]

    def _numbers(self, letter: str, count: int) -> tuple[Any, ...]:
        content = self._bytes(count * struct.calcsize(f"<{letter}"))
        return struct.unpack(f"<{count}{letter}", content)

    def _text(self, max_bytes: int) -> str:
        length = self._number("Q")
        if length > max_bytes:
            raise self._damaged(f"it has a text of {length:,} bytes")
        try:
            return self._bytes(length).decode("utf-8")
        except UnicodeDecodeError as exc:
            raise self._damaged("it has a text that is not UTF-8") from exc

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        """Name, shape, number of the type, and offset among the weights."""
        name = self._text(_MAX_NAME_BYTES)
        dimensions = self._number("I")
        if dimensions > _MAX_DIMENSIONS:
            raise self._damaged(f"its tensor {_shown(name)} has {dimensions:,} dimensions")
        shape = tuple(self._number("Q") for _ in range(dimensions))[::-1]
        if math.prod(shape) > _LARGEST or 0 in shape:
            raise self._damaged(f"its tensor {_shown(name)} cannot have the shape {shape}")
        return name, shape, self._number("I"), self._number("Q")

    def _alignment(self, metadata: Mapping[str, Any]) -> int:
        alignment = metadata.get("general.alignment", 32)
        is_power = type(alignment) is int and 0 < alignment <= _MAX_ALIGNMENT and alignment & (alignment - 1) == 0
        if not is_power:
            raise self._damaged(f"it gives {_shown(alignment)} as its alignment")
        return int(alignment)

    def _placed(self, found: list[tuple[str, tuple[int, ...], int, int]], alignment: int) -> tuple[Tensor, ...]:
        """The tensors, where all of them lie in the file, one behind another."""
        start = -(-self._position // alignment) * alignment
        tensors = tuple(self._described(*each, start) for each in found)
        end = start
        for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
            if tensor.offset < end:
                raise self._damaged(f"its tensor {_shown(tensor.name)} begins within another one")
            end = tensor.offset + tensor.n_bytes
        if len({tensor.name for tensor in tensors}) < len(tensors):
            raise self._damaged("it has two tensors of one name")
        if tensors and end > self._size:
            raise self._truncated(end)
        return tensors

    def _described(self, name: str, shape: tuple[int, ...], kind: int, offset: int, start: int) -> Tensor:
        type_name, block_size, block_bytes = self._block(kind)
        row = shape[-1] if shape else 1
        if row % block_size:
            raise self._damaged(f"its tensor {_shown(name)} has rows of {row:,}, which {type_name} cannot store")
        n_bytes = math.prod(shape) // block_size * block_bytes
        return Tensor(name, shape, type_name, self._path, start + offset, n_bytes)

    def _block(self, kind: int) -> tuple[str, int, int]:
        """Name of a quantisation, and how many weights it stores together, in how many bytes."""
        import gguf
        from gguf import quants

        try:
            quantisation = gguf.GGMLQuantizationType(kind)
        except ValueError:
            quantisation = None
        floats = (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16)
        if quantisation is None or quantisation not in (*floats, *quants._type_traits):
            name = f"type {kind}" if quantisation is None else quantisation.name
            raise ModelError(
                f"{self._path} stores weights as {name}, which cannot be read here; give a file of the model in "
                "another quantisation, such as Q4_K_M or Q8_0."
            )
        return (quantisation.name, *gguf.GGML_QUANT_SIZES[quantisation])

    def _bytes(self, count: int) -> bytes:
        """The next bytes of the header. Allocates no more than the file has."""
        end = self._position + count
        if end > self._size:
            raise self._truncated(end)
        if end > _MAX_HEADER_BYTES:
            raise self._damaged(f"its header takes more than {_MAX_HEADER_BYTES:,} bytes")
        content = self._file.read(count)
        if len(content) < count:
            raise self._truncated(end)
        self._position = end
        return content

    def _truncated(self, expected: int) -> ModelError:
        return ModelError(f"{self._path} is truncated: {self._size:,} of at least {expected:,} bytes; {_AGAIN}")

    def _damaged(self, what: str) -> ModelError:
        return ModelError(f"{self._path} is damaged: {what}; {_AGAIN}")


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
