"""What stands above an explorer that is open within a widget: where it is, and how it is closed. Knows no model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from dolly_widget.text import Label
from dolly_widget.widget.page.control import Control


class ExplorerHead(Control):
    """Says at which token of an answer the explorer is. ``on_close`` is called when the reader has enough of it.

    Escape does that, too, from anywhere in the explorer; the focus goes back to the token in the lens.
    """

    scripts = ("../page/keys.js", "head.js")
    styles = ("head.css",)
    only_shows = True

    place = traitlets.Dict(help="What is said of the place, see ``show``.").tag(sync=True)
    settings = traitlets.Unicode("", help="Whose settings the table is for.").tag(sync=True)

    def __init__(self, on_close: Callable[[], None]) -> None:
        super().__init__()
        self._on_close = on_close
        self.on_msg(self._on_page)

    def show(self, there: Label | None, where: str, steps: list[Label]) -> None:
        """Say which token stands ``there`` in the answer, None behind its end, and the ``steps`` taken in its place."""
        self.place = {
            "token": None if there is None else _for_page(there),
            "where": where,
            "steps": [_for_page(label) for label in steps],
        }

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("kind") == "close":
            self._on_close()

    def _facts(self) -> str:
        return str(self.place.get("where", ""))


def _for_page(label: Label) -> list[Any]:
    return [label.name, label.is_special]
