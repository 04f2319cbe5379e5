"""Events that ask an answer to stop."""

from __future__ import annotations

import threading
import time

_POLL_S = 0.02


class StopAsWell(threading.Event):
    """Set by its owner, or where one of the callers' events is, which stay theirs."""

    def __init__(self, *others: threading.Event | None) -> None:
        super().__init__()
        self._others = [other for other in others if other is not None]

    def is_set(self) -> bool:
        """Whether one of them is set."""
        return super().is_set() or any(other.is_set() for other in self._others)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until one of them is set, for ``timeout`` seconds at most; return whether one is."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (end is None or time.monotonic() < end):
            super().wait(_POLL_S if end is None else max(0.0, min(_POLL_S, end - time.monotonic())))
        return self.is_set()
