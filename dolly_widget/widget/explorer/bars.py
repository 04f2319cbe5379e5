"""The picture of a distribution: a table with bars in it. Knows nothing about models, settings or threads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import traitlets

from dolly_widget.lens import Table
from dolly_widget.widget.page.control import Control


class CandidateBars(Control):
    """Shows one `Table`. ``on_choose`` gets the id of a candidate that the reader picks, and the table's revision."""

    scripts = ("../page/keys.js", "nudge.js", "rows.js", "bars.js")
    styles = ("bars.css",)
    only_shows = True

    table = traitlets.Dict(help="What is shown: a Table as plain data, with its revision; {} for none.").tag(sync=True)
    is_outdated = traitlets.Bool(False, help="Whether the text has changed since.").tag(sync=True)
    announcement = traitlets.Unicode("", help="What a screen reader says, and others read.").tag(sync=True)

    def __init__(self, on_choose: Callable[[int, int], None]) -> None:
        self._on_choose = on_choose
        super().__init__()
        self.on_msg(self._on_message)

    def show(self, table: Table, revision: int, announcement: str = "") -> None:
        """Show a table, in one message to the page."""
        with self.hold_sync():
            self.table = {"revision": revision, **dataclasses.asdict(table)}
            self.is_outdated = False
            self.announcement = announcement

    def show_outdated(self, announcement: str) -> None:
        """Say that another table will come: nothing in this one can be chosen any more."""
        with self.hold_sync():
            self.is_outdated = True
            self.announcement = announcement

    def empty(self) -> None:
        """Show no table."""
        with self.hold_sync():
            self.table = {}
            self.is_outdated = False
            self.announcement = ""

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if content.get("kind") == "choose":
            self._on_choose(int(content["token_id"]), int(content["revision"]))

    def _facts(self) -> str:
        return f"{len(self.table.get('rows', ()))} candidates"
