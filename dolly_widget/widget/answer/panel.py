"""The answering half of a DollyWidget: the conversation, the answer that is shown or written, and what follows it.

Knows no engine and no session: it is told what to show, and tells what a reader does by one value, `AnswerActions`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets

from dolly_widget.history import Exchange
from dolly_widget.history.as_code import as_code
from dolly_widget.history.branches import branches
from dolly_widget.text import Turn
from dolly_widget.widget.answer.conversation import Conversation, Versions
from dolly_widget.widget.answer.pager import Pager
from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.widget.answer.several import COUNT, Several
from dolly_widget.widget.lens.panel import LensPanel
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.layout import show_in
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.continuing import can_go_on


@dataclass(frozen=True)
class AnswerActions:
    """What a reader can do at an answer."""

    edit: Callable[[int], Any]
    """Gets the place of a question in the conversation."""
    regenerate: Callable[[], Any]
    regenerate_several: Callable[[int], Any]
    """Gets how many."""
    go_on: Callable[[], Any]
    show: Callable[[Exchange], None]
    """Gets an earlier answer."""


class AnswerPanel(widgets.VBox):
    """``lens`` is a panel that is there already; ``history`` is the list that answers are appended to."""

    def __init__(self, actions: AnswerActions, lens: LensPanel, history: Sequence[Exchange]) -> None:
        self._history, self._show_earlier = history, actions.show
        self._shown: Exchange | None = None
        self._branches: tuple[Sequence[Exchange], ...] = ()
        self._is_lens_shown = False
        self.conversation = Conversation(on_edit=actions.edit, on_version=self._show_version)
        self.view = ResponseView()
        self.several = Several(actions.show)
        self.stats = widgets.HTML()
        self.pace = widgets.HTML()  # apart: a screen reader would say each change of the line beside it
        self.pager = Pager(history, actions.show)
        self.go_on = widgets.Button(
            description="Continue",
            icon="forward",
            tooltip="Go on with this answer, which ended before its end.",
            layout={"display": "none"},
        )
        self.regenerate = widgets.Button(
            description="Regenerate", icon="refresh", tooltip="Answer again, with the same settings and another seed."
        )
        self.regenerate_several = widgets.Button(
            description=f"× {COUNT}", tooltip=f"Write {COUNT} more answers, side by side, and choose one."
        )
        self.lens_toggle = widgets.ToggleButton(
            description="Token lens", icon="eye", tooltip="Colour each token of the answer by how likely it was."
        )
        self.lens = lens
        self.go_on.on_click(lambda _: actions.go_on())
        self.regenerate.on_click(lambda _: actions.regenerate())
        self.regenerate_several.on_click(lambda _: actions.regenerate_several(COUNT))
        super().__init__(self._arranged())

    def _arranged(self) -> tuple[widgets.Widget, ...]:
        actions = widgets.HBox([self.go_on, self.regenerate, self.regenerate_several, self.lens_toggle])
        foot = widgets.HBox([self.stats, self.pace, self.pager, actions])
        self._scrolled = scrolled = widgets.VBox([self.conversation, self.view, self.several])
        parts = {"answering": self, "foot": foot, "actions": actions, "conversation": scrolled, "status": self.stats}
        for name, part in parts.items():
            part.add_class(f"dw-{name}")
        return scrolled, self.lens.view, self.lens.place, foot, self.lens

    def rest(self, is_resting: bool, has_answer: bool) -> None:
        """Whether an answer is being written, and whether there is one that can be gone on from."""
        self.conversation.is_resting = is_resting
        for button in (self.regenerate, self.regenerate_several, self.go_on):
            button.disabled = is_resting or not has_answer
        self.pager.rest(is_resting)
        show_in(self.pace, "")

    def show_lens(self, is_shown: bool) -> None:
        """Whether the coloured tokens take the answer's place."""
        self._is_lens_shown = is_shown
        self._show_view()

    def _show_view(self) -> None:
        is_comparing = self.several.is_open
        self.view.layout.display = "none" if self._is_lens_shown or is_comparing else None
        (self._scrolled.add_class if is_comparing else self._scrolled.remove_class)("dw-is-comparing")

    def show_busy(self, line: str) -> None:
        """Say what is going on, where the figures will be."""
        self.stats.value = messages.busy_line(line)

    def show_statistics(self) -> None:
        """Show the figures of the answer that is shown, if there is one."""
        if self.several.is_open:
            self.stats.value = messages.CHOOSE_LINE
        else:
            self.stats.value = "" if self._shown is None else messages.stats_line(self._shown.result)

    # While it is written

    def begin(self, asked: Asked) -> None:
        """Show that this is being answered."""
        self._forget()
        self.pager.show(asked)
        self.conversation.show((*asked.turns, Turn(asked.instruction, asked.context, "")))
        if asked.samples > 1:
            self.view.clear()
            self.several.start()
        else:
            self.several.hide()
            self.view.begin()
        self._show_view()

    def show_text(self, text: str) -> None:
        """Show the answer so far."""
        self.view.text = text

    def show_reasoning(self, text: str) -> None:
        """Show what the model thinks before its answer, so far."""
        self.view.reasoning = text

    def show_sample(self, place: int, name: str, text: str) -> None:
        """Show one of several answers so far: "text", or "reasoning"."""
        self.several.write(place, name, text)

    def finish_sample(self, place: int, outcome: Exchange | Exception) -> None:
        """Show what came of one of several answers."""
        self.several.finish(place, outcome)

    def show_pace(self, tokens: int, tokens_per_s: float) -> None:
        """Show how fast the answer is coming."""
        show_in(self.pace, messages.pace_line(tokens, tokens_per_s))

    def break_off(self, text: str) -> None:
        """Show the text so far of an answer that failed; nothing where there is none."""
        if self.several.is_writing:
            self.several.end(messages.BROKEN_OFF)
        elif text or self.view.reasoning:
            self.view.finish(text, note=messages.BROKEN_OFF, reasoning=self.view.reasoning)
        else:
            self.view.clear()
            self.conversation.show(())

    # Once it is whole

    def show(self, exchange: Exchange) -> None:
        """Show a finished answer below its question."""
        self._show_questions(exchange)
        if self.several.is_writing:
            self.several.end()
        else:
            self.several.hide()
            self._show_view()
        result = exchange.result
        beside = {"note": messages.ending_note(result), "reasoning": result.reasoning, "thought": result.thought}
        self.view.finish(result.text, code=as_code(exchange), **beside)
        self.go_on.layout.display = None if can_go_on(result) and not self.several.is_open else "none"
        self.show_statistics()
        self.pager.show(exchange)
        self.lens.refresh()

    def _show_questions(self, exchange: Exchange) -> None:
        self._shown = exchange
        self._branches = tuple(branches(self._history, exchange))
        turns = (*exchange.turns, Turn(exchange.instruction, exchange.context, ""))
        self.conversation.show(turns, [_versions(each, exchange) for each in self._branches], exchange.left_out)

    def follow(self, shown: Exchange | None) -> None:
        """The history has changed: the answer stays as it is, and what leads from it to others changes."""
        self.pager.show(shown)
        if shown is not None:
            self._show_questions(shown)

    def empty(self) -> None:
        """Take conversation, answer and figures away."""
        self._forget()
        self.pager.show(None)
        self.conversation.show(())
        self.view.clear()
        self.several.hide()
        self._show_view()

    def _forget(self) -> None:
        """No answer is shown."""
        self._shown = None
        self.go_on.layout.display = "none"
        self.lens.refresh()
        self.show_statistics()

    def _show_version(self, place: int, step: int) -> None:
        """Show the chat in which another question was asked at this place."""
        if self._shown is None or not 0 <= place < len(self._branches):
            return
        versions = self._branches[place]
        index = _versions(versions, self._shown).number - 1 + step
        if 0 <= index < len(versions):
            self._show_earlier(versions[index])


def _versions(versions: Sequence[Exchange], shown: Exchange) -> Versions:
    return Versions(next(number for number, each in enumerate(versions, 1) if each is shown), len(versions))
