"""What one showcase topic is: its instructions, its answers, and the pool that its lists are drawn from."""

from __future__ import annotations

import random
from typing import NamedTuple

from ..grammar import expand
from ..phrasing import in_order

LIST = "[list]"
"""Stands in an answer for a numbered list drawn from the topic's pool."""


class Topic(NamedTuple):
    """One example instruction (the first of ``instructions``), its rephrasings and its answers.

    ``counts`` are the lengths a list may have. A list keeps the order of the pool.
    """

    category: str
    instructions: tuple[str, ...]
    held_out: tuple[str, ...]
    answers: tuple[str, ...]
    pool: tuple[str, ...] = ()
    counts: tuple[int, ...] = (5,)

    def answer(self, rng: random.Random) -> str:
        """Draw one answer, with its list filled in and every alternative chosen."""
        text = rng.choice(self.answers)
        if LIST in text:
            text = text.replace(LIST, self._numbered(rng))
        return expand(text, rng)

    def _numbered(self, rng: random.Random) -> str:
        chosen = in_order(self.pool, rng.choice(self.counts), rng)
        return "\n".join(f"{number}. {item}" for number, item in enumerate(chosen, 1))
