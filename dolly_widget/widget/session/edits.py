"""What a reader changes in the history: exchanges deleted, brought back, and labelled. Knows no session and no page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dolly_widget.history import Exchange, as_label


@dataclass(frozen=True)
class Edit:
    """What happened to the list of exchanges."""

    kind: Literal["insert", "remove", "change"]
    place: int
    """Where, counted from 0."""


class Edits:
    """Changes ``exchanges``, a list that answers are appended to. Call all of it under one lock.

    A label makes another exchange of one, which takes its place: ``current`` finds it for those who hold the first.
    """

    def __init__(self, exchanges: list[Exchange]) -> None:
        self._exchanges = exchanges
        self._deleted: tuple[int, Exchange] | None = None
        # By id, with the exchange itself: the id is nobody else's while that lives.
        self._newer: dict[int, tuple[Exchange, Exchange]] = {}

    def current(self, exchange: Exchange) -> Exchange:
        """The exchange as it is now."""
        while id(exchange) in self._newer:
            exchange = self._newer[id(exchange)][1]
        return exchange

    def delete(self, exchange: Exchange) -> Edit:
        """Take it out. Raises ValueError where it is not there."""
        place = self._place(exchange)
        self._deleted = place, self._exchanges.pop(place)
        return Edit("remove", place)

    def undelete(self) -> Edit | None:
        """Put back, where it was, what was deleted last; None where there is nothing to put back."""
        if self._deleted is None:
            return None
        (place, exchange), self._deleted = self._deleted, None
        self._exchanges.insert(place, exchange)
        return Edit("insert", place)

    def label(self, exchange: Exchange, text: str) -> Edit:
        """Call it ``text``; "" takes its label away. Raises ValueError where it is not there."""
        place = self._place(exchange)
        old = self._exchanges[place]
        new = self._exchanges[place] = replace(old, label=as_label(text))
        self._newer[id(old)] = old, new
        return Edit("change", place)

    def _place(self, exchange: Exchange) -> int:
        """Not by ==: an exchange may be there twice."""
        wanted = self.current(exchange)
        for place, each in enumerate(self._exchanges):
            if each is wanted:
                return place
        raise ValueError("The history does not hold this exchange: take one of widget.history.")
