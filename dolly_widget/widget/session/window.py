"""Which turns of a long chat the model is given: the newest, as many as leave room for the answer. Pure."""

from __future__ import annotations

import bisect
from collections.abc import Callable

FREED = 0.25
"""How much of the room is made free when turns have to go. Were it just enough, every prompt would begin differently:
the engine, which keeps what it has read of a prompt that begins the same, would read all of it again each time."""


def turns_left_out(count: int, size: Callable[[int], int], room: int, before: int = 0) -> int:
    """How many of the oldest of ``count`` turns to leave out.

    ``size(n)`` is how many tokens the prompt has without the first ``n``, ``room`` how many it may have. ``before``
    were left out the last time, and stay so. ``count`` where even the question alone has too many.
    """
    before = min(before, count)
    if size(before) <= room:
        return before
    candidates = range(before + 1, count + 1)
    fits = bisect.bisect_left(candidates, True, key=lambda n: size(n) <= room * (1 - FREED))
    # The newest turn alone may have too many for that: then the question stands alone, and the engine judges it.
    return candidates[fits] if fits < len(candidates) else count
