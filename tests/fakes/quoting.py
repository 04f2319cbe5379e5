"""Questions whose answers can be guessed from their prompts, and others, with names that the model has not seen."""

import random

from tests.demo_model.corpus import brainstorming, reading, writing
from tests.demo_model.corpus.contexts import Style
from tests.demo_model.corpus.grammar import Split

KINDS = {"copy": reading._copy, "extract": reading._extract_list, "question": reading._answer_question}
OTHERS = {"ideas": brainstorming.draw, "story": writing.draw}


def examples(kind, count=3):
    rng = random.Random(1)
    make = {**KINDS, **OTHERS}[kind]
    return [make(rng, Split.HELD, Style()) if kind in KINDS else make(rng, Split.HELD) for _ in range(count)]
