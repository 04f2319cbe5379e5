"""What ipywidgets leaves out of the page: names and states of its controls, their keys and focus. Shows nothing."""

from __future__ import annotations

from dolly_widget.widget.page.control import Control


class Access(Control):
    """An unseen part that works on everything in the ``.dw-widget`` or ``.dw-explorer`` that it is put into."""

    scripts = ("focus.js", "output.js", "access.js")

    def __init__(self) -> None:
        super().__init__(layout={"display": "none"})
