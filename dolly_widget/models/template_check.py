"""A chat template is rendered for the first time where it can be ended: in a child process. Knows no files."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from typing import IO

from dolly_widget.errors import ModelError
from dolly_widget.text import ChatTemplate, takes_too_much

_TIMEOUT_S = 10.0
_POLL_S = 0.02
_COMMAND = (sys.executable, "-m", "dolly_widget.text.first_rendering")
_ENDED = (0, 1, 2)
"""Exit codes of a child that nothing has ended: 1 and 2 are Python's own, of one that could not begin."""
_harmless: set[bytes] = set()


def require_harmless(template: ChatTemplate, stop: threading.Event | None = None) -> None:
    """Render a template that this process has not seen in a child process, of bounded time and memory.

    Returns when the child has ended, be it that the template failed: rendering it here is safe then. Setting ``stop``
    ends the child at once, with ModelError. Raises ValueError for a template that the child could not end.
    """
    content = json.dumps({"source": template.source, "special_tokens": template.special_tokens}).encode()
    digest = hashlib.sha256(content).digest()
    if digest in _harmless:
        return
    with tempfile.TemporaryFile() as request:
        request.write(content)
        request.seek(0)
        _run(request, stop or threading.Event())
    _harmless.add(digest)


def _run(request: IO[bytes], stop: threading.Event) -> None:
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(_COMMAND, stdin=request, stdout=quiet, stderr=quiet, start_new_session=True)
    except OSError:  # no more processes: what is rendered here is bounded as well
        return
    try:
        import jinja2.sandbox  # noqa: F401  # needed here next: half of what the child does, at the same time

        _require_end(process, stop)
    finally:
        process.kill()
        process.wait()


def _require_end(process: subprocess.Popen[bytes], stop: threading.Event) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not stop.is_set():
        with suppress(subprocess.TimeoutExpired):
            if process.wait(_POLL_S) not in _ENDED:
                raise takes_too_much("takes too much memory")
            return
        if time.monotonic() > deadline:
            raise takes_too_much("takes too long")
    raise ModelError("Loading the model was stopped; nothing was changed.")
