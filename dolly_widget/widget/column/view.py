"""What a person says about a column, and the rows, a page of them at a time. Knows no session and no table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import traitlets

from dolly_widget.text import encodable
from dolly_widget.widget.column.shapes import KINDS, TEXT
from dolly_widget.widget.page.control import Control

_FORM = ("table", "instruction", "kind", "details", "into")
PAGE_ROWS = 20
"""Most rows in one message to the page."""
NOTE_CHARS = 1000


@dataclass(frozen=True)
class ColumnActions:
    """What a person does, and who does it."""

    look: Callable[[], None]
    """Looks for the tables of the notebook again."""
    start: Callable[[bool], None]
    """Answers all rows; True: a few, to try it."""
    stop: Callable[[], None]
    turn: Callable[[], None]
    """Shows the page of rows that ``place`` and ``order`` say."""


class ColumnView(Control):
    """A form, how far the run is, and a page of its rows. Every text goes to the page as text."""

    scripts = ("fields.js", "rows.js", "view.js")
    styles = ("view.css", "rows.css")

    # What a person sets.
    table = traitlets.Unicode("", help="The name of the table.").tag(sync=True)
    instruction = traitlets.Unicode("", help="What is done with each row; columns in braces.").tag(sync=True)
    kind = traitlets.Enum(KINDS, TEXT, help="The shape of an answer.").tag(sync=True)
    details = traitlets.Unicode("", help="Its choices, or its pattern.").tag(sync=True)
    into = traitlets.Unicode("answer", help="The column of the answers.").tag(sync=True)
    # What is shown.
    tables: traitlets.List[dict[str, Any]] = traitlets.List(
        help="Each with its name, its number of rows, and its columns."
    ).tag(sync=True)
    state = traitlets.Enum(("ready", "waiting", "running", "stopping"), "ready").tag(sync=True)
    run_label = traitlets.Unicode("", help="What the button says that answers all rows.").tag(sync=True)
    progress: traitlets.Dict[str, Any] = traitlets.Dict(
        help="done and total (rows), and figures; empty before a run."
    ).tag(sync=True)
    note = traitlets.Unicode("", help="What is to be told, as text.").tag(sync=True)
    is_wrong = traitlets.Bool(False, help="Whether the note says that something is wrong.").tag(sync=True)
    # One value, so that its parts always fit together, whichever thread sets it.
    listing: traitlets.Dict[str, Any] = traitlets.Dict(
        help="columns, into, rows (at most PAGE_ROWS), place (of the first), total and order; empty before a run."
    ).tag(sync=True)

    def __init__(self, actions: ColumnActions) -> None:
        self._actions = actions
        self.place, self.order = 0, "table"
        super().__init__()
        self.on_msg(self._on_page)

    def tell(self, note: str, *, is_wrong: bool = False) -> None:
        """Say something below the form, no more than ``NOTE_CHARS`` of it; "" takes it away."""
        short = note if len(note) <= NOTE_CHARS else f"{note[: NOTE_CHARS - 1]}…"
        self.note, self.is_wrong = encodable(short), is_wrong

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        kind = content.get("kind")
        if kind == "look":
            self._actions.look()
        elif kind in ("try", "run"):
            self._take(content.get("form"))
            self._actions.start(kind == "try")
        elif kind == "stop":
            self._actions.stop()
        elif kind == "turn":
            self._turn(content.get("place"), content.get("order"))

    def _take(self, form: Any) -> None:
        """Take the form as it was at the click: what was typed last may come after it."""
        for name in _FORM:
            if isinstance(form, dict) and isinstance(form.get(name), str):
                setattr(self, name, form[name])

    def _turn(self, place: Any, order: Any) -> None:
        if isinstance(place, int) and order in ("table", "uncertain"):
            self.place, self.order = max(0, place), order
            self._actions.turn()

    @traitlets.validate("instruction", "details", "into")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])

    def _facts(self) -> str:
        return repr(self.table)
