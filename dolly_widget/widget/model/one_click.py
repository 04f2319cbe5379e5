"""Models that one click loads: buttons behind a line of text. Knows nothing of where their files come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple

import ipywidgets as widgets

from dolly_widget.widget.page.subshells import handle_during_cells


class Offer(NamedTuple):
    """A model, and what its button says."""

    model: str
    """What is loaded: a name, an id or a path."""
    label: str
    tooltip: str = ""


class OneClick(widgets.Box):
    """Hidden while there is nothing to offer. ``on_choose`` gets the model of the button that was clicked.

    The ``most`` buttons are made at once: those that a thread makes later are missing in a notebook saved by nbclient.
    """

    def __init__(self, on_choose: Callable[[str], None], most: int) -> None:
        self._on_choose = on_choose
        self._is_disabled = False
        self.text = widgets.HTML()
        self.buttons = tuple(self._button(place) for place in range(most))
        self._offers: tuple[Offer | None, ...] = ()
        super().__init__([self.text, *self.buttons], layout={"display": "none"})
        self.add_class("dw-one-click")
        handle_during_cells(self.buttons)

    def show(self, html: str, offers: Sequence[Offer | None]) -> None:
        """Show safe HTML and a button for each offer, of which there are at most ``most``; nothing where there is none.

        None takes the button of its place away: a click that comes late is then on no other offer.
        """
        self.text.value = html
        self.text.layout.display = None if html else "none"
        self._offers = tuple(offers)
        for button, offer in zip_longest(self.buttons, offers):
            button.layout.display = "none" if offer is None else None
            if offer is not None:
                button.description, button.tooltip, button.disabled = offer.label, offer.tooltip, self._is_disabled
        self.layout.display = None if any(offers) else "none"

    @property
    def disabled(self) -> bool:
        """Whether nothing can be chosen now."""
        return self._is_disabled

    @disabled.setter
    def disabled(self, value: bool) -> None:
        self._is_disabled = value
        for button, _ in zip(self.buttons, self._offers, strict=False):  # each is a message to the page
            button.disabled = value

    def _button(self, place: int) -> widgets.Button:
        button = widgets.Button(layout={"display": "none"})
        button.on_click(lambda _: self._choose(place))
        return button

    def _choose(self, place: int) -> None:
        offer = self._offers[place] if place < len(self._offers) else None
        if offer is not None:  # a click may come late
            self._on_choose(offer.model)
