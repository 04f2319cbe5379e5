"""What to call a model that is named by a path. Reads no more than names, and the header of one file."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models.catalogue import DEMO
from dolly_widget.models.gguf.folders import kept_files
from dolly_widget.models.gguf.header import read_header

_BLOB = re.compile(r"sha256[-:][0-9a-f]{64}")
_MAX_CHARS = 60
_SHOWN_DIGEST = len("sha256-") + 8


def title_of(model: str) -> str:
    """What to call the model that a user named so: an id as it is, a directory or a file by its own name.

    A file that is named by its digest, as Ollama keeps them, is called as Ollama calls it: "llama3.2:1b (Ollama)". One
    that Ollama does not know has the name in its metadata, and the beginning of the digest, since that name is
    somebody else's word. Not yet fit to be shown: see ``text.visible_name``.
    """
    path = Path(model).expanduser()
    if model == DEMO or not path.exists():
        return model
    if path.is_dir():
        return path.resolve().name
    return _title_of_blob(path.absolute()) if _BLOB.fullmatch(path.name) else path.name


@lru_cache(maxsize=64)  # its content is what its name says, and the name is asked for at each change of a page
def _title_of_blob(path: Path) -> str:
    place = path.resolve()
    kept = next((file.name for file in kept_files() if file.path.resolve() == place), None)
    own, digest = _own_name(path), f"{path.name[:_SHOWN_DIGEST]}…"
    return kept or (f"{own} ({digest})" if own else digest)


def _own_name(path: Path) -> str:
    """What a file says that its model is called; "" where it does not."""
    try:
        name = read_header(path).metadata.get("general.name")
    except (ModelError, OSError):
        return ""
    return name.strip()[:_MAX_CHARS] if isinstance(name, str) else ""
