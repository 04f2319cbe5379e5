"""The Hugging Face hub: asking what a repository holds, and fetching it. Which files of it: ``repository``.

Calls block, with timeouts; they run in a child process, which is killed when it is no longer needed. The library's
own settings hold: HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_TOKEN or ``hf auth login``.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from logging import CRITICAL
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dolly_widget.errors import ModelError
from dolly_widget.models.commits import check_revision, is_commit
from dolly_widget.models.hub import cache
from dolly_widget.models.hub.content import is_content_id
from dolly_widget.models.hub.faults import (
    HUB,
    describe_fault,
    endpoint,
    hub_exceptions,
    is_unreachable,
    not_a_hub,
    wrong_size_error,
)
from dolly_widget.models.hub.guard import Awaited, Guard, guarded
from dolly_widget.models.hub.repository import Repository, choose
from dolly_widget.models.licence import stated
from dolly_widget.runtime import Job, OnProgress, Progress, ignore_progress
from dolly_widget.text import parse_json, read_json

REQUEST_TIMEOUT_S = 10.0
UPDATES_PER_S = 10
MAX_FILES = 10_000
"""Of a repository; models have some hundred at most."""
_MAX_FILE_BYTES = 1 << 50
_MAX_CONFIG_BYTES = 16 << 20
_MAX_ARCHITECTURE_CHARS = 60
_CHUNK_BYTES = 1 << 20  # the library's 10 MB are seconds on a slow line: no progress is seen meanwhile
# The rules of huggingface_hub's `validate_repo_id` (utils/_validators.py), whose import takes most of a second.
_MODEL_ID = re.compile(r"(?!.*(?:--|\.\.|\.git$))(?:\b[\w.-]+\b/)?\b[\w.-]{1,96}\b", re.ASCII)


def is_model_id(text: str) -> bool:
    """Whether the hub would allow ``text`` as a model id: "organisation/name", or "name" for a few old ones."""
    return _MODEL_ID.fullmatch(text) is not None


def look_up(model_id: str, revision: str = "main", file: str = "") -> Repository:
    """Ask the hub, in one request, what ``model_id`` holds at ``revision`` (a branch, tag or commit).

    ``file`` names a GGUF file of it. Where the hub cannot be reached, or HF_HUB_OFFLINE is set, a whole copy in the
    local hub cache is returned instead. Raises ModelError where there is neither, or nothing in it that can be run or
    converted; ModelChoiceError where it holds several GGUF files, and none of them is named.
    """
    if not is_model_id(model_id):
        raise ModelError(f"{model_id!r} is not a model id of the hub: write it as organisation/name.")
    check_revision(revision)
    try:
        with _quiet(), guarded():
            answer = _ask(model_id, revision)
            contents, architecture, licence = _contents(answer), _told_architecture(answer), _told_licence(answer)
        if is_commit(revision) and contents[0] != revision:
            raise not_a_hub("it tells of another commit")
    except ModelError:
        raise
    except hub_exceptions() as exc:
        cached = cache.look_up(model_id, revision, file) if is_unreachable(exc) else None
        if cached is None:
            raise describe_fault(exc, model_id, revision) from exc
        return cached
    except (ValueError, KeyError, TypeError, AttributeError) as exc:  # no hub's answer: the login page of a hotel
        raise not_a_hub() from exc
    return replace(choose(model_id, revision, *contents, file), gguf_architecture=architecture, licence=licence)


def require_answer(model_id: str, revision: str, within_s: float) -> None:
    """Ask the hub whether it has ``model_id`` at ``revision``. Raises ModelError where it does not say so in time.

    A connection may take minutes to fail: each of the hub's addresses is tried, one after the other.
    """

    def ask(_: threading.Event) -> None:
        with _quiet(), guarded():
            _contents(_ask(model_id, revision))

    try:
        Job(ask, name="dolly-hub").wait(within_s)
    except ModelError:
        raise
    except hub_exceptions() as exc:  # TimeoutError as well
        raise describe_fault(exc, model_id, revision) from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise not_a_hub() from exc


def missing_bytes(repository: Repository) -> int:
    """Bytes of ``repository`` that are not in the local hub cache yet: what a download would still fetch."""
    return sum(size for name, size in repository.files.items() if not cache.has(repository, name))


def fetch_config(repository: Repository) -> dict[str, Any]:
    """Fetch ``config.json`` alone into the hub cache, and return it. Raises ModelError, as ``download`` does."""
    with guarded() as guard:
        path = _fetch(repository, "config.json", _Meter(0, ignore_progress), guard)
    try:
        return {**read_json(path, _MAX_CONFIG_BYTES)}
    except (ValueError, TypeError) as exc:  # TypeError: it is JSON, and no object
        raise ModelError(
            f"The config.json of {repository.model_id} is damaged: choose another model or revision."
        ) from exc


def download(repository: Repository, on_progress: OnProgress) -> Path:
    """Fetch the files of ``repository`` into the hub's cache, and return the directory that they are in there.

    ``on_progress`` hears of bytes at most ten times a second, perhaps on a thread of the library's. After a fault, or a
    kill, the next call goes on with the files that are not whole yet. Raises ModelError.
    """
    cache.remove_leftovers(repository.model_id)
    meter = _Meter(repository.size_bytes, on_progress)
    # The small files first: what is wrong with the access shows before the gigabytes.
    with guarded() as guard:
        for name, size in sorted(repository.files.items(), key=lambda item: item[1]):
            _fetch(repository, name, meter, guard)
            meter.file_done(size)
    meter.finish()
    return cache.snapshot(repository)


def _ask(model_id: str, revision: str) -> Any:
    """What the hub says about a repository: https://huggingface.co/docs/hub/api."""
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status  # type: ignore[attr-defined]

    response = get_session().get(
        f"{endpoint() or HUB}/api/models/{model_id}/revision/{quote(revision, safe='')}",
        params={"blobs": True},
        headers=build_hf_headers(),
        timeout=REQUEST_TIMEOUT_S,
    )
    hf_raise_for_status(response)
    return parse_json(response.content)


