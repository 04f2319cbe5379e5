"""The choice among the GGUF files of a repository, often one model in several quantisations, or a server's models."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from dolly_widget.errors import ModelChoiceError
from dolly_widget.text import in_bytes


class FileChoice(widgets.Box):
    """Hidden until there is something to choose. ``on_choose`` gets the name of a model: "owner/name:file.gguf"."""

    def __init__(self, on_choose: Callable[[str], None]) -> None:
        self._on_choose = on_choose
        self.file = widgets.Dropdown(tooltip="GGUF file")
        self.load = widgets.Button(description="Load this file", icon="download")
        super().__init__([self.file, self.load], layout={"display": "none"})
        self.add_class("dw-chooser")
        # Not at once with a new value: the keyboard passes over files on its way to one.
        self.load.on_click(lambda _: self._choose())
        self.file.observe(lambda change: self._on_file(), "value")

    def offer(self, choice: ModelChoiceError) -> str:
        """Offer what a name stands for, and return what to say about it; none is chosen yet."""
        what, kind = ("model", "models") if choice.is_server else ("file", "GGUF files")
        files = [
            (f"{name} · {in_bytes(size)}" if size else name, choice.name_of(name)) for name, size in choice.choices
        ]
        self.file.options = [(f"Choose a {what}…", ""), *files]  # the first is then the value
        self.load.description, self.file.tooltip = f"Load this {what}", "Model" if choice.is_server else "GGUF file"
        self._on_file()
        self.layout.display = None
        return f"Choose one of the {kind} of {choice.model}, and press Load this {what}."

    def clear(self) -> None:
        """Offer nothing any longer."""
        self.layout.display = "none"

    def _on_file(self) -> None:
        self.load.disabled = not self.file.value

    def _choose(self) -> None:
        if self.file.value:
            self._on_choose(self.file.value)
