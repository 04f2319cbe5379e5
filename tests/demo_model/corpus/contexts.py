"""How a context is made: an entity is drawn, some of its attributes are told, each in a sentence frame.

What there is to tell is written down in the modules ``subjects_*``, one block of lines for each kind of entity,
each line marked by its first sign:

    @ key | label | drawer   an attribute; the first one of a block is the head, the name of the entity
    * phrase                 how a question refers to the entity
    + / -                    a sentence frame for training / held out
    ? / !                    a question for training / held out
    > sentence               the full answer
    < question               a question back, from the value to the head
    = sentence               a summary

``[key]`` stands for a value, ``[key:a]`` for a value with its article, ``[key:c]`` for it with a capital letter.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from .grammar import Split, expand, part
from .names import DRAWERS

_FIELD = re.compile(r"\[(\w+)(?::(\w))?\]")
_AN = re.compile(r"(?!uni|use|one|eu)[aeiou]|8|11\b|18\b", re.IGNORECASE)

ASIDES = [
    "The weather was {fine|cold|warm|mild} {that day|at the time}.",
    "Many {people|neighbours|friends} know this.",
    "{This|It} was in the local newspaper.",
    "There is {nothing|not much} more to say about it.",
    "A short note was written about this.",
    "It is a {busy|quiet} time of the year.",
    "All of this was checked {twice|carefully}.",
    "That is {good|useful} to know.",
    "Everyone seems to be {happy|pleased} with that.",
    "{More news|A longer text} will follow soon.",
    "Some details may {change|be added} later.",
    "The {rest|whole story} is {not|hardly} known.",
]
ASIDES_HELD_OUT = [
    "The streets were full of snow back then.",
    "Nobody was surprised to hear it.",
    "A poster gives the same details.",
]


class Style(NamedTuple):
    """How a text is written: with the sentence frames of a split, and whether it is short, one or two sentences."""

    frames: Split = Split.TRAIN
    short: bool = False


@dataclass
class Attribute:
    """One thing that can be told and asked about a kind of entity."""

    key: str
    label: str
    drawer: str
    lines: dict[str, list[str]] = field(default_factory=dict)

    def get(self, mark: str) -> list[str]:
        """All lines of this attribute with a mark."""
        return self.lines.get(mark, [])


@dataclass
class Kind:
    """A kind of entity: its attributes, head first, how questions refer to it, and its summaries."""

    attributes: list[Attribute]
    phrase: str
    summaries: list[str]

    @property
    def head(self) -> Attribute:
        return self.attributes[0]


@dataclass
class Told:
    """A context and what it says: the entity asked about, the attributes told of it, and the other people."""

    kind: Kind
    values: dict[str, str]
    keys: list[str]
    text: str
    others: list[dict[str, str]]


def parse(block: str) -> Kind:
    """Read the lines of one kind of entity."""
    kind = Kind([], "", [])
    for line in filter(None, map(str.strip, block.splitlines())):
        mark, text = line[0], line[1:].strip()
        if mark == "@":
            key, label, drawer = (part.strip() for part in text.split("|"))
            kind.attributes.append(Attribute(key, label, drawer))
        elif mark == "*":
            kind.phrase = text
        elif mark == "=":
            kind.summaries.append(text)
        else:
            kind.attributes[-1].lines.setdefault(mark, []).append(text)
    return kind


def fields(frame: str) -> list[str]:
    """The keys of the values that a frame needs."""
    return [match[0] for match in _FIELD.findall(frame)]


def fill(frame: str, values: dict[str, str]) -> str:
    """Put values into a frame."""

    def put(match: re.Match[str]) -> str:
        value, form = values[match[1]], match[2]
        if form == "a":
            return ("an " if _AN.match(value) else "a ") + value
        return value[0].upper() + value[1:] if form == "c" else value

    return _FIELD.sub(put, frame)


def draw_values(kind: Kind, rng: random.Random, split: Split, taken: set[str]) -> dict[str, str]:
    """Values for all attributes, none of them a part of another one of the same context."""
    values: dict[str, str] = {}
    for attribute in kind.attributes:
        for attempt in range(60):  # where too few values are held out, a known one has to do
            value = DRAWERS[attribute.drawer](rng, split if attempt < 30 else Split.TRAIN)
            if not any(f" {value} " in f" {other} " or f" {other} " in f" {value} " for other in taken):
                break
        values[attribute.key] = value
        taken.add(value)
    return values


def _sentence(attribute: Attribute, head: str, rng: random.Random, named: bool, style: Style) -> str:
    frames = attribute.get("+") if style.frames is Split.TRAIN else list(part(attribute.get("-"), style.frames))
    if named:
        frames = [frame for frame in frames if head in fields(frame)] or frames
    return " ".join(expand(rng.choice(frames), rng).split())


def _sentences(
    kind: Kind, keys: list[str], values: dict[str, str], rng: random.Random, crowd: bool, style: Style
) -> list[str]:
    told = [attribute for attribute in kind.attributes if attribute.key in keys]
    rng.shuffle(told)
    return [
        fill(_sentence(attribute, kind.head.key, rng, crowd or index == 0, style), values)
        for index, attribute in enumerate(told)
    ]


def tell(
    kind: Kind,
    rng: random.Random,
    split: Split,
    style: Style,
    needed: list[str] | None = None,
    twin: float = 0.2,
) -> Told:
    """Draw an entity and write the context; ``needed`` are attributes that must be told of it."""
    taken: set[str] = set()
    values = draw_values(kind, rng, split, taken)
    optional = [item.key for item in kind.attributes[1:] if item.key not in (needed or [])]
    crowd = not style.short and rng.random() < twin
    count = rng.randint(1, 2) if crowd or style.short else rng.randint(2, 4)
    keys = (needed or []) + rng.sample(optional, max(0, min(len(optional), count - len(needed or []))))
    groups = [_sentences(kind, keys, values, rng, crowd, style)]
    others = []
    if crowd:
        others.append(draw_values(kind, rng, split, taken))
        groups.append(_sentences(kind, keys, others[0], rng, crowd, style))
    rng.shuffle(groups)
    sentences = [sentence for group in groups for sentence in group]
    if not style.short and rng.random() < 0.2:
        asides = ASIDES if style.frames is Split.TRAIN else part(ASIDES_HELD_OUT, style.frames)
        sentences.append(expand(rng.choice(asides), rng))
    return Told(kind, values, keys, " ".join(sentences), others)
