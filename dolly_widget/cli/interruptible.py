"""Work that Ctrl+C stops: on a Job, while the main thread waits for either. Knows nothing of what the work is."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from dolly_widget.cli.command import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from dolly_widget.runtime import Job

T = TypeVar("T")
# How long Ctrl+C waits for the result so far. Loading, and with some engines a long prompt, cannot be stopped midway.
STOP_TIMEOUT_S = 3.0
_LOOK_S = 0.1


class Abandoned(Exception):
    """The work did not stop in time, and is still going on: only the end of the process ends it."""


class _Interrupts:
    """Counts Ctrl+C instead of KeyboardInterrupt, which may come anywhere: also where no job could be stopped yet."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, *_: object) -> None:
        """Count one more."""
        self.count += 1


def finish(work: Callable[[threading.Event], T], on_stuck: Callable[[], None] | None = None) -> tuple[T, int]:
    """Do the work, and return its whole result, or, after Ctrl+C, the part that is done; with the exit code.

    ``work`` is handed an event that asks it to stop. Raises what it raises; Abandoned where it does not stop in time.
    With ``on_stuck``, which is called then, it is waited for until Ctrl+C comes once more.
    """
    from dolly_widget.runtime import Job

    with _counted() as interrupts:
        job = Job(work)
        while not (job.done or interrupts.count):
            _wait(job, _LOOK_S)
        if not interrupts.count:
            return job.wait(), 0
        job.stop()
        _wait(job, STOP_TIMEOUT_S)
        if not job.done and on_stuck is not None:
            seen = interrupts.count  # first: the next may come while this is still being told
            on_stuck()
            while not job.done and interrupts.count == seen:
                _wait(job, _LOOK_S)
        if not job.done:
            raise Abandoned
        return job.wait(), EXIT_INTERRUPTED


def _wait(job: Job[Any], timeout_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        job.wait(timeout_s)


@contextlib.contextmanager
def _counted() -> Iterator[_Interrupts]:
    interrupts = _Interrupts()
    before = signal.signal(signal.SIGINT, interrupts.add)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)
