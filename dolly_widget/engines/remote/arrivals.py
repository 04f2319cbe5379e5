"""How fast tokens came over a network. Pure."""

from __future__ import annotations

import math


class Arrivals:
    """When tokens came, and how many there were by then. Those that came together have one time.

    Where a server does not tell its tokens apart, its pieces stand for them; see ``tpot_s``.
    """

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None
        self._last = (math.nan, 0)

    def note(self, at_s: float, tokens: int) -> None:
        """Note that there were so many tokens at ``at_s``, which never goes back."""
        self._last = (at_s, tokens)
        if self._first is None or self._first[0] == at_s:
            self._first = self._last

    def tpot_s(self, counted: int = 0) -> float:
        """Mean seconds per token after those that came first; NaN where all came at once.

        ``counted`` is how many tokens there were in all, where what was noted were pieces: each is taken to hold as
        many as another.
        """
        if self._first is None or self._last[1] <= self._first[1]:
            return math.nan
        tpot_s = (self._last[0] - self._first[0]) / (self._last[1] - self._first[1])
        return tpot_s * self._last[1] / (counted or self._last[1])
