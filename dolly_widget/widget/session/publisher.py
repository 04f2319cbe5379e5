"""Says less often what is said very often: an answer as it grows, progress. Starts no thread: the caller's is used."""

from __future__ import annotations

import time
from collections.abc import Callable

from dolly_widget.runtime import Progress

MIN_INTERVAL_S = 0.05
PROGRESS_INTERVAL_S = 0.1


class Publisher:
    """``push`` pieces as they come, ``flush`` at the end; ``show`` gets the whole text so far, 20 times a second."""

    def __init__(self, show: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._clock = clock
        self._text = ""
        self._pieces: list[str] = []
        self._shown_at = -MIN_INTERVAL_S

    def push(self, piece: str) -> None:
        """Take a piece; show it now unless something was shown less than 1/20 s ago."""
        self._pieces.append(piece)
        if self._clock() - self._shown_at >= MIN_INTERVAL_S:
            self.flush()

    def flush(self) -> None:
        """Show what was not shown yet."""
        if self._pieces:
            self._text += "".join(self._pieces)
            self._pieces.clear()
            self._show(self._text)
            self._shown_at = self._clock()


class ProgressReporter:
    """Call it with each Progress; ``show`` gets it 10 times a second, and all messages so far, each of them once.

    A new stage and a new message are shown at once.
    """

    def __init__(
        self, show: Callable[[Progress, tuple[str, ...]], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._show = show
        self._clock = clock
        self._notes: list[str] = []
        self._stage = ""
        self._shown_at = 0.0

    def __call__(self, progress: Progress) -> None:
        """Take one report."""
        is_news = progress.stage != self._stage
        if progress.message and progress.message not in self._notes:
            self._notes.append(progress.message)
            is_news = True
        if is_news or self._clock() - self._shown_at >= PROGRESS_INTERVAL_S:
            self._stage, self._shown_at = progress.stage, self._clock()
            self._show(progress, tuple(self._notes))
