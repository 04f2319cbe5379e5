"""How often a server is asked again, and after which pause."""

from __future__ import annotations

PAUSES_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Between tries that bring nothing new: together longer than Ray takes for another replica, which is five seconds."""
_FIRST_PAUSE_S = 0.25


class Tries:
    """The tries of one answer. What has brought a token is followed by as many as at the beginning."""

    def __init__(self, servers: int) -> None:
        self._servers = servers
        self._failed = 0
        self._has_begun = False

    def pause_s(self, *, has_progressed: bool) -> float | None:
        """How long to wait after a try that failed; None: there are none left.

        Before the first token, each server is asked once, and the only one twice.
        """
        if has_progressed:
            self._failed, self._has_begun = 0, True
        self._failed += 1
        if not self._has_begun:
            return _first_pause_s(self._failed, self._servers)
        return PAUSES_S[self._failed - 1] if self._failed <= len(PAUSES_S) else None


def _first_pause_s(failed: int, servers: int) -> float | None:
    if failed < servers:
        return 0.0
    return _FIRST_PAUSE_S if failed < 2 else None
