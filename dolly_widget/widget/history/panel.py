"""The answers so far as a list to search, to go back to and to take away. Knows nothing about engines or threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import traitlets

from dolly_widget.history import Exchange, History, has_words
from dolly_widget.text import encodable, visible_name
from dolly_widget.widget.page.control import Control
from dolly_widget.widget.page.fold import Fold
from dolly_widget.widget.session.edits import Edit

PAGE_ROWS = 50
"""Most rows in one message to the page."""
_SHOWN_CHARS = 160
_NAME_CHARS = 60
_ENDS = {
    "stop": "ended by itself",
    "length": "reached the limit",
    "cancelled": "stopped",
    "broken": "the connection broke",
}
_EXPORTS: dict[str, Callable[[History], str]] = {
    "json": History.to_json,
    "md": History.to_markdown,
}


@dataclass(frozen=True)
class HistoryActions:
    """What a reader does with an answer of the list, and who does it."""

    show: Callable[[Exchange], None]
    delete: Callable[[Exchange], None]
    undo: Callable[[], None]
    """Brings back what was deleted last."""
    label: Callable[[Exchange, str], None]
    """Gives it a name of the reader's own."""


class HistoryList(Control):
    """Rows of the newest answers that ``query`` finds; the page asks for the older ones, and for files.

    ``exchanges`` is what answers are appended to. A row is known by its place there, counted from 0, which an edit
    may change: so a message of the page names how many ``edits`` it has heard of, and one that comes late is not heard.
    """

    scripts = ("../page/keys.js", "rows.js", "files.js", "edits.js", "panel.js")
    styles = ("panel.css",)

    query = traitlets.Unicode("", help="The words that the reader searches for.").tag(sync=True)
    # One value, so that its parts always fit together, whichever thread sets it.
    listing: traitlets.Dict[str, Any] = traitlets.Dict(
        help="query, rows (the newest, at most PAGE_ROWS), matches and total (numbers of answers), "
        "edits (their number) and edit (the last one)."
    ).tag(sync=True)
    shown = traitlets.Int(-1, help="Place of the answer that is shown, counted from 0; -1: none.").tag(sync=True)
    deleted = traitlets.Unicode("", help="What was deleted and can be brought back; empty: nothing.").tag(sync=True)
    is_resting = traitlets.Bool(False, help="Whether nothing can be shown or changed now.").tag(sync=True)

    def __init__(self, exchanges: Sequence[Exchange], actions: HistoryActions) -> None:
        self._exchanges, self._actions = exchanges, actions
        self._edits = 0
        self._edit: dict[str, Any] | None = None  # the last one, for the page
        self._lock = threading.Lock()
        super().__init__()
        self.refresh()
        self.observe(lambda _: self.refresh(), "query")
        self.on_msg(self._on_page)

    def refresh(self, edit: Edit | None = None) -> None:
        """List the current answers; ``edit`` is what has happened to the list, if it was more than a new answer."""
        with self._lock:
            places, exchanges = self._found()
            if edit is not None:
                self._edits, self._edit = self._edits + 1, _edit_data(edit, places, exchanges)
            self.listing = {
                "query": self.query,
                "rows": _rows(places, exchanges),
                "matches": len(places),
                "total": len(exchanges),
                "edits": self._edits,
                "edit": self._edit,
            }

    def _found(self) -> tuple[Sequence[int], Sequence[Exchange]]:
        """Places of the answers that are looked for, the newest first, and all answers, as they are just now."""
        exchanges, words = tuple(self._exchanges), self.query.casefold().split()
        newest_first = range(len(exchanges) - 1, -1, -1)
        found = [place for place in newest_first if has_words(exchanges[place], words)] if words else newest_first
        return found, exchanges

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        """Do what a view asks; an answer to it bears its ``request``, since all views hear it."""
        kind, request = content.get("kind"), content.get("request")
        if kind == "export" and content.get("format") in _EXPORTS:
            self.send({"kind": "file", "request": request, **self._file(content["format"])})
        elif kind == "undo" and self.deleted and not self.is_resting:
            self._actions.undo()
            self.deleted = ""  # last: the page goes on from Undo to the row
        elif content.get("edits") == self._edits and isinstance(content.get("place"), int):
            self._on_row(kind, content["place"], content)

    def _on_row(self, kind: Any, place: int, content: dict[str, Any]) -> None:
        places, exchanges = self._found()
        if kind == "more" and content.get("query") == self.query:
            older = [each for each in places if each < place]
            self.send({"kind": "more", "request": content.get("request"), "rows": _rows(older, exchanges)})
        elif kind in ("show", "label", "delete") and 0 <= place < len(exchanges) and not self.is_resting:
            self.deleted = ""
            self._act(kind, exchanges[place], content.get("label"))

    def _act(self, kind: str, exchange: Exchange, label: Any) -> None:
        if kind == "show":
            self._actions.show(exchange)
        elif kind == "label" and isinstance(label, str):
            self._actions.label(exchange, label)
        elif kind == "delete":
            # First: the page can go on to Undo when the row goes.
            self.deleted = _shortened(exchange.label or exchange.instruction, _NAME_CHARS) or "an answer"
            self._actions.delete(exchange)
            if any(each is exchange for each in self._exchanges):  # it was refused
                self.deleted = ""

    def _file(self, ending: str) -> dict[str, str]:
        places, exchanges = self._found()
        found = History(exchanges[place] for place in reversed(places))
        return {"name": f"dolly-history.{ending}", "text": _EXPORTS[ending](found)}

    def _facts(self) -> str:
        return f"{len(self._exchanges)} answers"


