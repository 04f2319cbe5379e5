"""The Hugging Face hub: asking what a repository holds, and fetching it. Which files of it: ``repository``.

Calls block, with timeouts; they run in a child process, which is killed when it is no longer needed. The library's
own settings hold: HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_TOKEN or ``hf auth login``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
import warnings
from collections.abc import Iterator
from logging import CRITICAL
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.errors import ModelError
from dolly_widget.models.hub.faults import (
    describe_fault,
    endpoint,
    host,
    hub_exceptions,
    is_unreachable,
    wrong_size_error,
)
from dolly_widget.models.hub.repository import Repository, choose
from dolly_widget.runtime import OnProgress, Progress, ignore_progress

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

REQUEST_TIMEOUT_S = 10.0
UPDATES_PER_S = 10
_CHUNK_BYTES = 1 << 20  # the library's 10 MB are seconds on a slow line: no progress is seen meanwhile
# The rules of huggingface_hub's `validate_repo_id` (utils/_validators.py), whose import takes most of a second.
_MODEL_ID = re.compile(r"(?!.*(?:--|\.\.|\.git$))(?:\b[\w.-]+\b/)?\b[\w.-]{1,96}\b", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
# With huggingface_hub 1.21; what earlier ones leave ("<etag>.incomplete", as 1.12 does) they take up again themselves.
_LEFTOVER = re.compile(r"(?P<etag>[0-9a-f]+)\.[0-9a-f]{8}\.incomplete")


def is_model_id(text: str) -> bool:
    """Whether the hub would allow ``text`` as a model id: "organisation/name", or "name" for a few old ones."""
    return _MODEL_ID.fullmatch(text) is not None


def look_up(model_id: str, revision: str = "main") -> Repository:
    """Ask the hub, in one request, what ``model_id`` holds at ``revision`` (a branch, tag or commit).

    Where the hub cannot be reached, or HF_HUB_OFFLINE is set, a whole copy in the local hub cache is returned instead.
    Raises ModelError where there is neither, or nothing in it that can be run or converted.
    """
    from huggingface_hub import HfApi

    if not is_model_id(model_id):
        raise ModelError(f"{model_id!r} is not a model id of the hub: write it as organisation/name.")
    try:
        with _quiet():
            info = HfApi(endpoint=endpoint()).model_info(
                model_id, revision=revision, files_metadata=True, timeout=REQUEST_TIMEOUT_S
            )
        contents = _contents(info)
    except hub_exceptions() as exc:
        cached = _look_up_cached(model_id, revision) if is_unreachable(exc) else None
        if cached is None:
            raise describe_fault(exc, model_id, revision) from exc
        return cached
    except (ValueError, KeyError, TypeError, AttributeError) as exc:  # no hub's answer: the login page of a hotel
        raise ModelError(
            f"{host()} does not answer like the Hugging Face hub: check the connection and HF_ENDPOINT."
        ) from exc
    return choose(model_id, revision, *contents)


def missing_bytes(repository: Repository) -> int:
    """Bytes of ``repository`` that are not in the local hub cache yet: what a download would still fetch."""
    return sum(size for name, size in repository.files.items() if _cached_path(repository, name) is None)


def fetch_config(repository: Repository) -> dict[str, Any]:
    """Fetch ``config.json`` alone into the hub cache, and return it. Raises ModelError, as ``download`` does."""
    path = _fetch(repository, "config.json", _Meter(0, ignore_progress))
    try:
        return {**json.loads(path.read_text(encoding="utf-8"))}
    except (ValueError, TypeError) as exc:  # TypeError: it is JSON, and no object
        raise ModelError(
            f"The config.json of {repository.model_id} is damaged: choose another model or revision."
        ) from exc


def download(repository: Repository, on_progress: OnProgress) -> Path:
    """Fetch the files of ``repository`` into the hub's cache, and return the directory that they are in there.

    ``on_progress`` hears of bytes at most ten times a second, perhaps on a thread of the library's. After a fault, or a
    kill, the next call goes on with the files that are not whole yet. Raises ModelError.
    """
    remove_leftovers(repository.model_id)
    meter = _Meter(repository.size_bytes, on_progress)
    # The small files first: what is wrong with the access shows before the gigabytes.
    for name, size in sorted(repository.files.items(), key=lambda item: item[1]):
        _fetch(repository, name, meter)
        meter.file_done(size)
    meter.finish()
    return _snapshot(repository)


def remove_leftovers(model_id: str) -> None:
    """Delete what killed downloads of a model left half fetched in the hub cache: it would never be used again.

    What another process is fetching at the moment is left alone.
    """
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    cache = _cache_of(model_id)
    locks = cache.parent / ".locks" / cache.name
    for path in (cache / "blobs").glob("*.incomplete"):
        found = _LEFTOVER.fullmatch(path.name)
        if found and (lock := locks / f"{found['etag']}.lock").is_file():
            with contextlib.suppress(Timeout, OSError), WeakFileLock(lock, timeout=0.01):
                path.unlink()


def _contents(info: ModelInfo) -> tuple[str, dict[str, int], dict[str, str]]:
    """The commit, the files' sizes and their ETags as the hub tells them; TypeError where it does not."""
    if info.sha is None or info.siblings is None:
        raise TypeError("no commit or no files")
    sizes = {file.rfilename: int(file.size) for file in info.siblings}  # type: ignore[arg-type]  # None: TypeError
    etags = {file.rfilename: file.lfs.sha256 if file.lfs else file.blob_id or "" for file in info.siblings}
    return info.sha, sizes, etags


