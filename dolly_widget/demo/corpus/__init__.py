"""The corpus that the demo model learns from: original text, drawn at random from tables and grammars."""

from __future__ import annotations

import random

from dolly_widget.demo.corpus import (
    brainstorming,
    classification,
    conversation,
    questions,
    reading,
    showcase,
    writing,
)
from dolly_widget.demo.corpus.grammar import Example

# How often each kind is drawn, in percent. Copying from a context is the hardest, and so the most frequent.
_SHARES = (
    (questions.draw, 36),
    (reading.draw, 33),
    (showcase.draw, 9),
    (classification.draw, 5),
    (brainstorming.draw, 5),
    (writing.draw, 6),
    (conversation.draw, 6),
)


def draw(rng: random.Random, held_out: bool = False) -> Example:
    """Return a random example; with ``held_out``, one in a phrasing, and with names, that training never uses."""
    draws, weights = zip(*_SHARES, strict=True)
    example: Example = rng.choices(draws, weights)[0](rng, held_out)
    return example
