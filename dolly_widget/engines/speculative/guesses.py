"""Guesses of the tokens to come, cheap ones, for a model that checks several in one pass. Pure: ids in, ids out.

A guess that is wrong costs time and changes nothing; how many are made depends on how many were right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

MOST = 8
"""Guesses in one pass: on a CPU, a pass with as many costs less than two passes (shared weights are read once)."""
CHECK_COST = 0.12
"""What checking one guess costs, in passes of one token: measured 0.05 to 0.12 for INT8 models of 0.4 to 2.8 GB."""
# A pass of another length than the one before takes some milliseconds more, as long as reading so many bytes does.
_OTHER_LENGTH_BYTES = 125e6

# Of the newest tokens, this many are looked for, the longest match first.
_LONGEST_MATCH = 4
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


class Guesser(Protocol):
    """What guesses the next tokens of one answer."""

    pace: Pace

    def guess(self, ids: Sequence[int], most: int) -> list[int]:
        """At most ``most`` ids that may follow ``ids``, which begin with those of the call before; perhaps none."""
        ...


class Lookup:
    """Guesses for one answer: what followed the newest tokens where they were last is thought to follow again.

    Source: Saxena 2023, prompt lookup decoding.
    """

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._after: dict[tuple[int, ...], int] = {}
        self._indexed = 0

    def guess(self, ids: Sequence[int], most: int) -> list[int]:
        """See ``Guesser``."""
        for end in range(self._indexed, len(ids)):
            for length in range(1, min(_LONGEST_MATCH, end) + 1):
                self._after[tuple(ids[end - length : end])] = end
        self._indexed = len(ids)
        for length in range(_LONGEST_MATCH, 0, -1):
            if (start := self._after.get(tuple(ids[-length:]))) is not None:
                return list(ids[start : start + most])
        return []
