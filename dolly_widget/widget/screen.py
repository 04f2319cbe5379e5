"""What a DollyWidget consists of: its controls, how they are arranged, and what each shows in which status.

Knows nothing about engines and jobs, beyond the facts that a loader tells: the widget says when to show what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from dolly_widget.history import Exchange
from dolly_widget.history.as_code import as_code
from dolly_widget.runtime import Progress
from dolly_widget.text import Turn, takes_turns
from dolly_widget.widget.answer.pager import Pager
from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.widget.answer.transcript import Transcript
from dolly_widget.widget.ask.composer import Composer
from dolly_widget.widget.ask.prompt_panel import PromptPanel
from dolly_widget.widget.history.panel import HistoryPanel
from dolly_widget.widget.lens.panel import LensPanel
from dolly_widget.widget.model.chooser import ModelChooser
from dolly_widget.widget.model.preparing import PreparingPanel
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.access import Access
from dolly_widget.widget.page.fold import Fold
from dolly_widget.widget.page.kernel_notice import KernelNotice
from dolly_widget.widget.page.layout import style_sheet
from dolly_widget.widget.page.notice import Notice
from dolly_widget.widget.session.answerer import Asked
from dolly_widget.widget.session.loader import ModelLoader
from dolly_widget.widget.settings.panel import SettingsPanel

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
    "loading": "{loading}… Write, and press Enter: the answer comes as soon as it can.",
    "generating": "Writing…",
    "stopping": "Stopping…",
}


class Parts:
    """The controls by name, and ``children`` for the widget that owns them."""

    shown: Exchange | None = None
    """The answer that is shown; None while there is none, or it is being written."""

    def __init__(self, owner: Any, examples: Sequence[str]) -> None:
        self.model = widgets.HTML()
        self.chooser = ModelChooser(owner._load_from_box)
        self.preparing = PreparingPanel()
        self.load_notice = Notice()
        self._loading = "Loading the model"
        self.composer = Composer(
            examples,
            on_submit=lambda: owner._try(owner.submit),
            on_stop=owner.stop,
            on_clear=lambda: owner._try(owner.clear),
        )
        self.context = widgets.Textarea(
            placeholder="A text that the instruction is about (optional)", rows=5, tooltip="Context"
        )
        self.context_fold = Fold("Context", self.context)
        self.context.observe(self._on_context, "value")
        self.prompt = PromptPanel()
        self.chat = widgets.Checkbox(
            description="Chat: what was said before is told too",
            indent=False,
            layout={"display": "none", "width": "auto"},
        )
        self.transcript = Transcript()
        self.notice = Notice()
        self.view = ResponseView()
        self.stats = widgets.HTML()
        self.stats.add_class("dw-status")
        self.regenerate = widgets.Button(
            description="Regenerate", icon="refresh", tooltip="Answer again, with the same settings and another seed."
        )
        self.lens_toggle = widgets.ToggleButton(
            description="Token lens", icon="eye", tooltip="Colour each token of the answer by how likely it was."
        )
        self.lens = LensPanel(
            owner._lock,
            owner._worker,
            owner._engine,
            on_shown=self._on_lens,
            on_choose=lambda *chosen: owner._try(owner.regenerate_from, *chosen),
        )
        self.pager = Pager(owner._answerer.history, owner._on_show)
        self.history = HistoryPanel(owner._answerer.history, owner._on_show)
        self.settings = SettingsPanel(owner)
        self.children = self._arranged()

    def _arranged(self) -> tuple[widgets.Widget, ...]:
        folds = widgets.VBox([self.context_fold, self.prompt, self.chat])
        actions = widgets.HBox([self.regenerate, self.lens_toggle])
        foot = widgets.HBox([self.stats, self.pager, actions])
        answer = [self.transcript, self.notice, self.view, self.lens.view, foot, self.lens]
        main = widgets.VBox([self.composer, folds, *answer, self.history])
        columns = widgets.Box([main, self.settings])
        for part, name in (
            (main, "main"),
            (columns, "columns"),
            (folds, "folds"),
            (foot, "foot"),
            (actions, "actions"),
        ):
            part.add_class(f"dw-{name}")
        above = (KernelNotice(), style_sheet(), Access(), self.model, self.chooser, self.preparing, self.load_notice)
        return *above, columns, self.lens.place

    def _on_context(self, change: Any) -> None:
        # Folded away, a context would be forgotten, and go on being sent.
        words = len(change["new"].split())
        self.context_fold.title = f"Context · {words} {'word' if words == 1 else 'words'}" if words else "Context"

    def _on_lens(self, is_shown: bool) -> None:
        self.view.layout.display = "none" if is_shown else None

    def show_status(self, status: str, is_answering: bool) -> None:
        """Enable what can be done now, and say what is going on."""
        self.composer.state = "stopping" if status == "stopping" else "answering" if is_answering else "ready"
        self.regenerate.disabled = is_answering or self.shown is None
        self.pager.rest(is_answering)
        self.history.rest(is_answering)
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
        if loader.info is not None and loader.engine is not None:
            self.model.value = messages.model_line(loader.info, loader.choice.device)
            self.prompt.load(loader.engine.model_dir, loader.info.max_positions)
            self.chat.layout.display = None if takes_turns(loader.engine.template) else "none"

    def begin(self, asked: Asked, is_chat: bool) -> None:
        """Show that this is being answered."""
        self._forget()
        self.composer.recall = asked.instruction
        self.pager.show(asked)
        self.transcript.show(_turns_shown(asked, is_chat))
        self.view.begin()

    def show_exchange(self, exchange: Exchange, with_instruction: bool) -> None:
        """Show a finished answer, and what it is an answer to where nothing else on the page says so."""
        self.shown = exchange
        self.transcript.show(_turns_shown(exchange, with_instruction))
        self.view.finish(exchange.result.text, code=as_code(exchange), note=messages.ending_note(exchange.result))
        self.notice.show("")
        self.show_statistics()
        self.pager.show(exchange)
        self.history.show(exchange)
        self.lens.show(exchange)

    def show_statistics(self) -> None:
        """Show the figures of the answer that is shown, if there is one."""
        self.stats.value = "" if self.shown is None else messages.stats_line(self.shown.result)

    def empty(self) -> None:
        """Take answer, statistics and messages away."""
        self._forget()
        self.pager.show(None)
        self.transcript.show(())
        self.view.clear()

    def _forget(self) -> None:
        """No answer is shown."""
        self.shown = None
        self.history.show(None)
        self.lens.show(None)
        self.stats.value = ""
        self.notice.show("")


def _turns_shown(asked: Asked | Exchange, with_instruction: bool) -> tuple[Turn, ...]:
    """What stands above an answer: the turns before it, and what it answers."""
    return (*asked.turns, Turn(asked.instruction, asked.context, "")) if with_instruction else asked.turns
