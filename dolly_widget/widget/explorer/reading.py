"""A text, and what may follow it: the part of an explorer that has a model read. Knows nothing of drawing.

The model reads on a job's thread; what the settings make of its logits is computed at once, wherever they change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets

from dolly_widget import lens
from dolly_widget.engines import effective_params
from dolly_widget.errors import EXPECTED_ERRORS, error_text
from dolly_widget.lens import Logits
from dolly_widget.models import Model
from dolly_widget.sampling import SHAPING
from dolly_widget.text import NOT_TYPESET, Prompt, encodable, in_bytes
from dolly_widget.widget.explorer.beginning import AnswerSoFar
from dolly_widget.widget.explorer.next_token import NextToken
from dolly_widget.widget.explorer.reader import NextTokenReader, Position
from dolly_widget.widget.explorer.screen import ExplorerParts
from dolly_widget.widget.explorer.words import WordFinder
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.catching_up import CatchingUp
from dolly_widget.widget.page.layout import descendants
from dolly_widget.widget.page.subshells import handle_during_cells
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits

_END = "The answer ends here: an engine stops at this token."


class ReadingWidget(SettingsTraits, widgets.VBox):
    """What explorers have in common; each says what it is made of, and what it shows of the text."""

    instruction = traitlets.Unicode("", help="What the model should do.")
    context = traitlets.Unicode("", help="A text that the instruction is about; may be empty.")
    text = traitlets.Unicode("", help="The answer so far. Setting it encodes it, as a user's text.")
    status = traitlets.Enum(("unloaded", "reading", "idle", "error"), "idle", read_only=True)
    error = traitlets.Unicode("", read_only=True, help="The last error, and what to do; empty when all is well.")

    _parts: ExplorerParts
    _position: Position | None = None
    """Where what is shown was read."""
    _failure: BaseException | None = None
    _pending_action: Callable[[], Any] | None = None
    _is_text_ours = False
    _is_closed = True  # until it is whole: ipywidgets closes what __init__ left unfinished, too

    def _begin(
        self,
        source: Any,
        instruction: str,
        context: str,
        prefix_ids: Sequence[int],
        sampling: Mapping[str, Any],
        *,
        prompt: Prompt | None,
    ) -> None:
        """Make all of it, and read; ``prompt`` is what ``instruction`` and ``context`` become, if that is given."""
        answer = AnswerSoFar(source.model, source.template, prefix_ids)
        super().__init__()
        self._source, self._answer, self._prompt = source, answer, prompt
        self._model: Model = source.model
        self._lock = threading.RLock()
        self._reader = NextTokenReader(source, self._lock, on_logits=self._show_logits, on_error=self._show_error)
        self._words = WordFinder(source, self._lock, on_word=self._show_word)
        self._next = NextToken(
            answer.label, lambda params: effective_params(self._source, params), lens.limits(self._source)
        )
        self._may_load = isinstance(source, lens.LocalModel)
        self._generator = np.random.default_rng()
        self._revision = 0
        self.instruction, self.context = instruction, context
        self._set_text(answer.text)
        self._take_own(self._model.sampling)
        for name, value in sampling.items():
            setattr(self, TRAITS[name], value)
        self._on_seed()
        self.children = (*self._made_parts(), CatchingUp(self))
        for name in ("dw-explorer", *NOT_TYPESET):
            self.add_class(name)
        handle_during_cells(descendants(self))
        self._wire()
        self._is_closed = False
        self._read()

    def _made_parts(self) -> tuple[widgets.Widget, ...]:
        """Make ``_parts``, and return what is shown of them."""
        raise NotImplementedError

    def _show_place(self) -> None:
        """Show what the text is that the next token follows."""
        raise NotImplementedError

    def _wire(self) -> None:
        self._parts.load.on_click(lambda _: self.load())
        self.observe(self._on_prompt, ["instruction", "context"])
        self.observe(self._on_text, "text")
        self.observe(lambda _: self._apply_settings(), list(SHAPING))
        self.observe(self._on_seed, "seed")

    # What a caller does

    def load(self) -> None:
        """Load the model of an engine for this widget as well; only large ones wait for it."""
        self._may_load = True
        self._read()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the model has read the text. Raises what that raised; TimeoutError after ``timeout_s`` seconds."""
        self._reader.wait(timeout_s)
        if self._is_closed:
            raise RuntimeError("This widget is closed: make a new one with SamplingExplorer(…).")
        if self.status == "unloaded":
            raise RuntimeError(f"{self._model.name} has to be loaded a second time for this: call load() first.")
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End the reading, free the model unless it was given as an Engine, close all controls."""
        if self._is_closed:
            return
        self._is_closed = True
        self._reader.close()
        self._words.close()
        self._forget_distribution()
        self._source = None
        for part in descendants(self):
            part.close()
        super().close()

    # The text

    def _show_answer(self) -> None:
        """Show the answer's tokens, as they are, and read what they have come to."""
        self._set_text(self._answer.text)
        self._read()

    def _set_text(self, text: str) -> None:
        self._is_text_ours = True
        try:
            self.text = text
        finally:
            self._is_text_ours = False

    def _on_text(self, change: Any) -> None:
        if not self._is_text_ours:
            with self._lock:
                self._answer.edit(change["new"])
                self._read()

    def _on_prompt(self, change: Any) -> None:
        if self._prompt is not None and change["name"] == "context":
            return  # a Prompt has all in it
        self._prompt = None
        self._read()

    def _read(self) -> None:
        """Ask for the distribution of the text as it is now; what is shown is outdated."""
        with self._lock:
            if self._is_closed:
                return
            self._revision += 1
            self._pending_action = None
            self._forget_distribution()
            self._show_text()
            try:
                prompt = self._prompt
                if prompt is None:
                    prompt = self._source.template.render(self.instruction, self.context)
                size = lens.extra_bytes(self._source)
            except EXPECTED_ERRORS as exc:
                self._show_error(exc)
                return
            if size >= lens.LARGE_BYTES and not self._may_load:
                self._ask_before_loading(size)
                return
            self._parts.bars.show_outdated("Loading the model…" if size else "Reading…")
            self._set_status("reading")
            self._reader.ask(Position(prompt, self._answer.ids, self._revision))

    def _ask_before_loading(self, size_bytes: int) -> None:
        words = (
            f"{self._model.name} is loaded a second time for this, which takes about {in_bytes(size_bytes)} of memory"
        )
        self._parts.show_message(messages.hint_html(f"{words} until its engine is closed."))
        self._parts.show_load(f"Load it a second time ({in_bytes(size_bytes)})")
        self._parts.bars.empty()
        self._set_status("unloaded")

    def _show_text(self) -> None:
        self._parts.show_message("")
        self._parts.show_load("")
        self.set_trait("error", "")
        self._show_place()

    # The distribution

    def _forget_distribution(self) -> None:
        self._words.stop()
        self._next.forget()
        self._position = self._failure = None

    def _show_logits(self, position: Position, logits: Logits) -> None:
        self._position = position
        self._next.take(logits, self._model.tokenizer.encode(position.prompt), position.answer_ids)
        if self._apply_settings():
            self._set_status("idle")
            self._run_pending_action()

    def _apply_settings(self) -> bool:
        """Show what the settings make of the logits, once they are there; whether that went well."""
        with self._lock:
            if self._position is None:
                return False
            try:
                self._next.apply(self.params)
            except ValueError as exc:  # the logits are no numbers
                self._show_error(exc)
                return False
            self._show()
            self._words.find(self._position, self._next.likeliest_ids)
            return True

    def _show_word(self, token_id: int, word: str) -> None:
        self._next.words[token_id] = word
        self._show(self._parts.bars.announcement)

    def _show(self, announcement: str = "") -> None:
        announcement = announcement or (_END if self._answer.has_ended else "")
        self._parts.bars.show(self._next.table(self.params), self._revision, announcement)

    def _show_error(self, exc: BaseException) -> None:
        self._forget_distribution()
        self._failure = exc
        self._parts.bars.empty()
        self._parts.show_message(messages.error_html(exc))
        self.set_trait("error", error_text(exc))
        self._set_status("error")

    def _set_status(self, status: str) -> None:
        self.set_trait("status", status)

    # What a reader does

    def _on_seed(self, change: Any = None) -> None:
        self._generator = np.random.default_rng(self.seed)

    def _try(self, action: Callable[[], Any]) -> None:
        """Do what a button says; while the model reads, the last one waits for what it will say."""
        with self._lock:
            if self.status == "reading" and action != self.back:
                self._pending_action = action
                return
        try:
            if self.status == "idle":
                self._parts.show_message("")
            action()
        except (*EXPECTED_ERRORS, RuntimeError) as exc:
            if self._failure is None and self.status != "unloaded":
                self._parts.show_message(messages.hint_html(str(exc)))

    def _run_pending_action(self) -> None:
        action, self._pending_action = self._pending_action, None
        if action is not None:
            self._try(action)

    @traitlets.validate("instruction", "context", "text")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])
