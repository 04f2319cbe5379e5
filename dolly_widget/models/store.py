"""The store: models that were downloaded or converted here, in the user's cache, one directory each with a manifest.

Knows nothing of how they are made. A model is made in a staging directory beside the others and renamed into its place
when it is whole, by the process that holds its lock: what is found in the store is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.info import MANIFEST, REQUIRED_FILES

PUBLISHED = "published"
"""The weight format of a model that was downloaded as OpenVINO files: whatever its author chose."""


def cache_dir() -> Path:
    """Where the store is: ``DOLLY_WIDGET_CACHE``, or the user's cache directory."""
    import platformdirs

    chosen = os.environ.get("DOLLY_WIDGET_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else platformdirs.user_cache_path("dolly-widget", False)


@dataclass(frozen=True)
class Key:
    """What makes two conversions the same one."""

    model_id: str
    """Id on the hub, or the absolute path of a directory."""
    commit: str
    """Commit of the revision, 40 hex digits; for a directory, the fingerprint of its files."""
    weight_format: str

    @property
    def name(self) -> str:
        """Name of the entry's directory."""
        slug = self.model_id.replace("/", "--")
        if Path(self.model_id).is_absolute():
            # Its last part says enough, and the digest tells two of the same name apart.
            digest = hashlib.sha256(self.model_id.encode()).hexdigest()[:8]
            slug = f"{re.sub(r'[^A-Za-z0-9._-]', '-', Path(self.model_id).name)[:60]}-{digest}"
        return f"{slug}--{self.weight_format}--{self.commit[:12]}"


@dataclass(frozen=True)
class Entry:
    """A model of the store."""

    path: Path
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """What ``remove`` takes: unique in the store."""
        return self.path.name

    @property
    def model_id(self) -> str:
        """Id on the hub, or the absolute path of the checkpoint."""
        return str(self.manifest["model_id"])

    @property
    def revision(self) -> str:
        """The branch, tag or commit that was asked for; "" for a directory."""
        return str(self.manifest["revision"])

    @property
    def commit(self) -> str:
        """See ``Key``."""
        return str(self.manifest["commit"])

    @property
    def weight_format(self) -> str:
        """As ``str(WeightFormat)`` writes it, or PUBLISHED."""
        return str(self.manifest["weight_format"])

    @property
    def created(self) -> str:
        """Date and time, ISO 8601, UTC."""
        return str(self.manifest["created"])

    @property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(int(file["bytes"]) for file in self.manifest["files"].values())

    @property
    def own_bytes(self) -> int:
        """Size of the files that ``remove`` frees; those that the hub's cache has too are only links to it."""
        stats = [(self.path / name).stat() for name in self.manifest["files"]]
        return sum(stat.st_size for stat in stats if stat.st_nlink == 1)

    def damaged(self) -> tuple[str, ...]:
        """Names of the files that are missing or not what they were, by SHA-256. Reads every byte."""
        files = self.manifest["files"].items()
        return tuple(name for name, file in files if _sha256(self.path / name) != file["sha256"])

    def _has_right_sizes(self) -> bool:
        files = self.manifest["files"]
        sizes = {path.name: path.stat().st_size for path in self.path.iterdir()}
        return set(files) >= set(REQUIRED_FILES) and all(
            sizes.get(name) == file["bytes"] for name, file in files.items()
        )


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


# What is there


def entries() -> tuple[Entry, ...]:
    """All whole models of the store, by name."""
    directories = sorted(_models_dir().glob("[!.]*")) if _models_dir().is_dir() else []
    return tuple(entry for directory in directories if (entry := _read(directory)) is not None)


def get(key: Key) -> Entry | None:
    """The entry of a key, None if there is none."""
    return _read(_models_dir() / key.name)


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


def _read(directory: Path) -> Entry | None:
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        entry = Entry(directory, manifest)
        return entry if entry._has_right_sizes() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # written last: where it is not whole, the model is not


# Making and removing


@contextmanager
def making(key: Key, on_wait: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Hold the lock of ``key`` and yield an empty staging directory for its files; it is gone afterwards.

    ``on_wait`` is called if another process has the lock, which is then waited for.
    """
    import filelock

    lock = _lock(key.name)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        on_wait()
        lock.acquire()
    try:
        sweep()
        home = _staging_dir() / key.name
        home.mkdir(parents=True, exist_ok=True)
        try:
            yield Path(tempfile.mkdtemp(dir=home))
        finally:
            shutil.rmtree(home, ignore_errors=True)
    finally:
        lock.release()


def describe(staging: Path) -> dict[str, dict[str, Any]]:
    """What a manifest says of the files in a directory: size and SHA-256. Reads every byte."""
    return {path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)} for path in sorted(staging.iterdir())}


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
    (staging / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    target = _models_dir() / key.name
    if target.exists():  # what is there is not whole, or it would have been used
        os.replace(target, staging.with_name("damaged"))
    os.replace(staging, target)
    return Entry(target, manifest)


def sweep() -> None:
    """Delete what conversions that were killed have left; those that are under way hold their lock and are let be."""
    import filelock

    for home in _staging_dir().glob("*"):
        lock = _lock(home.name)
        is_ours = lock.is_locked  # by `making`: the lock is reentrant
        with suppress(filelock.Timeout), lock.acquire(timeout=0):
            for leftover in home.glob("*"):
                shutil.rmtree(leftover, ignore_errors=True)
            if not is_ours:
                shutil.rmtree(home, ignore_errors=True)


def remove(name: str) -> Entry:
    """Delete the entry called ``name`` and return what it was. ModelError if it is missing or busy."""
    import filelock

    entry = next((entry for entry in entries() if entry.name == name), None)
    if entry is None:
        raise ModelError(f"There is no model {name!r} in the store: `dolly-widget models` lists what is there.")
    try:
        with _lock(name).acquire(timeout=0):
            trash = _staging_dir() / name
            shutil.rmtree(trash, ignore_errors=True)
            trash.mkdir(parents=True)
            os.replace(entry.path, trash / "removed")  # at once: no reader finds half of it
            shutil.rmtree(trash, ignore_errors=True)
    except filelock.Timeout:
        raise ModelError(f"{name} is being converted; try again when that has finished.") from None
    except OSError as exc:
        raise ModelError(f"{name} cannot be removed ({exc.strerror}): close the notebooks that use it first.") from exc
    return entry


def _models_dir() -> Path:
    return cache_dir() / "models"


def _staging_dir() -> Path:
    return _models_dir() / ".making"


def _lock(name: str) -> Any:
    import filelock

    directory = _models_dir() / ".locks"
    directory.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(directory / f"{name}.lock", is_singleton=True)
