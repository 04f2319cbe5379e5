"""The store: models that were downloaded or converted here, in the user's cache, one directory each with a manifest.

Knows nothing of how they are made. A model is made in a staging directory beside the others and renamed into its place
when it is whole, by the process that holds its lock: what is found in the store is whole. Whatever the store deletes is
a direct child of a folder that it made.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.entry import MANIFEST, PUBLISHED, Entry, Key, read_entry, sha256

__all__ = [
    "PUBLISHED",
    "Entry",
    "Key",
    "cache_dir",
    "describe",
    "entries",
    "entry_at",
    "get",
    "making",
    "newest",
    "publish",
    "remove",
    "sweep",
]


def cache_dir() -> Path:
    """Where the store is: ``DOLLY_WIDGET_CACHE``, or the user's cache directory. Raises ModelError without a home."""
    import platformdirs

    chosen = os.environ.get("DOLLY_WIDGET_CACHE")
    try:
        place = Path(chosen).expanduser().absolute() if chosen else platformdirs.user_cache_path("dolly-widget", False)
    except RuntimeError:  # "~nobody"
        place = Path()
    if not place.is_absolute():
        raise ModelError("There is no home directory for the cache: set DOLLY_WIDGET_CACHE to a directory.")
    return place


# What is there


def entries() -> tuple[Entry, ...]:
    """All whole models of the store, by name. Raises ModelError where the cache cannot be read."""
    with _cache_in_use():
        directories = sorted(_models_dir().glob("[!.]*")) if _models_dir().is_dir() else []
    return tuple(entry for directory in directories if (entry := read_entry(directory)) is not None)


def get(key: Key) -> Entry | None:
    """The entry of a key, None if there is none."""
    entry = read_entry(_models_dir() / key.name)
    return entry if entry and (entry.model_id, entry.commit) == (key.model_id, key.commit) else None


def entry_at(directory: Path) -> Entry | None:
    """The entry that a directory is; None for any that is not in the store."""
    place = directory.resolve()
    is_stored = (place / MANIFEST).is_file() and place.parent == _models_dir().resolve()
    return read_entry(place) if is_stored else None


def newest(model_id: str, weight_format: str, revision: str = "main") -> Entry | None:
    """The entry of a model that was made last, of this revision (a branch, a tag, or the beginning of a commit)."""
    fitting = [
        entry
        for entry in entries()
        if entry.model_id == model_id
        and entry.weight_format in (weight_format, PUBLISHED)
        and (entry.revision == revision or (len(revision) >= 7 and entry.commit.startswith(revision)))
    ]
    return max(fitting, key=lambda entry: entry.created, default=None)


# Making and removing


@contextmanager
def making(key: Key, on_wait: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Hold the lock of ``key`` and yield an empty staging directory for its files; it is gone afterwards.

    ``on_wait`` is called if another process has the lock, which is then waited for. Raises ModelError where the cache
    cannot be written to.
    """
    lock = _acquired(key, on_wait)
    try:
        sweep()
        with _cache_in_use():
            home = _made(_made(_staging_dir()) / key.name)
            staging = Path(tempfile.mkdtemp(dir=home))
        try:
            yield staging
        finally:
            _delete(home, _staging_dir())
    finally:
        lock.release()


def _acquired(key: Key, on_wait: Callable[[], None]) -> Any:
    import filelock

    with _cache_in_use():
        lock = _lock(key.name)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            on_wait()
            lock.acquire()
    return lock


def describe(staging: Path) -> dict[str, dict[str, Any]]:
    """What a manifest says of the files in a directory: size and SHA-256. Reads every byte."""
    return {path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in sorted(staging.iterdir())}


def publish(
    staging: Path,
    key: Key,
    revision: str,
    tools: Mapping[str, str],
    files: Mapping[str, Mapping[str, Any]],
    **facts: Any,
) -> Entry:
    """Give ``files``, as ``describe`` found them in ``staging``, their manifest and their place, within ``making``.

    ``facts`` about the model are in the manifest, too.
    """
    manifest = {
        **asdict(key),
        "revision": revision,
        "created": datetime.now(timezone.utc).isoformat(timespec="microseconds"),
        "tools": dict(tools),
        **facts,
        "files": dict(files),
    }
    with _cache_in_use():
        (staging / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        target = _models_dir() / key.name
        if target.exists():  # what is there is not whole, or it would have been used
            os.replace(target, staging.with_name("damaged"))
        os.replace(staging, target)
    return Entry(target, manifest)


def sweep() -> None:
    """Delete what conversions that were killed have left; those that are under way hold their lock and are let be."""
    import filelock

    if _staging_dir().is_symlink():
        return
    for home in _staging_dir().glob("*"):
        with suppress(filelock.Timeout, OSError):  # OSError: a cache that can only be read
            lock = _lock(home.name)
            is_ours = lock.is_locked  # by `making`: the lock is reentrant
            with lock.acquire(timeout=0):
                for leftover in [] if home.is_symlink() else home.glob("*"):
                    _delete(leftover, home)
                if not is_ours:
                    _delete(home, _staging_dir())


def remove(name: str) -> Entry:
    """Delete the entry called ``name`` and return what it was. ModelError if it is missing or busy."""
    import filelock

    entry = next((entry for entry in entries() if entry.name == name), None)
    if entry is None:
        raise ModelError(f"There is no model {name!r} in the store: `dolly-widget models` lists what is there.")
    try:
        with _lock(name).acquire(timeout=0):
            trash = _made(_staging_dir()) / name
            _delete(trash, _staging_dir())
            _made(trash)
            os.replace(entry.path, trash / "removed")  # at once: no reader finds half of it
            _delete(trash, _staging_dir())
    except filelock.Timeout:
        raise ModelError(f"{name} is being converted; try again when that has finished.") from None
    except OSError as exc:
        raise ModelError(f"{name} cannot be removed ({exc.strerror}): close the notebooks that use it first.") from exc
    return entry


def _made(folder: Path) -> Path:
    """A folder of the store's own, made where it is missing. OSError for a link: what is behind it is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
    return folder


def _delete(path: Path, folder: Path) -> None:
    """Delete a direct child of ``folder``, with all that is in it; of a link, the link."""
    if path.parent != folder or path.name in ("", "..") or folder.is_symlink():
        raise ValueError(f"{path} is not in {folder}")
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _cache_in_use() -> Iterator[None]:
    """Make one sentence of a cache that is a file, or that this user cannot read or write. A full disk stays one."""
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ModelError(
            f"The cache {cache_dir()} cannot be used ({exc.strerror}): check its permissions, or set "
            "DOLLY_WIDGET_CACHE to a directory that you can write to."
        ) from exc


def _models_dir() -> Path:
    return cache_dir() / "models"


def _staging_dir() -> Path:
    return _models_dir() / ".making"


def _lock(name: str) -> Any:
    import filelock

    directory = _models_dir() / ".locks"
    directory.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(directory / f"{name}.lock", is_singleton=True)
