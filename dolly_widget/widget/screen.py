"""The layout of a DollyWidget: its controls, how they are arranged, and what each shows when.

Knows nothing about engines and jobs: it is told what to show, and tells what a reader does by one value, `Actions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from dolly_widget.engines import EngineSetup, ServerFacts
from dolly_widget.errors import ModelChoiceError, PromptTooLongError
from dolly_widget.history import Exchange
from dolly_widget.models import Model, WeightFormat
from dolly_widget.runtime import Progress
from dolly_widget.widget.answer.panel import AnswerActions, AnswerPanel
from dolly_widget.widget.ask.attachment import Attachment
from dolly_widget.widget.ask.composer import Composer, ComposerActions
from dolly_widget.widget.ask.prompt_panel import PromptPanel
from dolly_widget.widget.ask.system_prompt import SystemPrompt
from dolly_widget.widget.column.panel import ColumnPanel
from dolly_widget.widget.history.panel import HistoryActions, HistoryPanel
from dolly_widget.widget.lens.panel import LensPanel
from dolly_widget.widget.model.catalogue_offers import NEXT_STEPS, next_steps
from dolly_widget.widget.model.chooser import ModelChooser
from dolly_widget.widget.model.one_click import OneClick
from dolly_widget.widget.model.preparing import PreparingPanel
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.access import Access
from dolly_widget.widget.page.fold import Fold
from dolly_widget.widget.page.kernel_notice import KernelNotice
from dolly_widget.widget.page.layout import style_sheet
from dolly_widget.widget.page.notice import Notice
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.edits import Edit
from dolly_widget.widget.settings.panel import SettingsPanel
from dolly_widget.widget.settings.traits import LONGEST

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
    "loading": "{loading}… Write and press Enter: the answer starts once the model is loaded.",
    "generating": "Writing…",
    "stopping": "Stopping…",
}


@dataclass(frozen=True)
class Actions:
    """What a reader can do, and who does it. A ValueError or RuntimeError is shown: it says what to do instead."""

    submit: Callable[[], Any]
    queue: Callable[[], None]
    """Asks what is in the box when the answer that is being written has ended."""
    unqueue: Callable[[], None]
    stop: Callable[[], None]
    clear: Callable[[], None]
    undo_clear: Callable[[], None]
    edit: Callable[[int], None]
    """Puts the question at a place of the conversation into the box."""
    stop_editing: Callable[[], None]
    regenerate: Callable[[], Any]
    regenerate_several: Callable[[int], Any]
    """Answers so many times again, at once."""
    go_on: Callable[[], Any]
    """Goes on with an answer that ended before its end."""
    cancel_loading: Callable[[], None]
    load: Callable[[str, str | WeightFormat], Any]
    """Gets the name of a model, and a weight format; what is wrong with them is shown below the box."""
    load_again: Callable[[], None]
    model_uses: Callable[[], Mapping[Path, str]]
    """The directories of models that are in use, and for what: see ``ModelLoader.uses``."""
    show: Callable[[Exchange], None]
    """Gets an earlier answer."""
    forget: Callable[[Exchange], None]
    """Deletes an answer from the history."""
    undo_forget: Callable[[], None]
    """Brings back what was deleted last."""
    label: Callable[[Exchange, str], None]
    """Gives an answer of the history a name of the reader's own."""
    shorten: Callable[[int], None]
    """Asks the same again with room for so many new tokens."""


