"""Where chats part: the other questions that were asked in the place of each one. Pure: exchanges in, exchanges out."""

from __future__ import annotations

from collections.abc import Sequence

from dolly_widget.history.exchange import Exchange
from dolly_widget.text import Turn


def branches(exchanges: Sequence[Exchange], shown: Exchange) -> list[tuple[Exchange, ...]]:
    """For each question of ``shown``'s chat, its last one included, the newest exchange of each version of it.

    A version is another turn after the same ones: another question, or another answer that was gone on from. Other
    answers to the last question are none. They stand in the order in which they were first asked; ``shown`` is one.
    """
    path = _path(shown)
    last = len(path) - 1
    firsts = _first_questions(exchanges, path[0].instruction)
    found: list[dict[object, Exchange]] = [{} for _ in path]
    for each in [*exchanges, shown]:
        own = _path(each)
        if own[0].instruction not in firsts:  # another chat
            continue
        for place in range(min(_common(path, own) + 1, len(path), len(own))):
            found[place][own[place] if place < last else own[place][:2]] = each
    return [tuple(versions.values()) for versions in found]


def _first_questions(exchanges: Sequence[Exchange], question: str) -> set[str]:
    """The first questions of a chat that are one another's versions: every other chat has a first question, too."""
    pairs = [(each.instruction, each.instead_of) for each in exchanges if each.instead_of and not each.turns]
    found: set[str] = set()
    added = {question}
    while added:
        found |= added
        added = {text for pair in pairs if found & set(pair) for text in pair} - found
    return found


def _path(exchange: Exchange) -> tuple[Turn, ...]:
    return (*exchange.turns, Turn(exchange.instruction, exchange.context, exchange.result.text))


def _common(one: Sequence[Turn], other: Sequence[Turn]) -> int:
    """How many turns both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a is not b and a != b), min(len(one), len(other)))
