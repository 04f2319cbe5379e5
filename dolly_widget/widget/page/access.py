"""What ipywidgets leaves out of the page: names and states of its controls, their keys and focus. Shows nothing."""

from __future__ import annotations

from pathlib import Path

import anywidget


class Access(anywidget.AnyWidget):
    """An unseen part that works on everything in the ``.dw-widget`` or ``.dw-explorer`` that it is put into."""

    _esm = Path(__file__).with_name("access.js")

    def __init__(self) -> None:
        super().__init__(layout={"display": "none"})

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}()"
