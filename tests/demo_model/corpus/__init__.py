"""The corpus that the demo model learns from: original text, drawn at random from tables and grammars."""

from __future__ import annotations

import random

from tests.demo_model.corpus import (
    brainstorming,
    checks,
    classification,
    conversation,
    questions,
    reading,
    showcase,
    writing,
)
from tests.demo_model.corpus.grammar import Example, Split

_KINDS = {
    "questions": questions.draw,
    "checks": checks.draw,
    "short reading": reading.draw_short,
    "reading": reading.draw,
    "showcase": showcase.draw,
    "classification": classification.draw,
    "brainstorming": brainstorming.draw,
    "writing": writing.draw,
    "conversation": conversation.draw,
}
# How often each kind is drawn, in percent, in the order above: first with short texts to read, then with longer ones.
FIRST_SHARES = (28, 10, 30, 6, 8, 4, 4, 5, 5)
SHARES = (26, 19, 6, 33, 5, 2, 3, 2, 4)
TOKENIZER_SHARES = (40, 8, 1, 9, 14, 8, 6, 8, 6)


def draw(rng: random.Random, split: Split = Split.TRAIN, shares: tuple[int, ...] = SHARES) -> Example:
    """Return a random example; outside training in a phrasing, and with names, that training never uses."""
    (kind,) = rng.choices(tuple(_KINDS.values()), shares)
    example: Example = kind(rng, split)
    return example
