"""Background work: the one place that starts a thread. Knows nothing about models or widgets."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Job(Generic[T]):
    """A function running on a thread of its own, which is handed an event that asks it to stop.

    The result, or the exception, is kept until it is asked for; ``on_done`` (if any) is called on the worker's thread
    with the job, when its outcome is known and before ``wait`` returns.
    """

    def __init__(
        self,
        work: Callable[[threading.Event], T],
        *,
        name: str = "dolly-widget",
        on_done: Callable[[Job[T]], None] | None = None,
    ) -> None:
        self._work = work
        self._on_done = on_done
        self._stop = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        # A worker's messages belong to the cell that started it: ipykernel keeps that in a context variable.
        context = contextvars.copy_context()
        # A daemon: a kernel that shuts down does not wait for the end of an answer.
        self._thread = threading.Thread(target=context.run, args=(self._run,), name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work(self._stop)
        except BaseException as exc:
            self._error = exc
        if self._on_done is not None:
            try:
                self._on_done(self)
            except BaseException as exc:
                self._error = self._error or exc

    def stop(self) -> None:
        """Ask the work to stop. Returns at once; safe at any time, any number of times."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop.is_set()

    @property
    def done(self) -> bool:
        """Whether the thread has ended."""
        return not self._thread.is_alive()

    @property
    def error(self) -> BaseException | None:
        """What the work raised, None so far or if nothing."""
        return self._error

    def wait(self, timeout_s: float | None = None) -> T:
        """Return the result, or raise what the work raised; TimeoutError after ``timeout_s`` seconds, the work going on.

        Interrupting the wait (KeyboardInterrupt) does not stop the work: call ``stop`` for that.
        """
        self._thread.join(timeout_s)
        if not self.done:
            raise TimeoutError(f"still working after {timeout_s:g} s; wait again, or call stop().")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set when there was no error
