"""Work inside OpenVINO, on a thread of its own. Knows no device and no model.

OpenVINO's CPU plugin gives the thread that makes it a stack for signals, and puts back what was there before on
whichever thread frees it, whenever that is. Left to the main thread, that would in time be a stack which is freed: the
next Ctrl+C would write over other memory, or end the process.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dolly_widget.runtime.jobs import Job

T = TypeVar("T")

_EXIT_TIMEOUT_S = 5.0
_running: set[threading.Event] = set()


def run_on_own_thread(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, or raise what it raises. The end of Python waits for it, 5 s at most.

    The thread is there for as long as the caller waits, beside the caller's own.
    """
    ended = threading.Event()

    def run(stop: threading.Event) -> T:
        try:
            return work()
        finally:
            _running.discard(ended)
            ended.set()

    _running.add(ended)
    return Job(run, name="dolly-openvino").wait()


@atexit.register
def _wait_for_the_end() -> None:
    """Even if the result is no longer needed: a Python that ends during the work is aborted."""
    deadline = time.monotonic() + _EXIT_TIMEOUT_S
    for ended in list(_running):
        ended.wait(max(0.0, deadline - time.monotonic()))
