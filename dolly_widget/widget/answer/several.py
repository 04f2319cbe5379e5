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
_NONE = "No answer."


class _Column(widgets.VBox):
    """One answer, its figures, and the button that chooses it."""

    def __init__(self, number: int) -> None:
        self.exchange: Exchange | None = None
        self.view = ResponseView(label=f"Answer {number}")
        self.stats = widgets.HTML()
        self.choose = widgets.Button(description="Go on with this", tooltip=f"Go on with answer {number}")
        super().__init__([self.view, self.stats, self.choose])
        self.add_class("dw-column")
        self.empty()

    def empty(self) -> None:
        """There is no answer yet."""
        self.exchange, self.choose.disabled, self.stats.value = None, True, ""
        self.view.placeholder = "This answer is yet to come."
        self.view.clear()

    def write(self, name: str, text: str) -> None:
        """Show what there is so far: "text", or "reasoning"."""
        if not self.view.is_streaming:
            self.view.begin()
        setattr(self.view, name, text)

    def finish(self, exchange: Exchange) -> None:
        """Here is the answer."""
        self.exchange, self.choose.disabled = exchange, not exchange.result.text
        result, self.view.placeholder = exchange.result, _NONE
        beside = {"note": messages.ending_note(result), "reasoning": result.reasoning, "thought": result.thought}
        self.view.finish(result.text, **beside)
        self.stats.value = messages.stats_line(result) if result.new_tokens else ""

    def break_off(self, why: str) -> None:
        """No more of it comes; what is there stays."""
        self.view.placeholder = _NONE
        if self.view.text or self.view.reasoning:
            self.view.finish(self.view.text, note=why, reasoning=self.view.reasoning)
        else:
            self.view.clear()


class Several(widgets.GridBox):
    """Hidden but while there are several answers. ``on_choose`` gets the one that the reader chooses.

    Begin with ``start``; give the text of each to ``write``, and what came of it to ``finish``; then ``end``.
    """

    is_writing = False
    """Whether answers are still to come."""

    def __init__(self, on_choose: Callable[[Exchange], None]) -> None:
        self._on_choose = on_choose
        self._columns: tuple[_Column, ...] = ()  # made when they are needed: most widgets never do
        super().__init__(layout={"display": "none"})
        self.add_class("dw-several")

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
        self.is_writing, self.layout.display = True, None

    def write(self, place: int, name: str, text: str) -> None:
        """Show one of the answers so far, counted from 0: its "text", or its "reasoning"."""
        self._columns[place].write(name, text)

    def finish(self, place: int, outcome: Exchange | Exception) -> None:
        """An answer is whole, or failed."""
        column = self._columns[place]
        if isinstance(outcome, Exchange):
            column.finish(outcome)
        else:
            column.break_off(messages.BROKEN_OFF)
            column.stats.value = messages.error_html(outcome)

    def end(self, why: str = "") -> None:
        """No more comes; ``why`` stands below what is not whole."""
        self.is_writing = False
        for column in self._columns:
            if column.exchange is None and not column.stats.value:  # which says why one has failed
                column.break_off(why)

    def hide(self) -> None:
        """Show none of them any longer."""
        self.is_writing, self.layout.display = False, "none"

    def _choose(self, column: _Column, _: widgets.Button) -> None:
        if column.exchange is not None and not self.is_writing:
            self._on_choose(column.exchange)
