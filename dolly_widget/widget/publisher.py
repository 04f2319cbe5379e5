"""Collects pieces of text and shows them at most 20 times a second. Starts no thread: the caller's is used."""

from __future__ import annotations

import time
from collections.abc import Callable

MIN_INTERVAL_S = 0.05


class Publisher:
    """``push`` pieces as they come, ``flush`` at the end; ``show`` gets the whole text so far."""

    def __init__(self, show: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._clock = clock
        self._pieces: list[str] = []
        self._shown_at = -MIN_INTERVAL_S
        self._is_pending = False

    def push(self, piece: str) -> None:
        """Take a piece; show it now unless something was shown less than 1/20 s ago."""
        self._pieces.append(piece)
        self._is_pending = True
        if self._clock() - self._shown_at >= MIN_INTERVAL_S:
            self.flush()

    def flush(self) -> None:
        """Show what was not shown yet."""
        if self._is_pending:
            self._is_pending = False
            self._show("".join(self._pieces))
            self._shown_at = self._clock()
