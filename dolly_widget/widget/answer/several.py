"""Several answers to one question, side by side, of which the reader chooses one. Knows no engine and no session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ipywidgets as widgets

from dolly_widget.history import Exchange
from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.layout import descendants
from dolly_widget.widget.page.subshells import handle_during_cells

COUNT = 4
"""How many answers there are."""


class _Column(widgets.VBox):
    """One answer, and the button that chooses it."""

    def __init__(self, number: int) -> None:
        self.exchange: Exchange | None = None
        self.view = ResponseView(label=f"Answer {number}", placeholder="This answer is yet to come.")
        self.choose = widgets.Button(description="Go on with this", tooltip=f"Go on with answer {number}")
        super().__init__([self.view, self.choose])
        self.add_class("dw-column")
        self.empty()

    def empty(self) -> None:
        """There is no answer yet."""
        self.exchange, self.choose.disabled = None, True
        self.view.clear()

    def finish(self, exchange: Exchange) -> None:
        """Here is the answer."""
        self.exchange, self.choose.disabled = exchange, not exchange.result.text
        result = exchange.result
        beside = {"note": messages.ending_note(result), "reasoning": result.reasoning, "thought": result.thought}
        self.view.finish(result.text, **beside)


class Several(widgets.GridBox):
    """Hidden but while there are several answers. ``on_choose`` gets the one that the reader chooses.

    Begin with ``start``; then, for each answer, ``begin``, its text to ``view``, and ``finish``.
    """

    _place = _count = 0

    def __init__(self, on_choose: Callable[[Exchange], None]) -> None:
        self._on_choose = on_choose
        self._columns: tuple[_Column, ...] = ()  # made when they are needed: most widgets never do
        super().__init__(layout={"display": "none"})
        self.add_class("dw-several")

    @property
    def is_writing(self) -> bool:
        """Whether answers are still to come."""
        return self.is_open and self._place < self._count

    @property
    def is_open(self) -> bool:
        """Whether it is seen."""
        return self.layout.display is None

    def start(self) -> None:
        """Make room for all answers."""
        if not self._columns:
            self.children = self._columns = tuple(map(_Column, range(1, COUNT + 1)))
            for column in self._columns:
                column.choose.on_click(partial(self._choose, column))
            handle_during_cells(descendants(self))
        for column in self._columns:
            column.empty()
        self._place, self._count = 0, COUNT
        self.layout.display = None

    def begin(self) -> None:
        """The next answer is about to come."""
        self.view.begin()

    @property
    def view(self) -> ResponseView:
        """Where the answer is shown that is being written."""
        return self._columns[self._place].view

    def finish(self, exchange: Exchange) -> None:
        """The answer is whole."""
        self._columns[self._place].finish(exchange)
        self._place += 1

    def end(self) -> None:
        """No answer comes after the one that is being written."""
        self._count = min(self._count, self._place + 1)

    def fail(self) -> None:
        """Nor does this one."""
        self._columns[self._place].empty()
        self._count = self._place

    def hide(self) -> None:
        """Show none of them any longer."""
        self._count, self.layout.display = 0, "none"

    def _choose(self, column: _Column, _: widgets.Button) -> None:
        if column.exchange is not None and not self.is_writing:
            self._on_choose(column.exchange)
