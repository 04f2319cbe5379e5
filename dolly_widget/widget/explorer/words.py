"""Finds the whole words of candidates on jobs, for as long as they are wanted. Knows nothing of controls."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Sequence

from dolly_widget import lens
from dolly_widget.errors import EXPECTED_ERRORS
from dolly_widget.runtime import Job, Worker
from dolly_widget.widget.explorer.reader import Position


class WordFinder:
    """Calls ``on_word`` on its thread, under ``lock``, with the id of a candidate that is a part of a word, and that.

    Only those behind the newest text are found: ``stop`` ends it for another one, within a token.
    """

    def __init__(self, source: lens.Source, lock: threading.RLock, *, on_word: Callable[[int, str], None]) -> None:
        self._source: lens.Source | None = source
        self._lock, self._on_word = lock, on_word
        self._worker = Worker()
        self._jobs: list[Job[None]] = []
        self._asked: set[int] = set()

    def find(self, position: Position, token_ids: Sequence[int]) -> None:
        """Find the words of ``token_ids`` behind the text before ``position``; not twice."""
        with self._lock:
            new = [token_id for token_id in token_ids if token_id not in self._asked]
            if new and self._source is not None:
                self._asked.update(new)
                work = functools.partial(self._work, position, new)
                self._jobs.append(Job(work, name="dolly-words", worker=self._worker))

    def stop(self) -> None:
        """Find no more behind this text: there is another one."""
        with self._lock:
            for job in self._jobs:
                job.stop()
            self._jobs = [job for job in self._jobs if not job.done]
            self._asked.clear()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until all are found. Raises TimeoutError after ``timeout_s`` seconds for one of the jobs."""
        for job in list(self._jobs):
            job.wait(timeout_s)

    def close(self) -> None:
        """End within a token, and release the source; do not wait if it is a caller's engine."""
        self.stop()
        if isinstance(self._source, lens.LocalModel):
            with contextlib.suppress(Exception):
                self.wait()
        self._source = None

    def _work(self, position: Position, token_ids: Sequence[int], stop: threading.Event) -> None:
        source = self._source
        if source is None or stop.is_set():  # before its turn came
            return
        try:
            for token_id, word in lens.whole_words(source, position.prompt, position.answer_ids, token_ids, stop=stop):
                with self._lock:
                    if word and not stop.is_set():
                        self._on_word(token_id, word)
        except EXPECTED_ERRORS:  # an engine that was closed, or has no memory left: the table is there without words
            return
