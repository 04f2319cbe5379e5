"""The wordings of one task: those to train on and those held out, and how a wording becomes an instruction."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

from .grammar import Split, casual, expand, part

_SLOT = re.compile(r"<(\w+)>")


class Frames(NamedTuple):
    """Wordings, one a line, with ``<name>`` slots: ``train`` to learn from, ``held`` only to test with."""

    train: str
    held: str


def frame(frames: Frames, rng: random.Random, split: Split) -> str:
    """Choose one wording, its slots still open."""
    if split is Split.TRAIN:
        return rng.choice(frames.train.strip().splitlines()).strip()
    return rng.choice(part(frames.held.strip().splitlines(), split)).strip()


def fill(text: str, rng: random.Random, **slots: str) -> str:
    """Expand the alternatives of a text, then fill in its ``<name>`` slots."""
    return _SLOT.sub(lambda match: slots[match[1]], expand(text, rng))


def instruct(frames: Frames, rng: random.Random, split: Split, **slots: str) -> str:
    """Write an instruction in one of the wordings; casually in training, neatly when held out."""
    text = fill(frame(frames, rng, split), rng, **slots)
    text = text[:1].upper() + text[1:]
    return casual(text, rng) if split is Split.TRAIN else text


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def with_article(noun: str) -> str:
    """The noun with "a" or "an"; a noun marked "~", such as "~rice", takes none."""
    if noun.startswith("~"):
        return noun[1:]
    return ("an " if noun[0].lower() in "aeio" or noun.startswith(("umb", "unc")) else "a ") + noun


def entries(table: str) -> list[tuple[str, str]]:
    """The rows of a "subject: text" table; an indented line goes on with the row above."""
    rows = table.strip().replace("\n    ", " ").splitlines()
    return [(subject, text) for subject, text in (row.split(": ", 1) for row in rows)]


def in_order(pool: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """So many different ones, in the order of the pool: a model that learns the order has no way to repeat itself."""
    return [pool[index] for index in sorted(rng.sample(range(len(pool)), count))]
