"""Questions with one short right answer: draws them from every relation, in trained or in held-out phrasings."""

from __future__ import annotations

import random

from tests.demo_model.corpus import animals, everyday, geography, nature, words
from tests.demo_model.corpus.arithmetic import problem
from tests.demo_model.corpus.grammar import Example, Split
from tests.demo_model.corpus.relations import example

RELATIONS = (
    *geography.RELATIONS,
    *animals.RELATIONS,
    *nature.RELATIONS,
    *words.RELATIONS,
    *everyday.RELATIONS,
)

_ARITHMETIC_SHARE = 0.12
_ARITHMETIC_PROBLEMS = 100
_WEIGHTS = [len(relation.facts) ** 0.7 for relation in RELATIONS]


def draw(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """A random question: small relations come up more often than their share of the facts."""
    if rng.random() < _ARITHMETIC_SHARE:
        return problem(rng, split)
    relation = rng.choices(RELATIONS, _WEIGHTS)[0]
    return example(relation, rng.choice(relation.facts), rng, split)


def every_fact(rng: random.Random, split: Split = Split.HELD) -> list[Example]:
    """Every fact of every relation once, and some problems, each in a held-out phrasing: for evaluation."""
    known = [example(relation, fact, rng, split) for relation in RELATIONS for fact in relation.facts]
    return known + [problem(rng, split) for _ in range(_ARITHMETIC_PROBLEMS)]
