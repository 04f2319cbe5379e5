"""Leafing through the answers so far. Knows nothing about engines: it is told of exchanges, and tells which to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from dolly_widget.widget.answers import Exchange

_SHOWN_CHARS = 40


class Pager(widgets.HBox):
    """Two buttons, and the number of the answer that is shown between them; not there until there is another one.

    ``history`` is the list that the answers are appended to; ``on_show`` gets the one that the reader goes to.
    """

    _is_resting = False

    def __init__(self, history: Sequence[Exchange], on_show: Callable[[Exchange], None]) -> None:
        self._history, self._on_show = history, on_show
        self._index = 0
        self._back = widgets.Button(description="Older", tooltip="The answer before")
        self._next = widgets.Button(description="Newer", tooltip="The next answer")
        self._label = widgets.Label()
        self._back.on_click(lambda _: self._go(-1))
        self._next.on_click(lambda _: self._go(1))
        super().__init__([self._back, self._label, self._next])
        self.add_class("dw-pager")
        self.show(None)

    def show(self, exchange: Exchange | None) -> None:
        """Tell which answer is shown; None: another one is to come, or the answer was cleared away."""
        count = len(self._history)
        self._index = count if exchange is None else next(i for i, each in enumerate(self._history) if each is exchange)
        others = count if exchange is None else count - 1
        self.layout.display = None if others else "none"
        self._label.value = f"{count:,} so far" if exchange is None else f"Answer {self._index + 1:,} of {count:,}"
        self._label.tooltip = "" if exchange is None else _shortened(exchange.instruction)
        self._enable()

    def rest(self, is_resting: bool) -> None:
        """Whether to stay where the reader is: an answer is being written."""
        self._is_resting = is_resting
        self._enable()

    def _enable(self) -> None:
        self._back.disabled = self._is_resting or self._index == 0
        self._next.disabled = self._is_resting or self._index >= len(self._history) - 1

    def _go(self, step: int) -> None:
        # A click may have been on its way when the answer began.
        if not self._is_resting and 0 <= self._index + step < len(self._history):
            self._on_show(self._history[self._index + step])


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"
