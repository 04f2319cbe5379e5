"""What was asked, and the answers before the newest one, which stands below. Knows nothing about models or sessions."""

from __future__ import annotations

import functools
import html
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import traitlets

from dolly_widget.text import Turn, encodable, markdown_to_html
from dolly_widget.widget.page.control import Control

MAX_SHOWN_TURNS = 200
"""Of a longer chat the end is shown: a history file of a few kB can hold any number of turns."""


_SHOWN = {"items", "earlier", "view_begins"}


@dataclass(frozen=True)
class Versions:
    """Other questions that were asked in the same place: which one this is, counted from 1, and how many there are."""

    number: int
    count: int


class Conversation(Control):
    """Shows turns, the newest last; the last one is the question whose answer stands in the view below.

    What changed goes to the page alone: ``{"from": 3, "items": […]}`` are the turns from place 3 of the list on. A page
    that lost something says ``{"event": "lost"}``, and is sent the whole list. ``on_edit`` gets the place of the
    question that the reader would change, ``on_version`` a place, and how many versions to go from the one shown.
    """

    scripts = ("response_copy.js", "rendered.js", "changing_list.js", "follower.js", "conversation.js")
    styles = ("answer.css", "tools.css", "conversation.css")
    only_shows = True

    items: traitlets.List[dict[str, Any]] = traitlets.List(
        traitlets.Dict(), help="place, question and answer (safe HTML), version and versions of each turn."
    ).tag(sync=True)
    earlier = traitlets.Unicode("", help="What is said above the first turn that is shown.").tag(sync=True)
    view_begins = traitlets.Int(0, help="Place of the first turn that the model was given.").tag(sync=True)
    is_resting = traitlets.Bool(False, help="Whether nothing can be changed now.").tag(sync=True)

    def __init__(self, on_edit: Callable[[int], None], on_version: Callable[[int, int], None]) -> None:
        self._sent: list[dict[str, Any]] = []  # what the pages have
        self._sending = threading.RLock()
        self._on_edit, self._on_version = on_edit, on_version
        self._html = functools.lru_cache(maxsize=1024)(turn_html)  # its own, freed with it: answers are long
        super().__init__()
        self.on_msg(self._on_page)
        self.show(())

    def show(self, turns: Sequence[Turn], versions: Sequence[Versions] = (), left_out: int = 0) -> None:
        """Show these turns in place of those before.

        ``versions`` are those of each turn; ``left_out`` is how many of the oldest turns the model was not given.
        """
        hidden = max(0, len(turns) - MAX_SHOWN_TURNS)
        with self.hold_sync():
            self.items = [
                self._item(place, turn, versions[place] if place < len(versions) else Versions(1, 1))
                for place, turn in enumerate(turns[hidden:], hidden)
            ]
            self.earlier = _gap(hidden)
            self.view_begins = left_out
        self.layout.display = None if turns else "none"

    def _item(self, place: int, turn: Turn, versions: Versions) -> dict[str, Any]:
        question, answer = self._html(turn)
        return {
            "place": place,
            "question": question,
            "answer": answer,
            "version": versions.number,
            "versions": versions.count,
        }

    def send_state(self, key: str | Iterable[str] | None = None) -> None:
        """Send these traits, or all, to the page; of a list that only grew, what is new."""
        names = {key} if isinstance(key, str) else set(self.keys if key is None else key)
        if "items" not in names:
            super().send_state(names)
            return
        with self._sending:
            sent, self._sent = self._sent, list(self.items)
            start = _common(sent, self._sent)
            if not start or names - _SHOWN:  # a page that joins gets all of it
                super().send_state(names)
                return
            if others := names - {"items"}:
                super().send_state(others)
            self.send({"from": start, "items": self._sent[start:]})

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        event, place = content.get("event"), content.get("place")
        if event == "lost":
            with self._sending:
                self._sent = []
                self.send_state({"items"})
        elif isinstance(place, int) and not self.is_resting:
            if event == "edit":
                self._on_edit(place)
            elif event == "version":
                self._on_version(place, 1 if content.get("step") == 1 else -1)

    def _facts(self) -> str:
        return f"{len(self.items)} turn{'' if len(self.items) == 1 else 's'}"


def _common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many values both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def turn_html(turn: Turn) -> tuple[str, str]:
    """Safe HTML of a question, and of its answer, "" where it is still to be answered."""
    question = f'<div class="dw-turn-text" dir="auto">{_escaped(turn.instruction)}</div>{_context_html(turn.context)}'
    return question, markdown_to_html(turn.answer) if turn.answer.strip() else ""


def _context_html(context: str) -> str:
    words = len(context.split())
    if not words:
        return ""
    return (
        f'<details class="dw-turn-context"><summary>Context · {words:,} {"word" if words == 1 else "words"}</summary>'
        f'<div dir="auto">{_escaped(context)}</div></details>'
    )


def _escaped(text: str) -> str:
    return html.escape(encodable(text))


def _gap(hidden: int) -> str:
    return f"{hidden:,} earlier {'turn is' if hidden == 1 else 'turns are'} not shown." if hidden else ""
