"""The system prompt, folded away to a line that says whether there is one. Knows no template."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from dolly_widget.widget.page.fold import Fold
from dolly_widget.widget.page.layout import show_in
from dolly_widget.widget.page.messages import note_html

PLACEHOLDER = "What holds for every answer, such as: Answer in one sentence. (Empty: the model's own, if it has one.)"
NOT_TAKEN = "This model's template takes no system prompt: what is written here is not sent."


class SystemPrompt(Fold):
    """``box`` holds the text. ``show`` says whether the model that runs takes one."""

    def __init__(self) -> None:
        self.box = widgets.Textarea(placeholder=PLACEHOLDER, rows=3, tooltip="System prompt")
        self.note = widgets.HTML(layout={"display": "none"})
        self._is_taken = True
        super().__init__("System prompt", self.box, self.note)
        self.box.observe(self._show, "value")

    def show(self, is_taken: bool) -> None:
        """Say whether the model's template renders a system prompt."""
        self._is_taken = is_taken
        show_in(self.note, "" if is_taken else note_html(NOT_TAKEN))
        self._show()

    def _show(self, change: Any = None) -> None:
        # Folded away, it would be forgotten, and go on having its effect.
        words = len(self.box.value.split())
        count = f"{words:,} {'word' if words == 1 else 'words'}"
        facts = [count] if words else []
        facts += ["not for this model"] if words and not self._is_taken else []
        self.title = " · ".join(["System prompt", *facts])
