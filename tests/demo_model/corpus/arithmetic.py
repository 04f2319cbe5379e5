"""Problems with small numbers: sums and differences within 0 to 20 and products up to 10 times 10."""

from __future__ import annotations

import random
from typing import NamedTuple

from tests.demo_model.corpus.facts import NUMBER_WORDS
from tests.demo_model.corpus.grammar import Example, Split, casual, part
from tests.demo_model.corpus.relations import OPEN, PREFIXES, capitalized


class Operation(NamedTuple):
    """How one operation is asked for and answered."""

    name: str
    phrasings: tuple[str, ...]
    held_out: tuple[str, ...]
    responses: tuple[str, ...]


ADDITION = Operation(
    "addition",
    (
        "What is {a} + {b}?",
        "What is {a}+{b}?",
        "{a}+{b}=",
        "{a} + {b} =",
        "{a} + {b}?",
        "How much is {a} plus {b}?",
        "How much is {a} + {b}?",
        "What is {a} plus {b}?",
        "Add {a} and {b}.",
        "Calculate {a} + {b}.",
        "What is the sum of {a} and {b}?",
        "What do you get if you add {a} and {b}?",
        "Can you tell me what {a} + {b} is?",
        "{a} plus {b} is what?",
        "Solve {a} + {b}.",
    ),
    ("Calculate {a} plus {b}.", "How much is the sum of {a} and {b}?", "Tell me what {a} + {b} is.", "{a} plus {b}?"),
    ("{a} + {b} = {c}.", "{a} plus {b} is {c}."),
)
SUBTRACTION = Operation(
    "subtraction",
    (
        "What is {a} - {b}?",
        "What is {a}-{b}?",
        "{a}-{b}=",
        "{a} - {b} =",
        "{a} - {b}?",
        "How much is {a} minus {b}?",
        "How much is {a} - {b}?",
        "What is {a} minus {b}?",
        "Subtract {b} from {a}.",
        "Calculate {a} - {b}.",
        "What is the difference of {a} and {b}?",
        "What do you get if you take {b} from {a}?",
        "Can you tell me what {a} - {b} is?",
        "{a} minus {b} is what?",
        "Solve {a} - {b}.",
    ),
    ("Calculate {a} minus {b}.", "Take {b} from {a}.", "Tell me what {a} - {b} is.", "{a} minus {b}?"),
    ("{a} - {b} = {c}.", "{a} minus {b} is {c}."),
)
MULTIPLICATION = Operation(
    "multiplication",
    (
        "What is {a} x {b}?",
        "What is {a} * {b}?",
        "What is {a}*{b}?",
        "{a}*{b}=",
        "{a} x {b} =",
        "{a} * {b}?",
        "How much is {a} times {b}?",
        "How much is {a} x {b}?",
        "What is {a} times {b}?",
        "Multiply {a} by {b}.",
        "Calculate {a} * {b}.",
        "What is the product of {a} and {b}?",
        "What do you get if you multiply {a} by {b}?",
        "Can you tell me what {a} x {b} is?",
        "{a} times {b} is what?",
    ),
    ("Calculate {a} times {b}.", "How much is the product of {a} and {b}?", "Tell me what {a} x {b} is."),
    ("{a} x {b} = {c}.", "{a} times {b} is {c}."),
)
OPERATIONS = (ADDITION, SUBTRACTION, MULTIPLICATION)


def _problem(operation: Operation, rng: random.Random) -> tuple[int, int, int]:
    """Two small numbers and the result of the operation on them."""
    if operation is MULTIPLICATION:
        first, second = rng.randint(0, 10), rng.randint(0, 10)
        return first, second, first * second
    total = max(rng.randint(0, 20), rng.randint(0, 20))
    part = rng.randint(0, total)
    if operation is ADDITION:
        return part, total - part, total
    return total, part, total - part


def _asked(operation: Operation, first: int, second: int, rng: random.Random, split: Split) -> str:
    """The problem in one phrasing, sometimes with number words and sometimes with a prefix."""
    phrasing = rng.choice(operation.phrasings if split is Split.TRAIN else part(operation.held_out, split))
    symbols = any(symbol in phrasing for symbol in ("+", " - ", "}-", "}+", "*", " x "))
    in_words = not symbols and rng.random() < 0.25
    a, b = (NUMBER_WORDS[first], NUMBER_WORDS[second]) if in_words else (str(first), str(second))
    asked = phrasing.format(a=a, b=b)
    if split is Split.TRAIN and phrasing.startswith(("What", "How")) and rng.random() < 0.2:
        return rng.choice(PREFIXES) + asked[:1].lower() + asked[1:]
    return capitalized(asked)


def problem(rng: random.Random, split: Split = Split.TRAIN) -> Example:
    """A random problem with its solution."""
    operation = rng.choice(OPERATIONS)
    first, second, result = _problem(operation, rng)
    asked = _asked(operation, first, second, rng, split)
    response = rng.choice(operation.responses).format(a=first, b=second, c=result)
    return Example(OPEN, casual(asked, rng) if split is Split.TRAIN else asked, response, answer=str(result))
