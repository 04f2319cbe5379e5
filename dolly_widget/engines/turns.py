"""Whose turn it is to use what an engine has loaded: one caller's alone, or that of many who share it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_POLL_S = 0.02


class Turns:
    """A line of callers, who come in their order. Those who share need not wait for each other."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: deque[object] = deque()
        self._users = 0
        self._is_shared = False

    def take(self, *, is_shared: bool, gives_up: Callable[[], bool]) -> bool:
        """Wait for a turn, which ``give_back`` ends; False where ``gives_up()`` came first."""
        place = object()
        with self._changed:
            self._line.append(place)
            try:
                while self._line[0] is not place or not self._is_free(is_shared):
                    if gives_up():
                        return False
                    self._changed.wait(_POLL_S)
                self._users += 1
                self._is_shared = is_shared
                return True
            finally:
                self._line.remove(place)
                self._changed.notify_all()

    def give_back(self, *, at_last: Callable[[], None]) -> None:
        """End a turn. The last one who leaves calls ``at_last``, before anybody else comes in."""
        with self._changed:
            if self._users == 1:
                at_last()
            self._users -= 1
            self._changed.notify_all()

    def wait_until_free(self, timeout_s: float) -> None:
        """Wait until nobody has a turn, or for ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self._users == 0, timeout_s)

    def _is_free(self, is_shared: bool) -> bool:
        return self._users == 0 or (is_shared and self._is_shared)
