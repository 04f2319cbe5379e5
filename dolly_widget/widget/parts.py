"""What a DollyWidget consists of: its controls, how they are arranged, and what each shows in which status.

Knows nothing about engines and jobs, beyond the facts that a loader tells: the widget says when to show what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from dolly_widget.progress import Progress
from dolly_widget.widget import messages
from dolly_widget.widget.answers import Exchange
from dolly_widget.widget.arranging import show_in, style_sheet
from dolly_widget.widget.chooser import ModelChooser
from dolly_widget.widget.fold import Fold
from dolly_widget.widget.lens_panel import LensPanel
from dolly_widget.widget.loading import ModelLoader
from dolly_widget.widget.pager import Pager
from dolly_widget.widget.preparing import PreparingPanel
from dolly_widget.widget.response import ResponseView
from dolly_widget.widget.settings import SettingsPanel

EXAMPLES = (
    "Give me recipe for pizza with pineapple",
    "Write me a tweet about new OpenVINO release",
    "Explain difference between CPU and GPU",
    "Give five ideas for great weekend with family",
    "Do Androids dream of Electric sheep?",
    "Who is Dolly?",
    "Please give me advice how to write resume?",
    "Name 3 advantages to be a cat",
    "Write instructions on how to become a good AI engineer",
    "Write a love letter to my best friend",
)
_BUSY_LINES = {
    "loading": "{loading}… Write, and press Submit: the answer comes as soon as it can.",
    "generating": "Writing…",
    "stopping": "Stopping…",
}


class Parts:
    """The controls by name, and ``children`` for the widget that owns them."""

    def __init__(self, owner: Any, examples: Sequence[str]) -> None:
        self.model = widgets.HTML()
        self.chooser = ModelChooser(owner._load_from_box)
        self.preparing = PreparingPanel()
        self.load_message = widgets.HTML(layout={"display": "none"})
        self._loading = "Loading the model"
        self.load_message.add_class("dw-load-message")
        self.instruction = widgets.Textarea(
            placeholder="Write an email about an alpaca that likes flan", rows=3, tooltip="Instruction"
        )
        self.context = widgets.Textarea(
            placeholder="A text that the instruction is about (optional)", rows=5, tooltip="Context"
        )
        self.context_fold = Fold("Context", self.context)
        self.context.observe(self._on_context, "value")
        self.examples = widgets.Box([widgets.Button(description=text, tooltip=text) for text in examples])
        self.submit = widgets.Button(description="Submit", button_style="primary", icon="paper-plane")
        self.stop = widgets.Button(description="Stop", icon="stop")
        self.clear = widgets.Button(description="Clear", icon="eraser")
        self.message = widgets.HTML(layout={"display": "none"})
        self.mend = widgets.Button(layout={"display": "none", "width": "auto"})
        self.view = ResponseView()
        self.stats = widgets.HTML()
        self.lens_toggle = widgets.ToggleButton(
            description="Token lens", icon="eye", tooltip="Colour each token of the answer by how likely it was."
        )
        self.lens = LensPanel(owner._lock, owner._engine, on_shown=self._on_lens, on_choose=owner._on_choose)
        self.pager = Pager(owner._answerer.history, owner._show_exchange)
        self.settings = SettingsPanel(owner)
        self.children = self._arranged()

    def _arranged(self) -> tuple[widgets.Widget, ...]:
        buttons = widgets.HBox([self.submit, self.stop, self.clear])
        foot = widgets.HBox([self.stats, self.pager, self.lens_toggle])
        rows = [
            self.instruction,
            self.examples,
            self.context_fold,
            buttons,
            self.message,
            self.mend,
            self.view,
            self.lens.view,
            foot,
            self.lens,
        ]
        main = widgets.VBox(rows)
        columns = widgets.Box([main, self.settings])
        for part, name in (
            (main, "main"),
            (columns, "columns"),
            (self.examples, "examples"),
            (buttons, "buttons"),
            (foot, "foot"),
        ):
            part.add_class(f"dw-{name}")
        return style_sheet(), self.model, self.chooser, self.preparing, self.load_message, columns, self.lens.place

    def _on_context(self, change: Any) -> None:
        # Folded away, a context would be forgotten, and go on being sent.
        words = len(change["new"].split())
        self.context_fold.title = f"Context · {words} {'word' if words == 1 else 'words'}" if words else "Context"

    def _on_lens(self, is_shown: bool) -> None:
        self.view.layout.display = "none" if is_shown else None

    def show_status(self, status: str, is_answering: bool) -> None:
        """Enable what can be done now, and say what is going on."""
        self.submit.disabled = self.clear.disabled = is_answering
        self.pager.rest(is_answering)
        self.stop.disabled = not is_answering or status == "stopping"
        self.chooser.load.disabled = is_answering
        self.settings.device.disabled = is_answering or self.settings.is_device_fixed
        self.view.placeholder = "Loading the model…" if status == "loading" else "The answer appears here."
        if status in _BUSY_LINES:
            self.stats.value = messages.busy_line(_BUSY_LINES[status].format(loading=self._loading))

    def show_loading(self, loader: ModelLoader, progress: Progress | None, notes: tuple[str, ...]) -> None:
        """Say which model is loading, and while it is prepared how far that has come."""
        choice = loader.choice
        self._loading = f"Preparing {choice.name}" if progress else f"Loading {choice.name} on {choice.device}"
        self.preparing.show(progress, notes)
        if loader.info is None:
            self.model.value = messages.unloaded_line(choice.name)

    def show_model(self, loader: ModelLoader) -> None:
        """Show which model runs, now that no other one is loading."""
        self.preparing.show(None)
        self.stats.value = ""
        self.settings.is_device_fixed = loader.is_given
        self.chooser.weight_format.value = loader.choice.weight_format.name
        if loader.info is not None:
            self.model.value = messages.model_line(loader.info, loader.choice.device)

    def show_message(self, message_html: str, mend: str = "") -> None:
        """Show an error or a hint, "" for none, and the button that mends it, if there is one."""
        show_in(self.message, message_html)
        self.mend.description = mend
        self.mend.layout.display = None if mend else "none"

    def show_load_message(self, message_html: str) -> None:
        """Show why another model or device is not there, where it is chosen; "" takes that away."""
        show_in(self.load_message, message_html)

    def show_exchange(self, exchange: Exchange) -> None:
        """Show a finished answer."""
        self.view.finish(exchange.result.text)
        self.show_message("")
        self.stats.value = messages.stats_line(exchange.result)
        self.pager.show(exchange)
        self.lens.show(exchange)

    def empty(self) -> None:
        """Take answer, statistics and messages away."""
        self.view.clear()
        self.pager.show(None)
        self.lens.show(None)
        self.stats.value = ""
        self.show_message("")
        self.show_load_message("")
