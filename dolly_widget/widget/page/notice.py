"""A message about what went wrong, with what helps, until it is dismissed. Knows nothing of what it is about."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets


class Notice(widgets.HBox):
    """Hidden while there is nothing to say. ``show`` takes safe HTML, and what a button that helps does."""

    def __init__(self) -> None:
        self.message = widgets.HTML()
        self.remedy = widgets.Button(layout={"display": "none", "width": "auto"})
        self.dismiss = widgets.Button(description="Dismiss", icon="times", layout={"width": "auto"})
        self._on_remedy: Callable[[], None] | None = None
        super().__init__([self.message, self.remedy, self.dismiss])
        self.remedy.on_click(lambda _: self._act())
        self.dismiss.on_click(lambda _: self.show(""))
        self.add_class("dw-notice")
        self.show("")

    def show(self, message_html: str, remedy: str = "", on_remedy: Callable[[], None] | None = None) -> None:
        """Say something, "" for nothing; ``remedy`` is what the button that calls ``on_remedy`` says, "" for none."""
        self.message.value, self.remedy.description, self._on_remedy = message_html, remedy, on_remedy
        self.remedy.layout.display = None if remedy else "none"
        self.layout.display = None if message_html else "none"

    def _act(self) -> None:
        if self._on_remedy is not None:
            self._on_remedy()
