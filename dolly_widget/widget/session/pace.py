"""How fast an answer is being written. Starts no thread: the caller's is used."""

from __future__ import annotations

import time
from collections.abc import Callable

INTERVAL_S = 0.25


class Pace:
    """Call it with the number of tokens so far; ``show`` gets that and tokens per second, four times a second.

    Counted from the first token: reading the prompt is no writing.
    """

    def __init__(self, show: Callable[[int, float], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._show, self._clock = show, clock
        self._first: tuple[float, int] | None = None
        self._shown_at = 0.0

    def __call__(self, count: int) -> None:
        """Take how many tokens there are now."""
        now = self._clock()
        if self._first is None:
            self._first, self._shown_at = (now, count), now
        elif now - self._shown_at >= INTERVAL_S:
            started, first_count = self._first
            self._shown_at = now
            self._show(count, (count - first_count) / (now - started))
