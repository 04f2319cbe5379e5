"""GGUF files that Ollama and LM Studio keep on this machine. Reads only, and never outside their folders.

Sources: Ollama, envconfig/config.go and manifest/paths.go; LM Studio, "Import Models" of its documentation.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from dolly_widget.text import read_json

_MAX_FILES = 200
"""Of one program's. Somebody who has more gives a path."""
_MAX_ENTRIES = 2000
"""Of one folder."""
_MAX_JSON_BYTES = 1 << 20
_SERVICE = Path("/usr/share/ollama/.ollama/models")
"""Of Ollama as a service on Linux, which has a user of its own."""
_MODEL_LAYER = "application/vnd.ollama.image.model"
_DIGEST = re.compile("sha256[:-]([0-9a-f]{64})")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")  # of a name, as Ollama's types/model/name.go has it
_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


@dataclass(frozen=True)
class KeptFile:
    """A GGUF file that another program keeps."""

    name: str
    """As that program calls it, with the program's: "llama3.2:1b (Ollama)"."""
    path: Path


def kept_files() -> tuple[KeptFile, ...]:
    """The GGUF files of Ollama and LM Studio, by name; what cannot be read is left out."""
    found = {file.name: file for files in (_of_ollama(), _of_lm_studio()) for file in islice(files, _MAX_FILES)}
    return tuple(found[name] for name in sorted(found))


# Ollama


def _of_ollama() -> Iterator[KeptFile]:
    for folder in _ollama_folders():
        for manifest in _below(folder / "manifests", depth=4):
            name = _ollama_name(manifest.relative_to(folder / "manifests").parts)
            path = _model_blob(manifest, folder / "blobs")
            if name and path:
                yield KeptFile(f"{name} (Ollama)", path)


def _ollama_folders() -> list[Path]:
    """The one that the user chose, or the usual ones."""
    if chosen := os.environ.get("OLLAMA_MODELS", "").strip(" \"'"):
        return [Path(chosen)]
    return [*_in_home(".ollama/models"), _SERVICE]


def _ollama_name(parts: tuple[str, ...]) -> str | None:
    """ "llama3.2:1b", or with what is not usual before it: "hf.co/owner/name:tag"."""
    *place, model, tag = parts
    if not all(_PART.fullmatch(part) for part in (*place[1:], model, tag)) or not _PART.fullmatch(_host(place[0])):
        return None
    usual = ["registry.ollama.ai", "library"]
    shown = [] if place == usual else place[1:] if place[0] == usual[0] else place
    return f"{'/'.join([*shown, model])}:{tag}"


def _host(name: str) -> str:
    return re.sub(r":\d{1,5}$", "", name)


def _model_blob(manifest: Path, blobs: Path) -> Path | None:
    content = _json(manifest)
    layers = content.get("layers") if isinstance(content, dict) else None
    for layer in islice(layers, 100) if isinstance(layers, list) else ():
        if isinstance(layer, dict) and layer.get("mediaType") == _MODEL_LAYER:
            digest = _DIGEST.fullmatch(str(layer.get("digest"))[:100])
            return _gguf_inside(blobs, blobs / f"sha256-{digest[1]}") if digest else None
    return None


# LM Studio


def _of_lm_studio() -> Iterator[KeptFile]:
    for folder in _lm_studio_folders():
        for path in _below(folder, depth=3):
            is_whole = path.suffix.lower() == ".gguf" and not _LATER_PART.search(path.name)
            if is_whole and "mmproj" not in path.name.lower() and _gguf_inside(folder, path):
                publisher, repository, name = path.relative_to(folder).parts
                yield KeptFile(f"{publisher}/{repository}/{name} (LM Studio)", path)


def _lm_studio_folders() -> list[Path]:
    """Where its settings say, and the usual places."""
    homes = [*_pointed_to(), *_in_home(".lmstudio", ".cache/lm-studio")]
    settings = [_json(home / "settings.json") for home in homes]
    chosen = [content.get("downloadsFolder") for content in settings if isinstance(content, dict)]
    folders = [Path(folder) for folder in chosen if isinstance(folder, str) and os.path.isabs(folder)]
    return list(dict.fromkeys([*folders, *(home / "models" for home in homes)]))


def _pointed_to() -> list[Path]:
    """LM Studio's home, where its pointer names another one."""
    for pointer in _in_home(".lmstudio-home-pointer"):
        try:
            if pointer.is_file():
                with pointer.open(encoding="utf-8") as file:
                    place = file.readline(4096).strip()
                return [Path(place)] if os.path.isabs(place) else []
        except (OSError, ValueError):
            pass
    return []


# Both


def _in_home(*places: str) -> list[Path]:
    try:
        return [Path.home() / place for place in places]
    except RuntimeError:  # there is none
        return []


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """The files that lie ``depth`` folders deep, by name. Links are not followed."""
    for entry in _entries(folder):
        if depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from _below(folder / entry.name, depth - 1)
        elif depth == 1 and entry.is_file(follow_symlinks=False):
            yield folder / entry.name


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(islice(entries, _MAX_ENTRIES), key=lambda entry: entry.name)
    except (OSError, ValueError):  # it is missing, or not ours to read
        return []


def _json(path: Path) -> Any:
    try:
        return read_json(path, _MAX_JSON_BYTES) if path.is_file() else None
    except (OSError, ValueError):
        return None


def _gguf_inside(folder: Path, path: Path) -> Path | None:
    """A GGUF file, where it lies in this folder itself and not where a link leads."""
    try:
        is_inside = path.resolve().is_relative_to(folder.resolve())
        if not is_inside or not path.is_file():
            return None
        with path.open("rb") as file:
            return path if file.read(4) == b"GGUF" else None
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
        return None