def _contents(answer: Any) -> tuple[str, dict[str, int], dict[str, str]]:
    """The commit, the files' sizes and the names of their contents as the hub tells them.

    Raises ValueError, TypeError, KeyError or AttributeError where it does not tell them, or tells nonsense.
    """
    files = {file["rfilename"]: file for file in answer["siblings"]}
    sizes = {name: file["size"] for name, file in files.items()}
    etags = {name: _told_content_id(file) for name, file in files.items()}
    if len(files) > MAX_FILES:
        raise not_a_hub(f"it lists more than {MAX_FILES:,} files")
    if not is_commit(answer["sha"]):
        raise not_a_hub("the commit that it tells is none")
    if any(part in ("", ".", "..") for name in files for part in name.split("/")):
        raise not_a_hub("it lists a file that no repository can have")
    if not all(type(size) is int and 0 <= size <= _MAX_FILE_BYTES for size in sizes.values()):
        raise not_a_hub("a file has no size, or an impossible one")
    if not all(etag == "" or is_content_id(etag) for etag in etags.values()):
        raise not_a_hub("the checksum of a file is none")
    return answer["sha"], sizes, etags


def _told_architecture(answer: Any) -> str:
    """The family of a repository's GGUF files, in llama.cpp's words, as the hub found it; "" where it does not say."""
    found = answer.get("gguf")
    told = found.get("architecture") if isinstance(found, dict) else None
    return told if isinstance(told, str) and len(told) <= _MAX_ARCHITECTURE_CHARS else ""


def _told_licence(answer: Any) -> str:
    """The licence in the metadata of the model card, which the hub tells with the files; "" where it does not."""
    card = answer.get("cardData")
    return stated(card.get("license"), card.get("license_name")) if isinstance(card, dict) else ""


def _told_content_id(file: Any) -> Any:
    return file["lfs"]["sha256"] if file.get("lfs") else file.get("blobId") or ""


def _fetch(repository: Repository, name: str, meter: _Meter, guard: Guard) -> Path:
    """Fetch one file into the hub cache, unless it is there already, and compare its content with what the hub told.

    A file of the cache may be damaged, or have come from another hub: what is wrong is deleted, and fetched again.
    """
    place = cache.snapshot(repository) / name
    try:
        if not cache.is_right(repository, name, place):
            cache.delete_wrong(repository, name)
            guard.awaited = Awaited(
                repository.model_id, name, repository.commit, repository.files[name], repository.etags.get(name, "")
            )
            _download(repository, name, meter)
            if not cache.is_right(repository, name, place):
                size = cache.size_of(place)
                cache.delete_wrong(repository, name)
                raise _wrong_content(repository, name, size)
        cache.remember(repository)
    except ModelError:
        raise
    except hub_exceptions() as exc:
        raise describe_fault(exc, repository.model_id, repository.revision, place) from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:  # of the library, for headers that make no sense
        raise not_a_hub() from exc
    return place


def _download(repository: Repository, name: str, meter: _Meter) -> None:
    from huggingface_hub import hf_hub_download

    with _quiet():
        hf_hub_download(
            repository.model_id,
            name,
            revision=repository.commit,
            endpoint=endpoint(),
            tqdm_class=meter.bar_class(),
        )


def _wrong_content(repository: Repository, name: str, size: int | None) -> ModelError:
    told = repository.files[name]
    is_of_size = size in (None, told)
    what = f"{name} does not have the announced content" if is_of_size else f"{name} has {size} bytes instead of {told}"
    return wrong_size_error(repository.model_id, what)


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
