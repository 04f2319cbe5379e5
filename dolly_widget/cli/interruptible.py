"""Work that Ctrl+C stops: on a Job, while the main thread waits for either. Knows nothing of what the work is."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from dolly_widget.cli.command import EXIT_INTERRUPTED

T = TypeVar("T")
# How long Ctrl+C waits for the result so far. Loading, and reading a long prompt, cannot be stopped in the middle.
STOP_TIMEOUT_S = 3.0


class Abandoned(Exception):
    """The work did not stop in time, and is still going on: only the end of the process ends it."""


def finish(work: Callable[[threading.Event], T]) -> tuple[T, int]:
    """Do the work, and return its whole result, or, after Ctrl+C, the part that is done; with the exit code.

    ``work`` is handed an event that asks it to stop. Raises what it raises; Abandoned where it does not stop.
    """
    from dolly_widget.runtime import Job

    with _interrupt_as_event() as interrupted:
        job = Job(work)
        while not (job.done or interrupted.is_set()):
            with contextlib.suppress(TimeoutError):
                job.wait(0.1)
        if not interrupted.is_set():
            return job.wait(), 0
        job.stop()
        with contextlib.suppress(TimeoutError):
            job.wait(STOP_TIMEOUT_S)
        if not job.done:
            raise Abandoned
        return job.wait(), EXIT_INTERRUPTED


@contextlib.contextmanager
def _interrupt_as_event() -> Iterator[threading.Event]:
    # Not KeyboardInterrupt, which may come anywhere: also where there is no job yet that it could stop.
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
