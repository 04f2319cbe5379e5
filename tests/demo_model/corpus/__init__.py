"""The corpus that the demo model learns from: original text, drawn at random from tables and grammars."""

from __future__ import annotations

import random

from tests.demo_model.corpus import brainstorming, classification, conversation, questions, reading, showcase, writing
from tests.demo_model.corpus.grammar import Example

_KINDS = {
    "questions": questions.draw,
    "reading": reading.draw,
    "showcase": showcase.draw,
    "classification": classification.draw,
    "brainstorming": brainstorming.draw,
    "writing": writing.draw,
    "conversation": conversation.draw,
}
# How often each kind is drawn, in percent, in the order above. Copying from a context is the hardest, and learnt last.
SHARES = (36, 33, 9, 5, 5, 6, 6)
READING_SHARES = (26, 52, 7, 3, 3, 5, 4)


def draw(rng: random.Random, held_out: bool = False, shares: tuple[int, ...] = SHARES) -> Example:
    """Return a random example; with ``held_out``, one in a phrasing, and with names, that training never uses."""
    (kind,) = rng.choices(tuple(_KINDS.values()), shares)
    example: Example = kind(rng, held_out)
    return example
