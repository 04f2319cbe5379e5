"""The wordings of one task: those to train on and those held out, and how a wording becomes an instruction."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from .grammar import casual, expand

_SLOT = re.compile(r"<(\w+)>")


class Frames(NamedTuple):
    """Wordings, one a line, with ``<name>`` slots: ``train`` to learn from, ``held`` only to test with."""

    train: str
    held: str


def frame(frames: Frames, rng: random.Random, held_out: bool) -> str:
    """Choose one wording, its slots still open."""
    return rng.choice((frames.held if held_out else frames.train).strip().splitlines()).strip()


def fill(text: str, rng: random.Random, **slots: str) -> str:
    """Expand the alternatives of a text, then fill in its ``<name>`` slots."""
    return _SLOT.sub(lambda match: slots[match[1]], expand(text, rng))


def instruct(frames: Frames, rng: random.Random, held_out: bool, **slots: str) -> str:
    """Write an instruction in one of the wordings; casually in training, neatly when held out."""
    text = fill(frame(frames, rng, held_out), rng, **slots)
    text = text[:1].upper() + text[1:]
    return text if held_out else casual(text, rng)


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
