"""Downloading and converting, seen from the process that asks for a model: a child process does it.

Here are its start, its progress, its cancelling and its crash. What it does is in `child`.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.kinds import kind_of
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import Job, OnProgress, Progress, ignore_progress
from dolly_widget.text import parse_json

_LOG_LINES = 8


def convert(
    model: str | Path,
    weight_format: str | WeightFormat = "int8",
    revision: str | None = None,
    *,
    on_progress: OnProgress = ignore_progress,
    stop: threading.Event | None = None,
) -> Path:
    """Download or convert ``model`` into the store, in a child process, and return its directory there.

    ``model`` is the id of a hub repository, or a directory with a Hugging Face checkpoint; ``revision`` a branch, tag
    or commit (default "main"). The newest commit of it is asked for; where the store has that, nothing is done.
    ``on_progress`` is called on this thread. Setting ``stop`` ends it at once. Raises ModelError, one sentence, and
    leaves the store as it was.
    """
    kind = kind_of(model)
    request = {
        "model": str(model),
        "weight_format": asdict(WeightFormat.of(weight_format)),
        "revision": revision or "main",
    }
    with tempfile.TemporaryFile() as log:
        process = _start(request, log)
        try:
            return _follow(process, log, on_progress, stop or threading.Event())
        except BaseException:
            _end(process)
            store.sweep()
            kind.tidy(str(model))
            raise
        finally:
            _end(process)


def _start(request: dict[str, Any], log: IO[bytes]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dolly_widget.models.conversion.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**os.environ, **_QUIET},
        start_new_session=True,  # Ctrl+C is for us, who then end it
    )
    assert process.stdin is not None
    # Stays open as long as we live: that it closes tells the child to end.
    with suppress(BrokenPipeError):  # it has crashed already, which shows later
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    return process


_QUIET = {
    # transformers would ask the hub to convert a pickle, from a background thread.
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}


def _follow(process: subprocess.Popen[bytes], log: IO[bytes], on_progress: OnProgress, stop: threading.Event) -> Path:
    reports: queue.Queue[dict[str, Any] | None] = queue.Queue()
    Job(lambda _: _read_reports(process, reports), name="dolly-convert")
    while not stop.is_set():
        try:
            report = reports.get(timeout=0.05)
        except queue.Empty:
            continue
        if report is None:
            raise _crash(process, log)
        if "progress" in report:
            on_progress(Progress(**report["progress"]))
        elif "error" in report:
            raise ModelError(report["error"])
        else:
            return Path(report["result"])
    raise ModelError("Preparing the model was stopped; nothing was changed.")


def _read_reports(process: subprocess.Popen[bytes], reports: queue.Queue[dict[str, Any] | None]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.endswith(b"\n"):  # a child that is killed may leave half a line
                reports.put(parse_json(line))
    finally:
        reports.put(None)


def _crash(process: subprocess.Popen[bytes], log: IO[bytes]) -> ModelError:
    code = process.wait()
    log.seek(0)
    lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    why = " (often because of too little memory)" if code == -9 else ""
    return ModelError(
        "\n".join([f"The conversion process {how}{why}; nothing was stored. The end of its log:", *lines[-_LOG_LINES:]])
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let nothing of it live on: what it has left to do after its last report is of no use. Safe twice."""
    if process.poll() is None:
        _kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):  # what it never read
                pipe.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
    except (AttributeError, ProcessLookupError):  # Windows; or it has ended meanwhile
        process.kill()
