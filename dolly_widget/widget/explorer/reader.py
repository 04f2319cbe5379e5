"""Reads a text on a job, for what may follow it; only the newest text counts. Knows nothing of controls."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass

from dolly_widget import lens
from dolly_widget.errors import release_frames
from dolly_widget.lens import Logits
from dolly_widget.runtime import Job, Worker
from dolly_widget.text import Prompt


@dataclass(frozen=True)
class Position:
    """A place in a text: behind the prompt and the answer so far."""

    prompt: Prompt
    answer_ids: tuple[int, ...]
    revision: int
    """Counts the texts of a widget: what was found about another one is outdated."""


class NextTokenReader:
    """Owns the job that reads. Calls ``on_logits`` or ``on_error`` on its thread, under ``lock``, for the newest text.

    While a text is read, others may be asked for; of those only the last one is read.
    """

    def __init__(
        self,
        source: lens.Source,
        lock: threading.RLock,
        *,
        on_logits: Callable[[Position, Logits], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._source: lens.Source | None = source
        self._lock = lock
        self._on_logits, self._on_error = on_logits, on_error
        self._pending: Position | None = None
        self._worker = Worker()  # the job before may not quite have ended when the next one is made
        self._job: Job[None] | None = None
        self.is_busy = False
        """Whether a text is being read."""

    def ask(self, position: Position) -> None:
        """Read the text before ``position``, in place of what was asked for before."""
        with self._lock:
            self._pending = position
            if not self.is_busy and self._source is not None:
                self.is_busy = True
                self._job = Job(self._read_all, name="dolly-next-token", worker=self._worker)

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the newest text is read. Raises TimeoutError after ``timeout_s`` seconds."""
        job = self._job
        if job is not None:
            job.wait(timeout_s)

    def close(self) -> None:
        """End after the current step, and release the source; do not wait if it is a caller's engine."""
        with self._lock:
            self._pending = None
            job = self._job
            if job is not None:
                job.stop()
        if not isinstance(self._source, lens.LocalModel):
            return  # a long step of a large model would hold up the notebook
        if job is not None:
            with contextlib.suppress(BaseException):  # a bug was shown when it happened
                job.wait()
        self._source = None

    def _read_all(self, stop: threading.Event) -> None:
        """The work of the job."""
        try:
            while (position := self._next(stop)) is not None:
                self._deliver(position, stop, self._read(position, stop))
        except BaseException:
            self.is_busy = False
            raise

    def _next(self, stop: threading.Event) -> Position | None:
        with self._lock:
            position = None if stop.is_set() else self._pending
            self.is_busy = position is not None
            return position

    def _read(self, position: Position, stop: threading.Event) -> Callable[[], None]:
        """Return the callback to call."""
        source = self._source
        assert source is not None
        try:
            lens.load(source)  # the widget has said how much memory that takes
            logits = lens.next_token(source, position.prompt, position.answer_ids, stop=stop)
        except Exception as exc:
            release_frames(exc)
            return functools.partial(self._on_error, exc)
        return functools.partial(self._on_logits, position, logits)

    def _deliver(self, position: Position, stop: threading.Event, tell: Callable[[], None]) -> None:
        with self._lock:
            if position is self._pending and not stop.is_set():
                self._pending = None  # first: the callback may ask for the next one
                tell()
