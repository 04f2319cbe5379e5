"""What a corpus example is, and the little grammar its texts are written in. Pure text: no model, no files."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

_INNERMOST = re.compile(r"\{([^{}]*)\}")


class Example(NamedTuple):
    """One instruction with one good response.

    ``answer`` is the text that a right response must contain, "" where no single answer is right.
    """

    category: str
    instruction: str
    response: str
    context: str = ""
    answer: str = ""


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
