"""What is to be asked when the answer that is being written has ended. Knows no session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A question that waits for its turn."""

    ask: Callable[[], object]
    """Asks it. A ValueError or RuntimeError says why it cannot be asked, and is its own to show."""
    drop: Callable[[], object]
    """Gives it back: it will not be asked."""


class WaitingLine:
    """First come, first asked. Call all of it under one lock."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, waiting: Waiting) -> None:
        """Put one at the end."""
        self._waiting.append(waiting)

    def ask_next(self, is_free: Callable[[], bool]) -> None:
        """Ask the first one; the one after it, too, where that cannot be asked."""
        while self._waiting and is_free():
            self._waiting.pop(0).ask()

    def drop(self) -> None:
        """Give all of them back."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.drop()
