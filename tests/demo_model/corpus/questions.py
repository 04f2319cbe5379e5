"""Questions with one short right answer: draws them from every relation, in trained or in held-out phrasings."""

from __future__ import annotations

import random
from math import sqrt

from tests.demo_model.corpus import animals, everyday, geography, nature, words
from tests.demo_model.corpus.arithmetic import problem
from tests.demo_model.corpus.grammar import Example
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
_WEIGHTS = [sqrt(len(relation.facts)) for relation in RELATIONS]


def draw(rng: random.Random, held_out: bool = False) -> Example:
    """A random question: small relations come up more often than their share of the facts."""
    if rng.random() < _ARITHMETIC_SHARE:
        return problem(rng, held_out)
    relation = rng.choices(RELATIONS, _WEIGHTS)[0]
    return example(relation, rng.choice(relation.facts), rng, held_out)


def every_fact(rng: random.Random) -> list[Example]:
    """Every fact of every relation once, and some problems, each in a held-out phrasing: for evaluation."""
    known = [example(relation, fact, rng, held_out=True) for relation in RELATIONS for fact in relation.facts]
    return known + [problem(rng, held_out=True) for _ in range(_ARITHMETIC_PROBLEMS)]
