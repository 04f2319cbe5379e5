"""The chats in a history: which exchange goes on from which. What they have in common is kept once, and read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dolly_widget.history.exchange import Exchange
from dolly_widget.text import Turn

MAX_TURNS = 10_000_000
"""Of all exchanges of a file, each with its own tuple of turns: 80 MB. A few kB of a file can ask for any number."""


def places_before(exchanges: Sequence[Exchange]) -> Iterator[int | None]:
    """For each exchange, the place of the one whose end its turns are; None where it goes on from none of them."""
    ends: dict[tuple[int, Turn], int] = {}
    for place, each in enumerate(exchanges):
        before = ends.get((len(each.turns), each.turns[-1])) if each.turns else None
        yield before if before is not None and _goes_on(each, exchanges[before]) else None
        for turn in each.own_turn:
            ends[len(each.turns) + 1, turn] = place


def _goes_on(exchange: Exchange, before: Exchange) -> bool:
    """Whether the turns before the last, which is known to be the same, are the same."""
    return exchange.turns[:-1] == before.turns


class SharedTurns:
    """Reads the turns of one exchange after another; ``before`` is the list that they are appended to."""

    def __init__(self, before: Sequence[Exchange]) -> None:
        self._before = before
        self._gone_on_from: set[int] = set()
        self._count = 0

    def read(self, data: Any) -> tuple[Turn, ...]:
        """The turns of the JSON, in full or by the place of the exchange that they end with. Raises ValueError."""
        if not isinstance(data, dict):
            return tuple(map(_turn, _listed(data)))
        place = data.get("after")
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(self._before):
            raise ValueError("its turns follow an exchange that is not an earlier one")
        turns = self._before[place].turns_after
        if place not in self._gone_on_from:
            self._gone_on_from.add(place)
            self._count += len(turns)
        if self._count > MAX_TURNS:
            raise ValueError(f"with it, more than {MAX_TURNS:,} earlier turns would have to be kept")
        return turns


def _turn(data: Any) -> Turn:
    turn = _listed(data)
    if len(turn) != 3 or not all(isinstance(each, str) for each in turn):
        raise ValueError("a turn is not three texts")
    return Turn(*turn)


def _listed(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise ValueError("its turns are not a list")
    return data
