"""A Python process that works for this one: its request, its progress, its cancelling and its crash.

Both ends are here: ``run`` is called by the process that asks, ``serve`` by the one that works. A request and each
report are a line of JSON. Knows nothing of what the work is.
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
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Any, TextIO

from dolly_widget.errors import ModelChoiceError, ModelError
from dolly_widget.runtime import Job, OnProgress, Progress
from dolly_widget.text import parse_json

_LOG_LINES = 8
QUIET = {
    # transformers would ask the hub to convert a pickle, from a background thread.
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}
"""Variables that keep the libraries from printing, and from requests that the user did not ask for."""


# The process that asks


def run(
    module: str,
    request: Mapping[str, Any],
    on_progress: OnProgress,
    stop: threading.Event | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    leads_group: bool = True,
) -> str:
    """Run ``python -m module``, hand it ``request``, and return what it answers. Nothing of it lives on afterwards.

    ``on_progress`` is called on this thread. Setting ``stop`` ends the process at once. ``environment`` is set beside
    this process's. A worker that starts a worker keeps it in its own group (``leads_group=False``): both end together.
    Raises ModelError: the worker's sentence, or its crash with the end of its log.
    """
    with tempfile.TemporaryFile() as log:
        process = _start(module, request, log, {**os.environ, **QUIET, **(environment or {})}, leads_group)
        try:
            return _follow(process, log, on_progress, stop or threading.Event())
        finally:
            _end(process)


def _start(
    module: str, request: Mapping[str, Any], log: IO[bytes], environment: Mapping[str, str], leads_group: bool
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        start_new_session=leads_group,  # Ctrl+C is for us, who then end it
    )
    assert process.stdin is not None
    # Stays open as long as we live: that it closes tells the worker to end.
    with suppress(BrokenPipeError):  # it has crashed already, which shows later
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    return process


def _follow(process: subprocess.Popen[bytes], log: IO[bytes], on_progress: OnProgress, stop: threading.Event) -> str:
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
            raise _error(report)
        else:
            return str(report["result"])
    raise ModelError("Preparing the model was stopped; nothing was changed.")


def _error(report: Mapping[str, Any]) -> ModelError:
    if "choices" in report:
        return ModelChoiceError(report["error"], report["model"], report["choices"])
    return ModelError(report["error"])


def _read_reports(process: subprocess.Popen[bytes], reports: queue.Queue[dict[str, Any] | None]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.endswith(b"\n"):  # a worker that is killed may leave half a line
                reports.put(parse_json(line))
    finally:
        reports.put(None)


def _crash(process: subprocess.Popen[bytes], log: IO[bytes]) -> ModelError:
    code = process.wait()
    log.seek(0)
    lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    why = " (often because of too little memory)" if code == -9 else ""
    said = ["The end of its log:", *lines[-_LOG_LINES:]] if lines else ["Try again."]
    return ModelError(f"The conversion process {how}{why}; nothing was stored. " + "\n".join(said))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let nothing of it live on: what it has left to do after its last report is of no use. Safe twice."""
    _kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):  # what it never read
                pipe.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End it, and what it has started, which goes on where it alone was killed."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):  # Windows; it leads no group, or has ended (macOS)
        process.kill()


# The process that works


def serve(work: Callable[[dict[str, Any], OnProgress], str], sentence: Callable[[Exception], str | None]) -> None:
    """Answer the one request with what ``work`` returns, or with the ``sentence`` of its error; a bug is raised.

    The request comes on stdin, which stays open as long as the process that asked lives: then this one ends. Whatever
    the libraries print goes to stderr.
    """
    reports = _Reports(_own_stdout())
    request = parse_json(sys.stdin.readline())
    Job(_end_with_parent, name="dolly-tether")
    try:
        result = work(request, reports.progress)
    except Exception as exc:
        text = sentence(exc)
        if text is None:
            raise
        choice = {"model": exc.model, "choices": exc.choices} if isinstance(exc, ModelChoiceError) else {}
        reports.write(error=text, **choice)
    else:
        reports.write(result=result)


class _Reports:
    """Writes reports; of the same stage, not more than ten a second."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._stage, self._next_at = "", 0.0

    def write(self, **content: Any) -> None:
        print(json.dumps(content), file=self._file, flush=True)

    def progress(self, progress: Progress) -> None:
        now = time.monotonic()
        is_news = progress.stage != self._stage or progress.message or progress.fraction == 1
        if is_news or now >= self._next_at:
            self._stage, self._next_at = progress.stage, now + 0.1
            self.write(progress=asdict(progress))


def _own_stdout() -> TextIO:
    """The stdout that we were given, for us alone; what others print to stdout goes to stderr from now on."""
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return reports


def _end_with_parent(stop: threading.Event) -> None:
    while os.read(0, 4096):  # not sys.stdin: its lock would be held for ever
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)  # what it has started, such as pip, ends too
    os._exit(1)
