"""A GGUF file becomes a checkpoint of Hugging Face's: config.json, model.safetensors, tokenizer. Imports no torch.

A tensor at a time: memory holds one in 16 bits, twice where it is arranged otherwise, and a block of it in float32.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf import families
from dolly_widget.models.gguf.arrangement import Values, arranged, pieces
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.header import Tensor
from dolly_widget.models.gguf.settings import sampling
from dolly_widget.models.gguf.tokenizer import write_tokenizer
from dolly_widget.models.gguf.weights import _blocks, _check_values, _Done
from dolly_widget.runtime import OnProgress

_NAME = re.compile(r"(?P<layer>blk\.(?P<number>0|[1-9]\d{0,4})\.)?(?P<stem>\w+)(?P<suffix>\.weight|\.bias)", re.ASCII)
# That end an answer: the end of a text, of a turn, and of a message before a tool's.
_ENDS = ("eos_token_id", "eot_token_id", "eom_token_id")
_ENTRY_BYTES = 120
_MAX_EXPERTS = 1024


def to_checkpoint(path: Path, target: Path, on_progress: OnProgress) -> None:
    """Write the model of a GGUF file, or of a split one, into the directory ``target``, which is made.

    Weights are float16. ``on_progress`` gets the stage load. Takes the disk space of the weights. Raises ModelError for
    a family, a setting or a tensor that is not known; OSError where the disk is full.
    """
    file = GgufFile.open(path)
    config = families.config_of(file)
    names = _checkpoint_names(file)
    target.mkdir()
    write_tokenizer(file.metadata, target)
    ids = _ids(file.metadata, config["vocab_size"])
    settings = {**ids, **sampling(file.metadata)}
    for name, content in {"config.json": {**config, **ids}, "generation_config.json": settings}.items():
        (target / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    with (target / "model.safetensors").open("wb") as weights:
        _write_weights(weights, file, names, config, on_progress)


def _checkpoint_names(file: GgufFile) -> dict[str, str]:
    """The name in the checkpoint of each tensor, "" for one that is a setting. Raises ModelError for an unknown one."""
    known = families.family_of(file).names
    found, others = {}, []
    for tensor in file.tensors:
        name = _NAME.fullmatch(tensor.name)
        stem = f"{'blk.' if name['layer'] else ''}{name['stem']}" if name else ""
        if name is None or stem not in known or not tensor.shape:
            others.append(tensor.name)
        elif known[stem]:
            # Of the two {} of an expert, the first is the layer.
            found[tensor.name] = known[stem].replace("{}", name["number"] or "", 1) + name["suffix"]
    if others:
        shown = ", ".join(ascii(name)[:60] for name in others[:3])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ModelError(
            f"{file.path} has weights that its family, {file.architecture!r}, is not known to have: {shown}{more}; "
            "give another file of the model, or the checkpoint that it was made from."
        )
    return found


def _ids(metadata: Mapping[str, Any], vocab_size: int) -> dict[str, Any]:
    """Ids of special tokens that the model has."""

    def known(*keys: str) -> list[int]:
        ids = [metadata.get(f"tokenizer.ggml.{key}") for key in keys]
        return list(dict.fromkeys(each for each in ids if type(each) is int and 0 <= each < vocab_size))

    ends, begins, pads = known(*_ENDS), known("bos_token_id"), known("padding_token_id")
    return {
        "eos_token_id": ends if len(ends) > 1 else ends[0] if ends else None,
        "bos_token_id": begins[0] if begins else None,
        "pad_token_id": pads[0] if pads else None,
    }


def _write_weights(
    weights: BinaryIO, file: GgufFile, names: Mapping[str, str], config: Mapping[str, Any], on_progress: OnProgress
) -> None:
    """The tensors' data, and before it the header, for which room is left. Format: huggingface/safetensors, README."""
    used = [tensor for tensor in file.tensors if tensor.name in names]
    room = 8 + sum(_header_room(tensor, names[tensor.name]) for tensor in used)
    room += -room % 8
    arrangement = families.family_of(file).arrangement
    done = _Done(sum(tensor.n_bytes for tensor in used) or 1, on_progress)
    entries: dict[str, Any] = {}
    weights.seek(room)
    for tensor in used:
        for name, values in _tensors(tensor, names[tensor.name], arrangement, config, done):
            start = weights.tell() - room
            weights.write(np.ascontiguousarray(values).data)
            shape = list(values.shape)
            entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, weights.tell() - room]}
    header = json.dumps(entries).encode()
    weights.seek(0)
    weights.write((room - 8).to_bytes(8, "little") + header.ljust(room - 8))


def _header_room(tensor: Tensor, name: str) -> int:
    """Bytes that are enough for a tensor's entries in the header. Raises ModelError for too many experts."""
    count = tensor.shape[0] if "{}" in name else 1
    if count > _MAX_EXPERTS:
        raise ModelError(f"{tensor.path} is damaged: it has {count:,} experts; download it again.")
    return count * (_ENTRY_BYTES + len(name) + 24 * len(tensor.shape))


def _tensors(
    tensor: Tensor, name: str, arrangement: str, config: Mapping[str, Any], done: _Done
) -> Iterator[tuple[str, Values]]:
    within = tensor.name.split(".", 2)[-1] if tensor.name.startswith("blk.") else tensor.name
    yield from pieces(name, arranged(arrangement, within, _read(tensor, done), config).astype(np.float16, copy=False))


def _read(tensor: Tensor, done: _Done) -> Values:
    """A tensor: a vector in float32, to be arranged without a loss, others in float16."""
    values = np.empty((tensor.parameters // tensor.shape[-1], tensor.shape[-1]), np.float16)
    if len(tensor.shape) == 1:
        values = values.astype(np.float32)
    row = 0
    for raw, block in _blocks(tensor):
        _check_values(tensor, block)
        values[row : row + len(block)] = block
        row += len(block)
        done.add(len(raw))
    return values.reshape(tensor.shape)
