"""Background work: the one place that starts a thread. Knows nothing about models or widgets."""

from __future__ import annotations

import contextvars
import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

INTERRUPT_S = 0.1
"""Longest wait in one go: Python notices a signal that came just before it began only at its end."""


class Job(Generic[T]):
    """A function running on a thread of its own, which is handed an event that asks it to stop.

    The result, or the exception, is kept until it is asked for.
    """

    def __init__(self, work: Callable[[threading.Event], T], *, name: str = "dolly-widget") -> None:
        self._work = work
        self._stop = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        # Not Thread.join: after a KeyboardInterrupt in it, Python 3.11 takes a running thread for one that has ended.
        self._ended = threading.Event()
        # A worker's messages belong to the cell that started it: ipykernel keeps that in a context variable.
        context = contextvars.copy_context()
        # A daemon: a kernel that shuts down does not wait for the end of an answer.
        threading.Thread(target=context.run, args=(self._run,), name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            self._result = self._work(self._stop)
        except BaseException as exc:
            self._error = exc
        finally:
            self._ended.set()

    def stop(self) -> None:
        """Ask the work to stop. Returns at once; safe at any time, any number of times."""
        self._stop.set()

    @property
    def done(self) -> bool:
        """Whether the work has ended."""
        return self._ended.is_set()

    @property
    def error(self) -> BaseException | None:
        """What the work raised, None so far or if nothing."""
        return self._error

    def _has_ended_within(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not self._ended.wait(max(0.0, min(INTERRUPT_S, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                return False
        return True

    def wait(self, timeout_s: float | None = None) -> T:
        """Return the result, or raise what the work raised; TimeoutError after ``timeout_s``, the work going on.

        Interrupting the wait (KeyboardInterrupt) does not stop the work: call ``stop`` for that.
        """
        if not self._has_ended_within(math.inf if timeout_s is None else timeout_s):
            raise TimeoutError(f"still working after {timeout_s:g} s; wait again, or call stop().")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set when there was no error
