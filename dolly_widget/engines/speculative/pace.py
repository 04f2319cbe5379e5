"""How many tokens to guess ahead: it follows how many guesses were right. Pure: counts in, counts out."""

from __future__ import annotations

MOST = 8
"""Guesses in one pass: on a CPU, a pass with as many costs less than two passes (shared weights are read once)."""
CHECK_COST = 0.12
"""What checking one guess costs, in passes of one token: measured 0.05 to 0.12 for INT8 models of 0.4 to 2.8 GB."""
# A pass of another length than the one before takes some milliseconds more, as long as reading so many bytes does.
_OTHER_LENGTH_BYTES = 125e6

_FIRST = 4
# The debt at which guessing rests, in passes, and for how many tokens: longer each time.
_LARGEST_DEBT = 1.0
_FIRST_REST, _LONGEST_REST = 16, 256


class Pace:
    """How many tokens to guess: more while guesses are right, none for a while where they cost more than they save.

    ``cost`` is that of making and checking one, in passes of one token; ``size_bytes`` is the model's size. What is
    lost to wrong guesses is a pass or two for each rest, and rests double.
    """

    def __init__(self, size_bytes: int, cost: float = CHECK_COST) -> None:
        self._cost, self._once = cost, min(1.0, _OTHER_LENGTH_BYTES / size_bytes)
        self._most = _FIRST
        self._balance = 0.0
        self._resting, self._rest = 0, _FIRST_REST

    @property
    def most(self) -> int:
        """How many to guess now."""
        return 0 if self._resting else self._most

    def made(self, tokens: int) -> None:
        """Take note of a pass that gave ``tokens``."""
        self._resting = max(0, self._resting - tokens)

    def learn(self, guessed: int, right: int) -> None:
        """Take note of how many guesses were right."""
        self._most = min(MOST, 2 * self._most) if right == guessed else max(1, right + 1)
        self._balance = min(_LARGEST_DEBT, self._balance + right - self._cost * guessed - self._once)
        if self._balance < -_LARGEST_DEBT:
            self._balance, self._resting = 0.0, self._rest
            self._rest = min(_LONGEST_REST, 2 * self._rest)
        elif self._balance > 0:
            self._rest = _FIRST_REST
