"""What a relation is: facts of one kind, the ways to ask for them and the ways to answer. Owns the general frames."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tests.demo_model.corpus.grammar import Example, Split, casual, part

OPEN = "open question answering"
GENERAL = "general question answering"

# Frames around a direct question ("what is ...?") and around an indirect one ("what ... is").
PREFIXES = (
    "Tell me: ",
    "Quick question: ",
    "Please answer: ",
    "Question: ",
    "Please tell me: ",
    "I have a question: ",
    "Hello! ",
    "Please help me: ",
    "One more thing: ",
)
FRAMES = (
    "Can you tell me {}?",
    "Do you know {}?",
    "I would like to know {}.",
    "Tell me {}.",
    "Could you tell me {}?",
    "I want to know {}.",
    "Please tell me {}.",
)
MORE_FRAMES = (
    "Can you say {}?",
    "I wonder {}.",
    "Who can tell me {}?",
    "Explain to me {}.",
    "Please say {}.",
    "I need to know {}.",
    "Tell me, please, {}.",
    "Can you please tell me {}?",
)
FINAL_FRAME = "Do you happen to know {}?"


class Fact(NamedTuple):
    """One fact: what is asked about, the value, the text a right response must contain, and more fields if any."""

    key: str
    value: str
    answer: str
    more: str = ""


class Relation(NamedTuple):
    """Facts of one kind with their phrasings; ``indirect`` is the question as it stands after "Do you know"."""

    name: str
    facts: tuple[Fact, ...]
    phrasings: tuple[str, ...]
    indirect: str
    held_out: tuple[str, ...]
    responses: tuple[str, ...]
    category: str = OPEN
    keep_case: bool = False


def bare(noun: str) -> str:
    """The noun without its article."""
    for article in ("the ", "a ", "an "):
        if noun.startswith(article):
            return noun[len(article) :]
    return noun


def with_article(noun: str) -> str:
    """The noun with "a" or "an"."""
    return ("an " if noun[0].lower() in "aeiou" else "a ") + noun


def capitalized(text: str) -> str:
    """The text with its first letter in upper case and the others as they are."""
    return text[:1].upper() + text[1:]


def facts_of(table: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[Fact, ...]:
    """The facts of a table of keys and values."""
    pairs = table.items() if isinstance(table, Mapping) else table
    return tuple(Fact(key, value, bare(value)) for key, value in pairs)


def reversed_facts(table: Mapping[str, str]) -> tuple[Fact, ...]:
    """The facts of a table asked from value to key, where the value belongs to one key only."""
    times = Counter(table.values())
    return facts_of([(value, key) for key, value in table.items() if times[value] == 1])


def put(template: str, fact: Fact) -> str:
    """The template with the fields of the fact in it; a value that ends in a full stop ends the sentence."""
    fields = {"key": fact.key, "value": fact.value, "more": fact.more, "bare": bare(fact.key)}
    return template.format(**fields).replace("..", ".")


def fill(template: str, fact: Fact) -> str:
    """The same as a sentence of its own: with a capital letter."""
    return capitalized(put(template, fact))


def held_out_frame(relation: Relation) -> str:
    """The one general frame that a relation is never trained with."""
    return FRAMES[sum(map(ord, relation.name)) % len(FRAMES)]


def held_out_phrasings(relation: Relation, split: Split) -> tuple[str, ...]:
    """Every phrasing of a relation that is kept out of training, for one of the two splits that evaluate."""
    frame = FINAL_FRAME if split is Split.FINAL else held_out_frame(relation)
    return (*part(relation.held_out, split), frame.format(relation.indirect))


def training_phrasing(relation: Relation, rng: random.Random) -> str:
    """A phrasing to train with: one of the relation's own, now and then in a general frame."""
    chance = rng.random()
    if chance < 0.3:
        frames = [frame for frame in (*FRAMES, *MORE_FRAMES) if frame != held_out_frame(relation)]
        return rng.choice(frames).format(relation.indirect)
    phrasing = rng.choice(relation.phrasings)
    if chance < 0.45 and phrasing.endswith("?"):
        start = phrasing if phrasing.startswith("{") else phrasing[:1].lower() + phrasing[1:]
        return rng.choice(PREFIXES) + start
    return phrasing


def typed(instruction: str, rng: random.Random, keep_case: bool) -> str:
    """The instruction as people type it, with its case kept where the case has a meaning."""
    if not keep_case:
        return casual(instruction, rng)
    return instruction.rstrip("?.") if rng.random() < 0.15 else instruction


def ask(relation: Relation, fact: Fact, rng: random.Random, split: Split) -> str:
    """A question for a fact, neatly written, in a phrasing of the split."""
    if split is Split.TRAIN:
        return fill(training_phrasing(relation, rng), fact)
    return fill(rng.choice(held_out_phrasings(relation, split)), fact)


def example(relation: Relation, fact: Fact, rng: random.Random, split: Split) -> Example:
    """One example of a fact, in a phrasing of the split."""
    instruction = ask(relation, fact, rng, split)
    if split is Split.TRAIN:
        instruction = typed(instruction, rng, relation.keep_case)
    response = fill(rng.choice(relation.responses), fact)
    return Example(relation.category, instruction, response, answer=fact.answer)