def _rows(places: Sequence[int], exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    return [_row(place, exchanges[place]) for place in islice(places, PAGE_ROWS)]


def _edit_data(edit: Edit, places: Sequence[int], exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """An edit for the page: with the row that is there now, if it is found, and how many that are found are newer."""
    is_found = edit.kind != "remove" and edit.place in places
    return {
        "kind": edit.kind,
        "place": edit.place,
        "row": _row(edit.place, exchanges[edit.place]) if is_found else None,
        "index": sum(place > edit.place for place in places),
    }


def _row(place: int, exchange: Exchange) -> dict[str, Any]:
    return {
        "place": place,
        "label": encodable(exchange.label),
        "time": exchange.time_text,
        "instruction": _shortened(exchange.instruction),
        "answer": _shortened(exchange.result.text),
        "facts": " · ".join(_facts(exchange)),
    }


def _facts(exchange: Exchange) -> list[str]:
    result = exchange.result
    tokens = f"{result.new_tokens:,} {'token' if result.new_tokens == 1 else 'tokens'}"
    model = [_shortened(visible_name(exchange.model_name))] if exchange.model_name else []
    return [*model, tokens, _ENDS[result.finish_reason], result.origin]


def _shortened(text: str, chars: int = _SHOWN_CHARS) -> str:
    # Of a long text, no more than may be shown is looked at.
    line = encodable(" ".join(text[: 4 * chars].split()))
    return line if len(line) <= chars and len(text) <= 4 * chars else f"{line[: chars - 1]}…"


class HistoryPanel(Fold):
    """ "History · 12": ``history`` folded away, which is the list that answers are appended to.

    The answer to ``actions.show`` is ``show``, and to its others ``refresh``.
    """

    def __init__(self, history: Sequence[Exchange], actions: HistoryActions) -> None:
        self._history = history
        self.list = HistoryList(history, actions)
        super().__init__("History", self.list)
        self.refresh()

    def refresh(self, edit: Edit | None = None) -> None:
        """List the current answers; ``edit`` is what has happened to the history, if it was more than a new answer."""
        count = len(self._history)
        self.title = f"History · {count:,}" if count else "History"
        self.list.refresh(edit)

    def show(self, exchange: Exchange | None) -> None:
        """Mark the answer that is shown; None unmarks all."""
        places = range(len(self._history) - 1, -1, -1)
        self.list.shown = next((place for place in places if self._history[place] is exchange), -1)

    def rest(self, is_resting: bool) -> None:
        """Whether nothing can be shown or changed now: an answer is being written."""
        self.list.is_resting = is_resting
        if is_resting:
            self.list.deleted = ""

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}({len(self._history)} answers)"
