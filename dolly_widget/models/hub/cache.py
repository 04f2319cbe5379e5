"""The hub cache on this machine: where a repository's files are in it, and whether they are what the hub told.

It is the one of all Hugging Face tools: https://huggingface.co/docs/huggingface_hub/guides/manage-cache. Asks no hub.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from dolly_widget.models.commits import is_commit
from dolly_widget.models.hub.content import content_id, is_content_id
from dolly_widget.models.hub.repository import Repository, choose

# With huggingface_hub 1.21; what earlier ones leave ("<etag>.incomplete", as 1.12 does) they take up again themselves.
_LEFTOVER = re.compile(r"(?P<etag>[0-9a-f]+)\.[0-9a-f]{8}\.incomplete")


def folder(model_id: str) -> Path:
    """Where a model is kept."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE, f"models--{model_id.replace('/', '--')}")


def snapshot(repository: Repository) -> Path:
    """Where the files of a repository are, or will be."""
    return folder(repository.model_id) / "snapshots" / repository.commit


def has(repository: Repository, name: str) -> bool:
    """Whether a file of a repository is there, of its size; its content may have come with another commit."""
    return any(size_of(path) == repository.files[name] for path in _places(repository, name))


def size_of(path: Path) -> int | None:
    """Bytes of a file; None where there is none that can be read."""
    with contextlib.suppress(OSError):
        return path.stat().st_size if path.is_file() else None
    return None


def is_right(repository: Repository, name: str, path: Path) -> bool:
    """Whether a file has the size and content that the hub told, or else the content that its blob is named for.

    Reads every byte.
    """
    if size_of(path) != repository.files[name]:
        return False
    told = repository.etags.get(name) or path.resolve().name
    return not is_content_id(told) or content_id(path, told) == told


def delete_wrong(repository: Repository, name: str) -> None:
    """Delete what is in the place of a file, where it is not right: the link, and the blob behind it."""
    for path in _places(repository, name):
        if os.path.lexists(path) and not is_right(repository, name, path):
            path.unlink()


def _places(repository: Repository, name: str) -> tuple[Path, ...]:
    blobs, place = folder(repository.model_id) / "blobs", snapshot(repository) / name
    told, behind = repository.etags.get(name), place.resolve()
    names = {*([told] if told else []), *([behind.name] if behind.parent == blobs.resolve() else [])}
    return (*(blobs / each for each in names), place)


def remember(repository: Repository) -> None:
    """Note which commit the revision is, as the library does for a branch: without a network, it is found so."""
    if repository.revision != repository.commit:
        ref = folder(repository.model_id) / "refs" / repository.revision
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(repository.commit)


def look_up(model_id: str, revision: str, file: str = "") -> Repository | None:
    """The copy of a model at a revision, if it is whole as far as its files tell.

    A GGUF file has to be named: which others the repository holds, only the hub knows.
    """
    try:
        commit = revision if is_commit(revision) else _noted_commit(folder(model_id) / "refs" / revision)
        if not is_commit(commit):
            return None
        files = {path.name: size_of(path) for path in (folder(model_id) / "snapshots" / commit).iterdir()}
        sizes = {name: size for name, size in files.items() if size is not None}
        repository = choose(model_id, revision, commit, sizes, {}, file)
    except (OSError, ValueError):  # nothing is there, or no model
        return None
    is_whole = bool(file) if repository.gguf else repository.has_tokenizer
    return repository if is_whole else None


def _noted_commit(ref: Path) -> str:
    with ref.open("rb") as file:
        return file.read(100).decode().strip()


def _files_in(directory: Path) -> list[Path]:
    """What a folder holds; nothing where there is none, or where another process deletes it."""
    try:
        return list(directory.iterdir())
    except OSError:
        return []


def remove_leftovers(model_id: str) -> None:
    """Delete what killed downloads of a model left half fetched: it would never be used again.

    What another process is fetching at the moment is left alone.
    """
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    place = folder(model_id)
    locks = place.parent / ".locks" / place.name
    for path in _files_in(place / "blobs"):
        found = _LEFTOVER.fullmatch(path.name)
        if found and (lock := locks / f"{found['etag']}.lock").is_file():
            with contextlib.suppress(Timeout, OSError), WeakFileLock(lock, timeout=0.01):
                path.unlink()
