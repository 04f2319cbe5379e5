"""The child process that makes a model ready: `python -m dolly_widget.models.conversion.child`, started by `convert`.

It reads one request, a line of JSON, from stdin, and ends when stdin does: then the process that asked for the model is
gone. Reports are lines of JSON on the stdout that it was given; whatever the libraries print goes to stderr.
It holds the lock of what it makes, so that no other process writes there while it lives.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from dolly_widget import __version__
from dolly_widget.errors import ModelError
from dolly_widget.models import attention, store
from dolly_widget.models.conversion import needs, verification
from dolly_widget.models.info import check_files
from dolly_widget.models.inputs import check_generates
from dolly_widget.models.kinds import kind_of
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import Job, OnProgress, Progress


def main() -> None:
    """Serve the one request; exit code 0 when it was answered, with a result or with a sentence."""
    reports = _Reports(_own_stdout())
    request = json.loads(sys.stdin.readline())
    Job(_end_with_parent, name="dolly-tether")
    weight_format = WeightFormat(**request["weight_format"])
    try:
        path = prepare(request["model"], weight_format, request["revision"], reports.progress)
    except Exception as exc:
        sentence = _sentence(exc)
        if sentence is None:
            raise
        reports.write("error", sentence)
    else:
        reports.write("result", str(path))


class _Reports:
    """Writes reports; of the same stage, not more than ten a second."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._stage, self._next_at = "", 0.0

    def write(self, kind: str, content: Any) -> None:
        print(json.dumps({kind: content}), file=self._file, flush=True)

    def progress(self, progress: Progress) -> None:
        now = time.monotonic()
        is_news = progress.stage != self._stage or progress.message or progress.fraction == 1
        if is_news or now >= self._next_at:
            self._stage, self._next_at = progress.stage, now + 0.1
            self.write("progress", asdict(progress))


def _own_stdout() -> TextIO:
    """The stdout that we were given, for us alone; what others print to stdout goes to stderr from now on."""
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return reports


def _end_with_parent(stop: threading.Event) -> None:
    while os.read(0, 4096):  # not sys.stdin: its lock would be held for ever
        pass
    os._exit(1)


def _sentence(exc: Exception) -> str | None:
    """The message for an error of preparing a model; None for one that is a bug."""
    if isinstance(exc, ModelError):
        return str(exc)
    if needs.is_out_of_disk(exc):
        directory = store.cache_dir()
        return (
            f"The disk is full; nothing was stored. Free some space on the disk of {directory}, or set "
            "DOLLY_WIDGET_CACHE to a directory on another disk."
        )
    if isinstance(exc, MemoryError):
        return "There was not enough memory; nothing was stored. Close other programs, or choose a smaller model."
    return None


# The work


def prepare(model: str, weight_format: WeightFormat, revision: str, on_progress: OnProgress) -> Path:
    """Return the directory of ``model`` in the store, made now where it is not there yet. Raises ModelError."""
    on_progress(Progress("plan"))
    source = kind_of(model).source(model, revision)
    key = source.key(weight_format)
    with store.making(key, on_wait=lambda: on_progress(Progress("wait"))) as staging:
        entry = store.get(key)
        if entry is None:
            source.make(staging, weight_format, on_progress)
            on_progress(Progress("check"))
            check_files(staging)
            check_generates(staging)
            described = Job(lambda _: store.describe(staging), name="dolly-digests")  # seconds for a large model
            facts = {attention.MANIFEST_KEY: verification.verify(staging, on_progress)}
            entry = store.publish(staging, key, source.revision, _tools(), described.wait(), **facts)
    return entry.path


def _tools() -> Mapping[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {"dolly-widget": __version__}
    for name in ("openvino", "openvino-genai", "optimum-intel", "nncf", "transformers", "torch"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


if __name__ == "__main__":
    main()
