"""Whose turn it is to use what an engine has loaded: one caller's alone, or that of many who share it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_POLL_S = 0.02


class Turn:
    """One caller's turn. Made before it is taken, so that an interrupt in between leaves none that nobody can end."""

    def __init__(self, *, is_shared: bool) -> None:
        self.is_shared = is_shared


class Turns:
    """A line of callers, who come in their order. Those who share need not wait for each other."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: deque[Turn] = deque()
        self._taken: set[Turn] = set()

    @property
    def are_free(self) -> bool:
        """Whether nobody has a turn."""
        return not self._taken

    def take(self, turn: Turn, *, gives_up: Callable[[], bool]) -> bool:
        """Wait for a turn, which ``give_back`` ends; False where ``gives_up()`` came first."""
        with self._changed:
            self._line.append(turn)
            try:
                while self._line[0] is not turn or not self._is_free_for(turn):
                    if gives_up():
                        return False
                    self._changed.wait(_POLL_S)
                self._taken.add(turn)
                return True
            finally:
                self._line.remove(turn)
                self._changed.notify_all()

    def give_back(self, turn: Turn, *, at_last: Callable[[], None]) -> None:
        """End a turn, from any thread. The last one who leaves calls ``at_last``, before anybody else comes in.

        Safe twice, and for a turn that was never taken.
        """
        with self._changed:
            try:
                if self._taken == {turn}:
                    at_last()
            finally:
                self._taken.discard(turn)
                self._changed.notify_all()

    def wait_until_free(self, timeout_s: float) -> None:
        """Wait until nobody has a turn, or for ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self.are_free, timeout_s)

    def _is_free_for(self, turn: Turn) -> bool:
        return self.are_free or (turn.is_shared and all(each.is_shared for each in self._taken))
