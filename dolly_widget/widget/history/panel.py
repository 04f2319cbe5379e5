"""The answers so far as a list to search, to go back to and to take away. Knows nothing about engines or threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import traitlets

from dolly_widget.history import Exchange, History, has_words
from dolly_widget.text import encodable, visible_name
from dolly_widget.widget.page.control import Control
from dolly_widget.widget.page.fold import Fold

PAGE_ROWS = 50
"""Most rows in one message to the page."""
_SHOWN_CHARS = 160
_ENDS = {"stop": "ended by itself", "length": "reached the limit", "cancelled": "stopped"}
_EXPORTS: dict[str, Callable[[History], str]] = {
    "json": History.to_json,
    "md": History.to_markdown,
}


class HistoryList(Control):
    """Rows of the newest answers that ``query`` finds; the page asks for the older ones, and for files.

    ``exchanges`` is what answers are appended to; ``on_show`` gets the one that the reader chooses.
    """

    scripts = ("../page/keys.js", "rows.js", "panel.js")
    styles = ("panel.css",)

    query = traitlets.Unicode("", help="The words that the reader searches for.").tag(sync=True)
    # One value, so that its parts always fit together, whichever thread sets it.
    listing: traitlets.Dict[str, Any] = traitlets.Dict(
        help="query, rows (the newest, at most PAGE_ROWS), matches and total (numbers of answers)."
    ).tag(sync=True)
    shown = traitlets.Int(-1, help="Place of the answer that is shown, counted from 0; -1: none.").tag(sync=True)
    is_resting = traitlets.Bool(False, help="Whether no other answer can be shown now.").tag(sync=True)

    def __init__(self, exchanges: Sequence[Exchange], on_show: Callable[[Exchange], None]) -> None:
        self._exchanges, self._on_show = exchanges, on_show
        self._lock = threading.Lock()
        super().__init__()
        self.refresh()
        self.observe(lambda _: self.refresh(), "query")
        self.on_msg(self._on_page)

    def refresh(self) -> None:
        """List the current answers."""
        with self._lock:
            places = self._places()
            self.listing = {
                "query": self.query,
                "rows": self._rows(places),
                "matches": len(places),
                "total": len(self._exchanges),
            }

    def _places(self) -> Sequence[int]:
        """Places of the answers that are looked for, the newest first."""
        newest_first = range(len(self._exchanges) - 1, -1, -1)
        words = self.query.casefold().split()
        return [place for place in newest_first if has_words(self._exchanges[place], words)] if words else newest_first

    def _rows(self, places: Sequence[int]) -> list[dict[str, Any]]:
        return [_row(place, self._exchanges[place]) for place in islice(places, PAGE_ROWS)]

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        """Do what a view asks; an answer to it bears its ``request``, since all views hear it."""
        kind, place, request = content.get("kind"), content.get("place", -1), content.get("request")
        if kind == "show" and not self.is_resting and 0 <= place < len(self._exchanges):
            self._on_show(self._exchanges[place])
        elif kind == "more" and content.get("query") == self.query:
            older = [each for each in self._places() if each < place]
            self.send({"kind": "more", "request": request, "rows": self._rows(older)})
        elif kind == "export" and content.get("format") in _EXPORTS:
            self.send({"kind": "file", "request": request, **self._file(content["format"])})

    def _file(self, ending: str) -> dict[str, str]:
        found = History(self._exchanges[place] for place in reversed(self._places()))
        return {"name": f"dolly-history.{ending}", "text": _EXPORTS[ending](found)}

    def _facts(self) -> str:
        return f"{len(self._exchanges)} answers"


def _row(place: int, exchange: Exchange) -> dict[str, Any]:
    return {
        "place": place,
        "instruction": _shortened(exchange.instruction),
        "answer": _shortened(exchange.result.text),
        "facts": " · ".join(_facts(exchange)),
    }


def _facts(exchange: Exchange) -> list[str]:
    """No times: what a notebook saves is the same in every run."""
    result = exchange.result
    tokens = f"{result.new_tokens:,} {'token' if result.new_tokens == 1 else 'tokens'}"
    model = [_shortened(visible_name(exchange.model_name))] if exchange.model_name else []
    return [*model, tokens, _ENDS[result.finish_reason], f"seed {result.seed}"]


def _shortened(text: str) -> str:
    # Of a long text, no more than may be shown is looked at.
    line = encodable(" ".join(text[: 4 * _SHOWN_CHARS].split()))
    return line if len(line) <= _SHOWN_CHARS and len(text) <= 4 * _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1]}…"


class HistoryPanel(Fold):
    """ "History · 12": ``history`` folded away, which is the list that answers are appended to.

    ``on_show`` gets the exchange that the reader chooses; the answer to that is ``show``.
    """

    def __init__(self, history: Sequence[Exchange], on_show: Callable[[Exchange], None]) -> None:
        self._history = history
        self.list = HistoryList(history, on_show)
        super().__init__("History", self.list)
        self.refresh()

    def refresh(self) -> None:
        """List the current answers; call it after each change of the history."""
        count = len(self._history)
        self.title = f"History · {count:,}" if count else "History"
        self.list.refresh()

    def show(self, exchange: Exchange | None) -> None:
        """Mark the answer that is shown; None unmarks all."""
        places = range(len(self._history) - 1, -1, -1)
        self.list.shown = next((place for place in places if self._history[place] is exchange), -1)

    def rest(self, is_resting: bool) -> None:
        """Whether no other answer can be shown now: one is being written."""
        self.list.is_resting = is_resting

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}({len(self._history)} answers)"
