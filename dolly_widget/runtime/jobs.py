"""Background work: the one place that starts a thread. Knows nothing about models or widgets."""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

INTERRUPT_S = 0.1
"""Longest wait in one go: Python notices a signal that came just before it began only at its end."""
_POLL_S = 0.01
_EXIT_TIMEOUT_S = 5.0


class Job(Generic[T]):
    """A function running in the background, which is handed an event that asks it to stop.

    It runs on a thread of its own, or in its turn on that of ``worker``. The result, or the exception, is kept until it
    is asked for.
    """

    def __init__(
        self, work: Callable[[threading.Event], T], *, name: str = "dolly-widget", worker: Worker | None = None
    ) -> None:
        self.name = name
        """What the thread is called while it runs this."""
        self._work = work
        self._stop = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        # Not Thread.join: after a KeyboardInterrupt in it, Python 3.11 takes a running thread for one that has ended.
        self._ended = threading.Event()
        # A worker's messages belong to the cell that started it: ipykernel keeps that in a context variable.
        self._context = contextvars.copy_context()
        self._worker = worker or Worker(ends_at_exit=False)
        self._worker._take(self)

    def _run(self) -> None:
        """Do the work, once, on this thread. Raises nothing."""
        try:
            self._result = self._context.run(self._work, self._stop)
        except BaseException as exc:
            self._error = exc
        finally:
            self._ended.set()

    def stop(self) -> None:
        """Ask the work to stop. Returns at once; safe at any time, any number of times.

        Work whose turn has not come is not waited for: it is done here, with ``stop`` set, and has ended on return.
        """
        self._stop.set()
        if self._worker._drop(self):
            self._run()

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

        Interrupting the wait (KeyboardInterrupt) does not stop the work: call ``stop`` for that. RuntimeError where the
        work's own thread would wait for it, which would be for ever.
        """
        if self._worker.is_current and not self.done:
            raise RuntimeError("This job cannot end while its own thread waits for it: wait on another thread.")
        if not self._has_ended_within(math.inf if timeout_s is None else timeout_s):
            raise TimeoutError(f"Still working after {timeout_s:g} s; wait again, or call stop().")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set when there was no error


class Worker:
    """One daemon thread for many jobs, which run one after the other, in the order in which they were made.

    The thread is there as long as there is something to do. ``ends_at_exit``: the end of Python stops it, and waits for
    up to 5 s, since a library that is at work meanwhile may abort the process.
    """

    def __init__(self, *, ends_at_exit: bool = True) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._current: Job[Any] | None = None
        self._queue: deque[Job[Any]] = deque()
        self._adopted: set[int] = set()
        self._is_closed = False
        if ends_at_exit:
            _workers.add(self)

    @property
    def is_current(self) -> bool:
        """Whether the caller is one of the jobs, or works for one."""
        return self._thread is threading.current_thread() or threading.get_ident() in self._adopted

    @contextlib.contextmanager
    def adopts_current_thread(self) -> Iterator[None]:
        """Within it, the calling thread counts as a job's: a library's, which calls back while the job waits for it."""
        ident = threading.get_ident()
        self._adopted.add(ident)
        try:
            yield
        finally:
            self._adopted.discard(ident)

    def close(self, lock: threading.RLock | None = None, *, timeout_s: float = math.inf) -> None:
        """Stop the jobs, and those to come at once; wait for the end of the thread, unless this is it. Safe twice.

        The caller may hold ``lock``, which the jobs may need: it is released during the wait. A thread that is still at
        work after ``timeout_s`` is left to end by itself.
        """
        deadline = time.monotonic() + timeout_s
        self._shut()
        unlocked = threading.Condition(lock)
        with unlocked:
            while self._current is not None and not self.is_current and time.monotonic() < deadline:
                unlocked.wait(_POLL_S)
        self._wait(max(0.0, deadline - time.monotonic()))

    def _shut(self, *, forgets: bool = False) -> None:
        """Accept no more jobs, and stop those there are; ``forgets`` drops the waiting ones without running them."""
        with self._lock:
            self._is_closed = True
            jobs = [*([self._current] if self._current else ()), *self._queue]
            if forgets:
                self._queue.clear()
        for job in jobs:
            job.stop()

    def _wait(self, timeout_s: float) -> None:
        """Wait for the end of the job that runs, and then of the thread, which had nothing else to do."""
        with self._lock:
            job, thread = self._current, self._thread
        if thread is None or self.is_current:
            return
        if job is None or job._has_ended_within(timeout_s):
            thread.join()

    def _take(self, job: Job[Any]) -> None:
        """Run ``job`` when those before have ended; one that comes too late is stopped instead."""
        with self._lock:
            if not self._is_closed:
                self._queue.append(job)
                if self._current is None:
                    self._start()
                return
        job._stop.set()
        job._run()

    def _start(self) -> None:
        if self._thread is not None:
            self._thread.join()  # it has no more to do, and is about to end: there are never two
        self._current = self._queue.popleft()
        # A daemon: a kernel that shuts down does not wait for the end of an answer.
        self._thread = threading.Thread(target=self._run, name=self._current.name, daemon=True)
        try:
            self._thread.start()
        except BaseException:  # an interrupt just then, or no more threads
            if self._thread.ident is None:
                self._thread = self._current = None
            raise

    def _drop(self, job: Job[Any]) -> bool:
        """Take ``job`` out of the queue; False where its turn has come."""
        with self._lock:
            if job not in self._queue:
                return False
            self._queue.remove(job)
            return True

    def _run(self) -> None:
        """Run the queued jobs, on the thread."""
        while (job := self._current) is not None:
            threading.current_thread().name = job.name
            job._run()
            with self._lock:
                self._current = self._queue.popleft() if self._queue else None


_workers: weakref.WeakSet[Worker] = weakref.WeakSet()


@atexit.register
def _end_workers() -> None:
    deadline, ended = time.monotonic() + _EXIT_TIMEOUT_S, weakref.WeakSet[Worker]()
    while workers := [worker for worker in list(_workers) if worker not in ended]:  # a job may have made another one
        for worker in workers:
            worker._shut(forgets=True)
        for worker in workers:
            worker._wait(max(0.0, deadline - time.monotonic()))
        ended.update(workers)
