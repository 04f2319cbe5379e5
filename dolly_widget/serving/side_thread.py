"""A thread beside those that write answers: its work is awaited on the event loop. Knows no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from dolly_widget.runtime import Job, Worker
from dolly_widget.serving.line import draining

T = TypeVar("T")
_CLOSE_S = 5.0


class SideThread:
    """Does one piece of work after the other, in the order in which they are asked for."""

    def __init__(self) -> None:
        self.worker = Worker()
        """The thread itself."""
        self.is_stopped = False
        """Whether it does nothing any more."""
        self._awaited: dict[asyncio.Future[Any], asyncio.AbstractEventLoop] = {}

    async def do(self, work: Callable[[threading.Event], T]) -> T:
        """What ``work`` returns, or raises. It is told to stop when nobody awaits it any more, or at ``stop``.

        Raises ApiError, 503, after ``stop``.
        """
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        self._awaited[outcome] = loop
        job = None
        try:
            if self.is_stopped:
                raise draining()
            job = Job(functools.partial(_run, loop, outcome, work), name="dolly-serve-reading", worker=self.worker)
            return await outcome
        finally:
            del self._awaited[outcome]
            if job is not None:
                job.stop()

    def stop(self) -> None:
        """Have all who await something go on at once, with an ApiError. From any thread."""
        self.is_stopped = True
        for outcome, loop in list(self._awaited.items()):
            tell(loop, functools.partial(_unless_done, outcome, outcome.set_exception, draining()))

    def close(self) -> None:
        """Stop, and wait a few seconds for the end of the work, which may be in the midst of a large step."""
        self.stop()
        self.worker.close(timeout_s=_CLOSE_S)


def _run(
    loop: asyncio.AbstractEventLoop,
    outcome: asyncio.Future[T],
    work: Callable[[threading.Event], T],
    stop: threading.Event,
) -> None:
    try:
        if stop.is_set():
            raise draining()
        done = work(stop)
        if stop.is_set():  # and it is not whole
            raise draining()
    except Exception as exc:  # raised again where it is awaited
        tell(loop, functools.partial(_unless_done, outcome, outcome.set_exception, exc))
    else:
        tell(loop, functools.partial(_unless_done, outcome, outcome.set_result, done))


def _unless_done(outcome: asyncio.Future[T], settle: Callable[[Any], None], value: Any) -> None:
    if not outcome.done():  # whoever waited may have left
        settle(value)


def tell(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    """Have the loop do it, from any thread; a loop that has ended is told nothing."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(what)
