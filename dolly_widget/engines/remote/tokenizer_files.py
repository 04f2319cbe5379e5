"""The tokenizer of a server's model: of a model on this machine, or the files that our own server hands out.

Files from a server have fixed names and bounded sizes, and are kept under the name of their content.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from dolly_widget.engines.remote.calls import get_bytes
from dolly_widget.errors import ModelError
from dolly_widget.models import cache_dir, find

_NEEDED = "tokenizer.json"
_MOST_KEPT = 32
_MAX_BYTES = {
    _NEEDED: 64 << 20,
    "tokenizer_config.json": 4 << 20,
    "special_tokens_map.json": 1 << 20,
    "config.json": 1 << 20,
    "generation_config.json": 1 << 20,
    "chat_template.jinja": 1 << 20,
}
"""The files that are taken of a server, and the most that each may have."""


def local_tokenizer(name: str) -> Path:
    """The directory of the tokenizer of a model on this machine. Raises ModelError where it is not here."""
    directory = Path(name).expanduser()
    if (directory / _NEEDED).is_file():
        return directory.absolute()
    found = find(name)
    if found is None:
        raise ModelError(
            f"The tokenizer of {name} is not on this machine: load that model here once, or give a directory with its "
            "tokenizer.json."
        )
    return found


def served_tokenizer(root: str, model: str, offered: Iterable[str], gives_up: Callable[[], bool]) -> Path | None:
    """The directory of the files that a server hands out of ``model``; None where it has no tokenizer among them.

    Raises what ``calls.get_bytes`` raises, ModelError for a cache that cannot be written to.
    """
    names = [name for name in _MAX_BYTES if name in set(offered)]
    if _NEEDED not in names:
        return None
    address = f"/models/{quote(model, safe='')}/files/"
    files = {name: get_bytes(root, f"{address}{name}", gives_up, _MAX_BYTES[name]) for name in names}
    try:
        return _kept(files)
    except OSError as exc:
        raise ModelError(
            f"The cache {cache_dir()} cannot be written to ({exc.strerror}): set DOLLY_WIDGET_CACHE to a directory."
        ) from exc


def _kept(files: Mapping[str, bytes]) -> Path:
    """The directory that holds these very files, made where it is missing, at once or not at all."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    home = cache_dir() / "tokenizers"
    place = home / digest.hexdigest()
    if place.is_dir():
        with suppress(OSError):  # a cache that can be read only will do
            os.utime(place)
    else:
        home.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".making-", dir=home))
        try:
            for name, content in files.items():
                (staging / name).write_bytes(content)
            with suppress(OSError):  # another process was faster
                staging.rename(place)
            if not place.is_dir():
                raise OSError(None, "it is not a directory", str(place))
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        _forget_oldest(home)
    return place


def _forget_oldest(home: Path) -> None:
    """Keep those alone that were asked for last."""
    with suppress(OSError):  # another process does the same
        kept = [each for each in home.iterdir() if not each.name.startswith(".")]
        for each in sorted(kept, key=lambda each: each.stat().st_mtime_ns, reverse=True)[_MOST_KEPT:]:
            shutil.rmtree(each, ignore_errors=True)
