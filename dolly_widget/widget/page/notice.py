"""A message about what went wrong, with what mends it, until it is dismissed. Knows nothing of what it is about."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets


class Notice(widgets.HBox):
    """Hidden while there is nothing to say. ``show`` takes safe HTML, and what a button for mending it does."""

    def __init__(self) -> None:
        self.message = widgets.HTML()
        self.mend = widgets.Button(layout={"display": "none", "width": "auto"})
        self.dismiss = widgets.Button(description="Dismiss", icon="times", layout={"width": "auto"})
        self._on_mend: Callable[[], None] | None = None
        super().__init__([self.message, self.mend, self.dismiss])
        self.mend.on_click(lambda _: self._mend())
        self.dismiss.on_click(lambda _: self.show(""))
        self.add_class("dw-notice")
        self.show("")

    def show(self, message_html: str, mend: str = "", on_mend: Callable[[], None] | None = None) -> None:
        """Say something, "" for nothing; ``mend`` is what the button that calls ``on_mend`` says, "" for none."""
        self.message.value, self.mend.description, self._on_mend = message_html, mend, on_mend
        self.mend.layout.display = None if mend else "none"
        self.layout.display = None if message_html else "none"

    def _mend(self) -> None:
        if self._on_mend is not None:
            self._on_mend()
