"""A checkpoint as the export is given it: linked files, with settings put right and weights under the model's names.

The checkpoint itself is never written to.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import settings, tensors
from dolly_widget.models.conversion.checkpoints import Checkpoint
from dolly_widget.models.conversion.exporters import Exporter
from dolly_widget.runtime import OnProgress, Progress

_SETTINGS_SUFFIXES = frozenset({".json", ".jinja", ".model", ".txt", ".tiktoken"})
# Reading it, transformers would load the adapter, and look for the model that it belongs to on the hub.
_LEFT_OUT = ("adapter_config.json",)


def make(source: str, checkpoint: Checkpoint, place: Path, exporter: Exporter | None, on_progress: OnProgress) -> Path:
    """Fill ``place``, which must not be there yet, and return it.

    Reports what was changed in the weights' names. Raises ModelError for weights of an adapter, OSError where the disk
    is full.
    """
    place.mkdir()
    for path in checkpoint.directory.iterdir():
        if path.suffix in _SETTINGS_SUFFIXES and path.is_file() and path.name not in _LEFT_OUT:
            _link(path, place / path.name)
    for name, content in _settings(source, checkpoint, exporter).items():
        (place / name).unlink(missing_ok=True)
        (place / name).write_text(json.dumps(content), encoding="utf-8")
    _place_weights(source, checkpoint, place, on_progress)
    return place


def _settings(source: str, checkpoint: Checkpoint, exporter: Exporter | None) -> dict[str, Any]:
    """Content by name of the files that are written, not linked."""
    config = settings.put_right(checkpoint.config, f"The config.json of {source}")
    if exporter is not None and exporter.version.startswith("4."):
        config = settings.for_version_4(config, f"The config.json of {source}")
    written: dict[str, Any] = {"config.json": config}
    if checkpoint.generation_config is not None:
        written["generation_config.json"] = settings.put_right(
            checkpoint.generation_config, f"The generation_config.json of {source}"
        )
    return written


def _place_weights(source: str, checkpoint: Checkpoint, place: Path, on_progress: OnProgress) -> None:
    names = tensors.names_in(checkpoint.weight_files)
    if adapters := [name for name in names if tensors.is_of_adapter(name)]:
        raise ModelError(
            f"{source} contains an adapter (LoRA) that is not merged into its model ({adapters[0][:80]!a}): "
            "merge it first with peft's merge_and_unload(), and save the model with save_pretrained."
        )
    wrappers = sorted({found for name in names if (found := tensors.wrapper_of(name))})
    is_renamed = bool(wrappers) and len({tensors.unwrapped(name) for name in names}) == len(names)
    for path in checkpoint.weight_files:
        if is_renamed:
            tensors.write_renamed(path, place / path.name, tensors.unwrapped)
        else:
            _link(path, place / path.name)
    if checkpoint.index is not None:
        name, content = checkpoint.index
        (place / name).unlink(missing_ok=True)
        (place / name).write_text(json.dumps(_index(content, is_renamed)), encoding="utf-8")
    if is_renamed:
        on_progress(Progress("plan", message=_note(wrappers)))


def _index(content: Mapping[str, Any], is_renamed: bool) -> dict[str, Any]:
    """An index of weight files that transformers can read: it fails without ``metadata``, which it hardly needs."""
    places = content["weight_map"].items()
    metadata = content.get("metadata")
    return {
        "metadata": metadata if isinstance(metadata, dict) else {},
        "weight_map": {tensors.unwrapped(name) if is_renamed else name: file for name, file in places},
    }


def _note(wrappers: list[str]) -> str:
    names = " and ".join(repr(wrapper) for wrapper in wrappers[:3])
    return (
        f"The names of the weights contain {names}, as those of a model that was saved in a wrapper (torch.compile, "
        "data-parallel training, peft): that is left out, in a copy."
    )


def _link(path: Path, link: Path) -> None:
    """A symbolic link, a hard one where the system allows none, a copy where it allows neither."""
    for make_link in (os.symlink, os.link):
        try:
            make_link(path.resolve(), link)
            return
        except OSError:
            continue
    shutil.copyfile(path, link)
