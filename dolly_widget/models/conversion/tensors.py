"""The names of a checkpoint's tensors, and the weight files under other names. Never loads all weights into memory."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dolly_widget.text import parse_json

# What wraps a model's modules puts its own name into theirs: torch.compile (anywhere), data-parallel training and peft
# (at the beginning), sharded training and activation checkpoints (anywhere).
_WRAPPERS = re.compile(
    r"^(?:module\.|base_model\.model\.|_orig_mod\.|_fsdp_wrapped_module\.)+"
    r"|(?<=\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\."
)
_ADAPTER = re.compile(r"\.(?:lora_[AB]|lora_embedding_[AB]|lora_magnitude_vector|base_layer|modules_to_save)\b")
_COPIED_AT_ONCE = 16 << 20


def names_in(files: Iterable[Path]) -> list[str]:
    """The names of all tensors in weight files that were checked. Imports torch for pickles."""
    return [name for path in files for name in (_header(path) if path.suffix == ".safetensors" else _pickle(path))]


def is_of_adapter(name: str) -> bool:
    """Whether a tensor belongs to an adapter (LoRA) that is not merged into its model."""
    return _ADAPTER.search(name) is not None


def unwrapped(name: str) -> str:
    """A tensor's name without those of what its model was wrapped in."""
    return _WRAPPERS.sub("", name)


def wrapper_of(name: str) -> str:
    """What ``unwrapped`` leaves out, for a sentence: "_orig_mod."; "" where there is nothing."""
    found = _WRAPPERS.search(name)
    return found[0] if found else ""


def write_renamed(source: Path, target: Path, rename: Callable[[str], str]) -> None:
    """Write a weight file again, with its tensors' names changed. Takes as much disk as the file."""
    if source.suffix == ".safetensors":
        _write_safetensors(source, target, rename)
    else:
        import torch

        weights = _pickle(source)
        torch.save({rename(name): tensor for name, tensor in weights.items()}, target)


def _header(path: Path) -> dict[str, Any]:
    """Entries by name, as ``checkpoints.inspect`` has found them to be sound."""
    with path.open("rb") as file:
        header = parse_json(file.read(int.from_bytes(file.read(8), "little")))
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def _pickle(path: Path) -> dict[str, Any]:
    """Tensors by name; those of the newer format are mapped, not read. Raises what torch's weights-only loader does."""
    import zipfile

    import torch

    found = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    return {str(name): tensor for name, tensor in found.items()} if isinstance(found, dict) else {}


def _write_safetensors(source: Path, target: Path, rename: Callable[[str], str]) -> None:
    """The header is written anew; the data behind it stays as it is. Format: ``checkpoints``."""
    with source.open("rb") as file, target.open("wb") as copy:
        header = parse_json(file.read(int.from_bytes(file.read(8), "little")))
        header = {name if name == "__metadata__" else rename(name): entry for name, entry in header.items()}
        content = json.dumps(header).encode()
        content += b" " * (-len(content) % 8)
        copy.write(len(content).to_bytes(8, "little") + content)
        shutil.copyfileobj(file, copy, _COPIED_AT_ONCE)
