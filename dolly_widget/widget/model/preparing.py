"""How far the download and the conversion of a model have come, and the button that ends them."""

from __future__ import annotations

import ipywidgets as widgets

from dolly_widget.runtime import Progress
from dolly_widget.widget.page import messages


class PreparingPanel(widgets.VBox):
    """Hidden while nothing is prepared."""

    def __init__(self) -> None:
        # Apart, so that a screen reader announces a new stage, and not every megabyte.
        self.stage = widgets.HTML()
        self.stage.add_class("dw-status")
        self.figures = widgets.HTML()
        self.bar = widgets.HTML()
        self.notes = widgets.HTML()
        self.cancel = widgets.Button(description="Cancel", icon="times")
        words = widgets.Box([self.stage, self.figures, self.cancel])
        words.add_class("dw-words")
        super().__init__([words, self.bar, self.notes], layout={"display": "none"})
        self.add_class("dw-preparing")

    def show(self, progress: Progress | None, notes: tuple[str, ...] = ()) -> None:
        """Show a report, and all that was said beside it so far; None hides the panel."""
        self.layout.display = "none" if progress is None else None
        if progress is not None:
            self.cancel.disabled = False
            self.stage.value = messages.stage_line(progress)
            self.figures.value = messages.progress_figures(progress)
            self.bar.value = messages.progress_bar(progress)
            self.notes.value = messages.note_html(*notes)

    def show_cancelling(self) -> None:
        """Say that the click has arrived."""
        self.cancel.disabled = True
