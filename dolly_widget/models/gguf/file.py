"""A GGUF file, whole or split over several: checked, with all that it says before its weights. Reads no weight."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.header import MAGIC, Header, Tensor, read_header

SUFFIX = ".gguf"
# Source: llama.cpp, src/llama.cpp (llama_split_path).
_PART = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})", re.DOTALL)
# By `general.type`, where that is not "model".
_OTHER_FILES = {
    "mmproj": "the part of a model that reads images or sound",
    "adapter": "an adapter (LoRA), not a model",
    "imatrix": "an importance matrix, not a model",
}
# By its architecture, or at the beginning of its file's name.
_EYES = ("clip", "mmproj")
_ENCODERS = re.compile(r".*bert.*|t5|t5encoder|gemma-embedding|wavtokenizer-dec|llama-embed")


@dataclass(frozen=True)
class GgufFile:
    """A whole GGUF file of a language model that continues text, as ``open`` found it."""

    path: Path
    """The file; of a split one, its first part."""
    parts: tuple[Path, ...]
    architecture: str
    """In llama.cpp's words: "llama", "qwen2"."""
    metadata: Mapping[str, Any] = field(repr=False)
    """Plain numbers, texts and lists, by their keys: "llama.block_count"."""
    tensors: tuple[Tensor, ...] = field(repr=False)
    """Of all parts."""

    @classmethod
    def open(cls, path: Path) -> GgufFile:
        """Read what a file says before its weights; any part of a split one may be given.

        Raises ModelError, one sentence, where it is damaged, no language model, or a part is missing.
        """
        parts = parts_of(path)
        headers = [read_header(part) for part in parts]
        _check_parts(parts, headers)
        metadata = headers[0].metadata
        architecture = _architecture(parts[0], metadata)
        tensors = tuple(tensor for header in headers for tensor in header.tensors)
        if not tensors:
            raise ModelError(f"{parts[0]} holds no weights; download the model again.")
        _check_vocabulary(parts[0], metadata, tensors)
        return cls(parts[0], parts, architecture, metadata, tensors)

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(tensor.parameters for tensor in self.tensors)


def parts_of(path: Path) -> tuple[Path, ...]:
    """The files that a name stands for: one, or all parts of a split one. Raises ModelError where one is missing."""
    path = Path(path)
    name = _PART.fullmatch(path.stem)
    if name is None:
        return (path,)
    count = int(name["count"])
    parts = []
    for number in range(1, count + 1):
        part = path.with_name(f"{name['stem']}-{number:05d}-of-{count:05d}{path.suffix}")
        if not part.is_file():
            raise ModelError(
                f"{path} is one of {count} files of a model, and {part.name} is missing: put it beside the others."
            )
        parts.append(part)
    return tuple(parts) or (path,)


def is_gguf(path: Path) -> bool:
    """Whether a path is that of a file that is named as a GGUF file, or begins as one."""
    if not path.is_file():
        return False
    if path.suffix.lower() == SUFFIX:
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def models_in(directory: Path) -> list[Path]:
    """The models in GGUF that a directory holds, by name: of a split one, the first part."""
    found = (path for path in sorted(directory.iterdir()) if path.suffix.lower() == SUFFIX and path.is_file())
    return [path for path in found if not path.name.startswith(_EYES) and _is_first(path)]


def _is_first(path: Path) -> bool:
    name = _PART.fullmatch(path.stem)
    return name is None or int(name["number"]) <= 1


def fingerprint(parts: Sequence[Path]) -> str:
    """40 hex digits that change with the files: with their names, sizes and modification times. Reads none of them."""
    stats = [(part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
    return hashlib.sha256(json.dumps(stats).encode()).hexdigest()[:40]


def _check_parts(parts: Sequence[Path], headers: Sequence[Header]) -> None:
    count = headers[0].metadata.get("split.count", 1)
    if len(parts) == 1 and count not in (0, 1):
        raise ModelError(
            f"{parts[0]} is one of {count} files of a model, and does not have the name that it was written with, such "
            f"as NAME-00001-of-00003{SUFFIX}: download the model again."
        )
    for number, (part, header) in enumerate(zip(parts, headers, strict=True)):
        found = header.metadata.get("split.no", 0), header.metadata.get("split.count", 1)
        if len(parts) > 1 and found != (number, len(parts)):
            raise ModelError(
                f"{part} is not what its name says, part {number + 1} of {len(parts)}: download the model again."
            )
    names = [tensor.name for header in headers for tensor in header.tensors]
    expected = headers[0].metadata.get("split.tensors.count", len(names))
    if len(set(names)) != len(names) or (len(parts) > 1 and expected != len(names)):
        raise ModelError(f"{parts[0]} and its other parts do not belong together: download the model again.")


def _check_vocabulary(path: Path, metadata: Mapping[str, Any], tensors: Sequence[Tensor]) -> None:
    """Raise ModelError where the embedding is not of the tokenizer's tokens; llama.cpp refuses that, too."""
    tokens = metadata.get("tokenizer.ggml.tokens")
    rows = next((tensor.shape[0] for tensor in tensors if tensor.name == "token_embd.weight" and tensor.shape), None)
    if isinstance(tokens, list) and rows is not None and rows != len(tokens):
        raise ModelError(
            f"{path} is damaged: its tokenizer has {len(tokens):,} tokens, and its embedding {rows:,} rows; download "
            "the model again."
        )


def _architecture(path: Path, metadata: Mapping[str, Any]) -> str:
    kind, architecture = metadata.get("general.type", "model"), metadata.get("general.architecture")
    if other := _OTHER_FILES.get(kind if isinstance(kind, str) else ""):
        raise ModelError(f"{path} is {other}; give the GGUF file of the language model.")
    if not isinstance(architecture, str) or not re.fullmatch(r"[\w.-]{1,60}", architecture):
        raise ModelError(f"{path} does not name its architecture (general.architecture); download it again.")
    if architecture in _EYES:
        raise ModelError(f"{path} is {_OTHER_FILES['mmproj']}; give the GGUF file of the language model.")
    is_embedding = metadata.get(f"{architecture}.pooling_type", 0) != 0
    if is_embedding or metadata.get(f"{architecture}.attention.causal") is False or _ENCODERS.fullmatch(architecture):
        raise ModelError(
            f"{path} does not continue text: it is an embedding model or an encoder ({architecture}); give a causal "
            "language model."
        )
    return architecture