class Screen:
    """The controls by name, and ``children`` for the widget that shows them.

    ``settings``, ``lens`` and ``column`` are panels that are there already; ``history`` is the list that answers are
    appended to.
    """

    def __init__(
        self,
        actions: Actions,
        settings: SettingsPanel,
        lens: LensPanel,
        column: ColumnPanel,
        history: Sequence[Exchange],
        examples: Sequence[str],
    ) -> None:
        self.model = widgets.HTML()
        self.next_steps = OneClick(
            lambda name: self.attempt(actions.load, name, self.chooser.weight_format.value), len(NEXT_STEPS)
        )
        self.chooser = ModelChooser(actions.load, actions.model_uses)
        self.preparing = PreparingPanel()
        self.load_notice = Notice()
        self._loading = "Loading the model"
        self.composer = Composer(
            examples,
            ComposerActions(
                submit=lambda: self.attempt(actions.submit),
                queue=lambda: self.attempt(actions.queue),
                stop=actions.stop,
                clear=lambda: self.attempt(actions.clear),
                undo=lambda: self.attempt(actions.undo_clear),
                unqueue=actions.unqueue,
                stop_editing=actions.stop_editing,
            ),
        )
        self.context = widgets.Textarea(
            placeholder="A text that the instruction is about (optional)", rows=5, tooltip="Context"
        )
        self.context_fold = Fold("Context", self.context)
        self.context.observe(self._on_context, "value")
        self.system = SystemPrompt()
        self.prompt = PromptPanel()
        self.attachment = Attachment(self.context, self.prompt, lambda: self.context_fold.set_trait("is_open", True))
        self.chat = widgets.Checkbox(
            description="Chat",
            tooltip="The model also gets the earlier questions and answers.",
            indent=False,
            layout={"display": "none", "width": "auto"},
        )
        self.notice = Notice()
        self.answer = AnswerPanel(
            AnswerActions(
                edit=lambda place: self.attempt(actions.edit, place),
                regenerate=lambda: self.attempt(actions.regenerate),
                regenerate_several=lambda count: self.attempt(actions.regenerate_several, count),
                go_on=lambda: self.attempt(actions.go_on),
                show=actions.show,
            ),
            lens,
            history,
        )
        self.history = HistoryPanel(
            history,
            HistoryActions(
                show=actions.show,
                delete=lambda exchange: self.attempt(actions.forget, exchange),
                undo=lambda: self.attempt(actions.undo_forget),
                label=lambda *named: self.attempt(actions.label, *named),
            ),
        )
        self.column, self.settings = column, settings
        self._load_again, self._shorten = actions.load_again, actions.shorten
        self.preparing.cancel.on_click(lambda _: self._cancel(actions.cancel_loading))
        self.children = self._arranged()

    def _arranged(self) -> tuple[widgets.Widget, ...]:
        folds = widgets.VBox([self.attachment, self.context_fold, self.system, self.prompt])
        self._asking = widgets.VBox([self.notice, self.composer, folds])
        self._below = widgets.VBox([self.history, self.column])
        self._main = widgets.VBox()
        columns = widgets.Box([self._main, Fold("Settings", self.settings, is_open=True, name="settings")])
        for part, name in (
            (self._main, "main"),
            (columns, "columns"),
            (folds, "folds"),
            (self._below, "folds"),
            (self._asking, "asking"),
            (columns.children[1], "settings-fold"),
        ):
            part.add_class(f"dw-{name}")
        self.show_chat(is_chat=False)
        above = (KernelNotice(), style_sheet(), Access(), self.model, self.next_steps, self.chooser, self.preparing)
        return *above, self.load_notice, columns

    def show_chat(self, is_chat: bool) -> None:
        """Whether the next question goes on from what is shown: the box is below a chat, and above a single answer."""
        parts = (self.answer, self._asking) if is_chat else (self._asking, self.answer)
        children = (self.chat, *parts, self._below)
        if self._main.children != children:
            self._main.children = children
            (self._main.add_class if is_chat else self._main.remove_class)("dw-is-chat")
        self.composer.is_chat = is_chat

    def _on_context(self, change: Any) -> None:
        # Folded away, a context would be forgotten, and go on being sent.
        words = len(change["new"].split())
        self.context_fold.title = f"Context · {words:,} {'word' if words == 1 else 'words'}" if words else "Context"

    def _cancel(self, cancel: Callable[[], None]) -> None:
        self.preparing.show_cancelling()
        cancel()

    def show_status(self, status: str, is_answering: bool, has_answer: bool) -> None:
        """Enable what can be done now, and say what is going on."""
        self.composer.state = "stopping" if status == "stopping" else "answering" if is_answering else "ready"
        self.answer.rest(is_answering, has_answer)
        self.history.rest(is_answering)
        self.chooser.rest(is_answering)
        self.next_steps.disabled = is_answering
        self.settings.device.disabled = is_answering or self.settings.is_device_fixed
        self.answer.view.placeholder = "Loading the model…" if status == "loading" else "The answer appears here."
        if status in _BUSY_LINES:
            self.answer.show_busy(_BUSY_LINES[status].format(loading=self._loading))
        elif status == "error":
            self.answer.show_statistics()

    def show_held_up(self, note: str) -> None:
        """Say what holds up the answer that is being written; "": it goes on."""
        self.answer.show_busy(note or _BUSY_LINES["generating"])

    def show_loading(self, choice: EngineSetup, progress: Progress | None, notes: tuple[str, ...]) -> None:
        """Say which model is loading, and while it is prepared how far that has come."""
        self._loading = f"Preparing {choice.name}" if progress else f"Loading {choice.name} on {choice.device}"
        self.preparing.show(progress, notes)
        if progress is None:
            self.chooser.look_again()

    def show_unloaded(self, choice: EngineSetup) -> None:
        """Say which model it will be: none runs yet."""
        self.model.value = messages.unloaded_line(choice.name)
        self.next_steps.show("", [])

    def show_model(self, choice: EngineSetup, model: Model | None, *, is_given: bool, takes_turns: bool) -> None:
        """Show which model runs, now that no other one is loading; None: its engine has no files here, or none runs."""
        self.chat.layout.display = None if takes_turns else "none"
        self.preparing.show(None)
        self.answer.show_statistics()
        self.settings.is_device_fixed = is_given
        self.chooser.weight_format.value = choice.weight_format.name
        if model is not None:
            self.model.value = messages.model_line(model.info, choice.device)
            self.next_steps.show(*next_steps(model.info, choice.weight_format.name))
        elif is_given:
            self.model.value = messages.engine_line(choice.name, choice.device)
            self.next_steps.show("", [])
        self.prompt.load(model)
        self.chooser.look_again()

    def show_server(self, server: ServerFacts | None) -> None:
        """Show which server answers, and offer its models; None: this machine does."""
        self.settings.show_server("" if server is None else server.host)
        self.chooser.offered_by_server = () if server is None else server.offers
        if server is not None:
            self.model.value = messages.server_line(server.model_name, server.host)
            self.next_steps.show("", [])
            self.chooser.look_again()

    def show_load_failure(self, exc: BaseException, is_harmless: bool) -> None:
        """Say why a model could not be loaded, and offer to try again; just that it was stopped, where that is all.

        Where one of several files has to be chosen, they are offered.
        """
        if isinstance(exc, ModelChoiceError):
            self.load_notice.show("")
            self.chooser.offer(exc)
        elif is_harmless:
            self.load_notice.show(messages.hint_html(str(exc)))
        else:
            self.load_notice.show(messages.error_html(exc), "Try again", lambda: self.attempt(self._load_again))

    def begin(self, asked: Asked) -> None:
        """Show that this is being answered."""
        self.history.show(None)
        self.notice.show("")
        self.composer.remember(asked.instruction)
        self.composer.are_examples_open = self.composer.can_undo = False
        self.answer.begin(asked)

    def show_failure(self, exc: BaseException) -> None:
        """Say why an answer failed, and offer what helps."""
        room = min(exc.largest_max_new_tokens, LONGEST) if isinstance(exc, PromptTooLongError) else 0
        remedy = f"Set max new tokens to {room}" if room else ""
        self.notice.show(messages.error_html(exc), remedy, lambda: self.attempt(self._shorten, room))

    def clear_failures(self) -> None:
        """Take away what was said of errors."""
        self.notice.show("")
        self.load_notice.show("")

    def show_exchange(self, exchange: Exchange) -> None:
        """Show a finished answer below its question."""
        self.notice.show("")
        self.answer.show(exchange)
        self.history.show(exchange)

    def show_edit(self, edit: Edit, shown: Exchange | None) -> None:
        """Show a change of the history; the answer that is shown stays."""
        self.history.refresh(edit)
        self.history.show(shown)
        self.answer.follow(shown)

    def attempt(self, act: Callable[..., Any], *arguments: Any) -> None:
        """Do what a reader asked for; an error becomes a hint."""
        try:
            act(*arguments)
        except PromptTooLongError:
            pass  # shown where it was found, with what helps
        except (ValueError, RuntimeError) as exc:
            self.say(str(exc))

    def say(self, text: str) -> None:
        """Say something at the box, until it is dismissed or the text is changed."""
        self.notice.show(messages.hint_html(text))

    def empty(self) -> None:
        """Take answer, statistics and messages away."""
        self.history.show(None)
        self.notice.show("")
        self.answer.empty()
        self.composer.are_examples_open = True