def _cache_of(model_id: str) -> Path:
    """Where the hub cache keeps a model; layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE, f"models--{model_id.replace('/', '--')}")


def _snapshot(repository: Repository) -> Path:
    return _cache_of(repository.model_id) / "snapshots" / repository.commit


def _cached_path(repository: Repository, name: str) -> Path | None:
    """Where the hub cache holds a file of a repository, whole; a content may have come with another commit."""
    cache, etag = _cache_of(repository.model_id), repository.etags.get(name)
    places = (_snapshot(repository) / name, *([cache / "blobs" / etag] if etag else []))
    return next((path for path in places if path.is_file() and path.stat().st_size == repository.files[name]), None)


def _look_up_cached(model_id: str, revision: str) -> Repository | None:
    """The copy of a model in the hub cache, if it is whole as far as its files tell."""
    cache = _cache_of(model_id)
    ref = cache / "refs" / revision
    commit = ref.read_text().strip() if not _COMMIT.fullmatch(revision) and ref.is_file() else revision
    snapshot = cache / "snapshots" / commit
    if not _COMMIT.fullmatch(commit) or not snapshot.is_dir():
        return None
    sizes = {path.name: path.stat().st_size for path in snapshot.iterdir() if path.is_file()}
    try:
        repository = choose(model_id, revision, commit, sizes, {})
    except ModelError:
        return None
    return repository if repository.has_tokenizer else None


def _fetch(repository: Repository, name: str, meter: _Meter) -> Path:
    """Fetch one file into the hub cache, unless it is there already."""
    from huggingface_hub import hf_hub_download

    place = _snapshot(repository)
    is_damaged = (place / name).is_file() and (place / name).stat().st_size != repository.files[name]
    try:
        with _quiet():
            path = hf_hub_download(
                repository.model_id,
                name,
                revision=repository.commit,
                endpoint=endpoint(),
                force_download=is_damaged,
                tqdm_class=meter.bar_class(),
            )
        if repository.revision != repository.commit:
            # As the library does for a branch: without a network, it is how the commit is found.
            ref = _cache_of(repository.model_id) / "refs" / repository.revision
            ref.parent.mkdir(parents=True, exist_ok=True)
            ref.write_text(repository.commit)
    except hub_exceptions() as exc:
        raise describe_fault(exc, repository.model_id, repository.revision, place) from exc
    if (size := Path(path).stat().st_size) != repository.files[name]:
        raise wrong_size_error(repository.model_id, f"{name} has {size} bytes instead of {repository.files[name]}")
    return Path(path)


class _Meter:
    """Adds up the bytes of all files, and reports them: from 0 to 1, never backwards, not too often."""

    def __init__(self, total_bytes: int, on_progress: OnProgress) -> None:
        self._total, self._on_progress = total_bytes, on_progress
        self._whole = self._current = self._told = 0
        self._told_at = -1.0
        self._lock = threading.RLock()
        self._report(0)

    def bar_class(self) -> Any:
        """A stand-in for ``tqdm``, to be given to the library, which prints nothing."""
        meter = self

        class Bar(contextlib.AbstractContextManager[Any]):
            def __init__(self, *_: object, initial: int = 0, **__: object) -> None:
                meter.advance(initial)

            def update(self, n: float | None = 1) -> None:
                meter.advance(int(n or 0))

            def __exit__(self, *_: object) -> None:
                pass

        return Bar

    def advance(self, count: int) -> None:
        """Count bytes of the file that is being fetched; a negative number where the library starts it again."""
        with self._lock:
            self._current += count
            done = min(self._whole + self._current, self._total)
            if done > self._told and time.monotonic() - self._told_at >= 1 / UPDATES_PER_S:
                self._report(done)

    def file_done(self, size: int) -> None:
        """Count the current file as whole, however many of its bytes were seen to come."""
        with self._lock:
            self._whole, self._current = self._whole + size, 0
        self.advance(0)

    def finish(self) -> None:
        """Report that all files are complete."""
        with self._lock:
            self._report(self._total)

    def _report(self, done: int) -> None:
        self._told, self._told_at = done, time.monotonic()
        fraction = done / self._total if self._total else 1.0
        self._on_progress(Progress("download", fraction, done, self._total))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from printing, and from requests that the user did not ask for."""
    from huggingface_hub import constants
    from huggingface_hub.utils import logging

    # Otherwise every new process asks the hub for a list of programs that may be running it, and hf_xet, which reads
    # the environment, reports on its transfers.
    kept = constants.HF_HUB_DISABLE_TELEMETRY, constants.DOWNLOAD_CHUNK_SIZE, logging.get_verbosity()
    kept_variable = os.environ.get("HF_HUB_DISABLE_TELEMETRY")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        constants.HF_HUB_DISABLE_TELEMETRY, constants.DOWNLOAD_CHUNK_SIZE = True, _CHUNK_BYTES
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        logging.set_verbosity(CRITICAL)
        try:
            yield
        finally:
            constants.HF_HUB_DISABLE_TELEMETRY, constants.DOWNLOAD_CHUNK_SIZE = kept[:2]
            logging.set_verbosity(kept[2])
            del os.environ["HF_HUB_DISABLE_TELEMETRY"]
            if kept_variable is not None:
                os.environ["HF_HUB_DISABLE_TELEMETRY"] = kept_variable
