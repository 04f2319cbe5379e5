"""What a corpus example is, and the little grammar its texts are written in. Pure text: no model, no files."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, TypeVar

_INNERMOST = re.compile(r"\{([^{}]*)\}")


T = TypeVar("T")


class Split(Enum):
    """What an example is for. Wordings, names and wrong answers of one split never occur in another."""

    TRAIN = "train"
    HELD = "held"
    """Looked at while corpus and training are developed."""
    FINAL = "final"
    """Looked at once, at the end: the figures that are reported."""


def part(held_out: Sequence[T], split: Split) -> Sequence[T]:
    """The wordings, of those held out of training, that belong to a split: the last one is the final split's."""
    return held_out[-1:] if split is Split.FINAL else held_out[:-1] or held_out


class Example(NamedTuple):
    """One instruction with one good response.

    ``answer`` is the text that a right response must contain, "" where no single answer is right; ``wrong`` is one
    that it must not contain.
    """

    category: str
    instruction: str
    response: str
    context: str = ""
    answer: str = ""
    wrong: str = ""


def expand(text: str, rng: random.Random) -> str:
    """Replace every ``{one|two|three}`` by one of its alternatives, innermost first; ``{|x}`` is x or nothing."""
    while match := _INNERMOST.search(text):
        text = text[: match.start()] + rng.choice(match[1].split("|")) + text[match.end() :]
    return text


def casual(instruction: str, rng: random.Random) -> str:
    """Write an instruction as people type it: now and then in lower case or without its last mark."""
    if rng.random() < 0.15:
        instruction = instruction.lower()
    if rng.random() < 0.15:
        instruction = instruction.rstrip("?.")
    return instruction
