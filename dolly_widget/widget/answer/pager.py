"""Leafing through the answers that one instruction got. Knows nothing about engines: it gets exchanges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from dolly_widget.history import Exchange
from dolly_widget.widget.session.asked import Asked


class Pager(widgets.HBox):
    """Two buttons, and the number of the answer that is shown between them; not there until there is another one.

    ``history`` is the list that the answers are appended to; ``on_show`` gets the one that the reader goes to.
    """

    _is_resting = False

    def __init__(self, history: Sequence[Exchange], on_show: Callable[[Exchange], None]) -> None:
        self._history, self._on_show = history, on_show
        self._answers: list[Exchange] = []
        self._index = 0
        self.older = widgets.Button(description="Older", tooltip="The answer before, to the same instruction")
        self.newer = widgets.Button(description="Newer", tooltip="The next answer to the same instruction")
        self.label = widgets.Label()
        self.older.on_click(lambda _: self._go(-1))
        self.newer.on_click(lambda _: self._go(1))
        super().__init__([self.older, self.label, self.newer])
        self.add_class("dw-pager")
        self.show(None)

    def show(self, shown: Exchange | Asked | None) -> None:
        """Take which answer is shown, or what is being answered; None: the answer was cleared."""
        self._answers = [] if shown is None else [each for each in self._history if _is_same_question(each, shown)]
        count = len(self._answers)
        self._index = next((index for index, each in enumerate(self._answers) if each is shown), count)
        is_there = self._index < count
        others = count - is_there
        self.layout.display = None if others else "none"
        # It is not there while it is being written, and where it was deleted.
        besides = "so far" if isinstance(shown, Asked) else "other" if count == 1 else "others"
        self.label.value = f"Answer {self._index + 1:,} of {count:,}" if is_there else f"{count:,} {besides}"
        self._enable()

    def rest(self, is_resting: bool) -> None:
        """Whether to stay where the reader is: an answer is being written."""
        self._is_resting = is_resting
        self._enable()

    def _enable(self) -> None:
        self.older.disabled = self._is_resting or self._index == 0
        self.newer.disabled = self._is_resting or self._index >= len(self._answers) - 1

    def _go(self, step: int) -> None:
        # A click may have been on its way when the answer began.
        if not self._is_resting and 0 <= self._index + step < len(self._answers):
            self._on_show(self._answers[self._index + step])


def _is_same_question(one: Exchange, other: Exchange | Asked) -> bool:
    return (one.instruction, one.context, one.turns) == (other.instruction, other.context, other.turns)
