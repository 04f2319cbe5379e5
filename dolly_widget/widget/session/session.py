"""What a DollyWidget is doing, as traits, and what sets them and shows it: loading, answering, and what went wrong.

Everything here may be called on the worker's thread, and is, under the widget's lock.
"""

from __future__ import annotations

from typing import Any

import traitlets

from dolly_widget.errors import ModelError, PromptTooLongError
from dolly_widget.history import Exchange
from dolly_widget.runtime import Progress
from dolly_widget.text import Turn, encodable, render, takes_turns
from dolly_widget.widget.page import messages
from dolly_widget.widget.session.answerer import Asked
from dolly_widget.widget.settings.traits import LONGEST, SettingsTraits


class DollyState(SettingsTraits):
    """The traits of a DollyWidget, which has ``_lock``, ``_loader``, ``_answerer``, ``_parts``, and what mends."""

    instruction = traitlets.Unicode("", help="What the model shall do.")
    context = traitlets.Unicode("", help="A text that the instruction is about; may be empty.")
    response = traitlets.Unicode("", read_only=True, help="The answer so far.")
    status = traitlets.Enum(("loading", "idle", "generating", "stopping", "error"), "idle", read_only=True)
    error = traitlets.Unicode("", read_only=True, help="What went wrong last, and what to do; empty when all is well.")
    progress = traitlets.Unicode("", read_only=True, help="How far a download or conversion is; else empty.")
    device = traitlets.Unicode("AUTO", help="Where the model runs. Setting it loads the model there.")
    lens = traitlets.Bool(False, help="Whether a finished answer's tokens are coloured by how likely each was.")
    chat = traitlets.Bool(False, help="Whether the model is told what was said before, if it has a chat template.")

    _lock: Any
    _loader: Any
    _answerer: Any
    _parts: Any
    _catching_up: Any
    _shorten: Any
    _load_again: Any
    _turns: tuple[Turn, ...] = ()
    """What was said so far, the shown answer included."""
    _asked: Asked | None = None
    """What was asked last."""

    # An answer

    @property
    def _is_chat(self) -> bool:
        """Whether the next instruction is a turn of a chat. What is not loaded yet may have a chat template."""
        engine = self._loader.engine
        return self.chat and (engine is None or takes_turns(engine.template))

    @property
    def _turns_before(self) -> tuple[Turn, ...]:
        return self._turns if self._is_chat else ()

    def _begin(self, asked: Asked) -> None:
        self._asked = asked
        self._parts.begin(asked, self._is_chat)
        self._start_over()

    def _show_text(self, text: str) -> None:
        self._parts.view.text = text
        self.set_trait("response", text)

    def _show_result(self, exchange: Exchange) -> None:
        self._parts.history.refresh()
        self._show_exchange(exchange)

    def _show_exchange(self, exchange: Exchange) -> None:
        with self._lock:
            self.set_trait("response", exchange.result.text)
            self._forget_error()
            # What the box holds need not be said again.
            is_another = exchange.asked[:2] != (self.instruction, self.context)
            self._parts.show_exchange(exchange, self._is_chat or is_another)
            self._turns = exchange.turns_after
            self._show_prompt()
            self._rest()

    def _on_show(self, exchange: Exchange) -> None:
        """Show an answer of before, as a hand wants it, unless one is being written by now."""
        with self._lock:
            if not self._answerer.is_busy:
                self._show_exchange(exchange)

    def _forget_error(self) -> None:
        """What went wrong is past, unless it is that there is no model."""
        if self._loader.engine is not None or self._loader.is_loading:
            self.set_trait("error", "")

    def _start_over(self) -> None:
        """There is no answer, and what is said of errors is past."""
        self.set_trait("response", "")
        self._forget_error()
        if not self.error:
            self._parts.load_notice.show("")

    def _show_error(self, exc: BaseException) -> None:
        self._parts.view.finish(self.response, note=messages.BROKEN_OFF if self.response else "")
        if self._asked is not None and not self.instruction:  # a chat has emptied the box
            self.instruction, self.context = self._asked.instruction, self._asked.context
        if self._loader.job is not None and exc is self._loader.job.error:  # it waited for a model in vain
            self._fail_to_load(exc)
            return
        room = min(exc.largest_max_new_tokens, LONGEST) if isinstance(exc, PromptTooLongError) else 0
        mend = f"Set max new tokens to {room}" if room else ""
        self._parts.notice.show(messages.error_html(exc), mend, lambda: self._shorten(room))
        self._fail(exc)

    # The model

    def _show_step(self, progress: Progress | None, notes: tuple[str, ...]) -> None:
        self._catching_up.is_due = True
        if self.status != "loading":  # what was wrong before is past
            self._parts.notice.show("")
            self._parts.load_notice.show("")
            self.set_trait("error", "")
        self._parts.show_loading(self._loader, progress, notes)
        self._set_status("loading")
        self.set_trait("progress", "" if progress is None else str(progress))

    def _show_loaded(self) -> None:
        self.set_trait("progress", "")
        self._parts.show_model(self._loader)
        self._parts.show_statistics()
        self._parts.chooser.loaded(str(self._loader.choice.model))
        self._parts.lens.refresh()
        self._show_prompt()
        self._rest()

    def _show_failed(self, exc: BaseException, is_stopped: bool) -> None:
        self.set_trait("progress", "")
        self._parts.show_model(self._loader)
        if is_stopped and isinstance(exc, ModelError) and self._loader.engine is not None:
            self._parts.load_notice.show(messages.hint_html(str(exc)))
            self._rest()
        else:
            self._fail_to_load(exc)
        self.device = self._loader.choice.device  # the one before keeps working

    def _fail_to_load(self, exc: BaseException) -> None:
        self._parts.load_notice.show(messages.error_html(exc), "Try again", self._load_again)
        self._fail(exc)

    # What is shown

    def _set_status(self, status: str) -> None:
        self._parts.show_status(status, self._answerer.is_busy)  # first: an observer of the trait may raise
        self.set_trait("status", status)

    def _rest(self) -> None:
        """Show that no answer is being written; one that only waited for a model says itself what comes next."""
        if not self._answerer.is_busy:
            loader = self._loader
            self._set_status("loading" if loader.is_loading else "error" if loader.engine is None else "idle")

    def _show_prompt(self) -> None:
        """Show what the model would be given now."""
        with self._lock:
            engine = self._loader.engine
            if engine is None:
                return
            try:
                prompt = render(engine.template, self.instruction, self.context, self._turns_before)
            except Exception as exc:  # a template of somebody's own may fail in any way, and not only when it is asked
                self._parts.prompt.show_error(messages.error_text(exc))
            else:
                self._parts.prompt.show(prompt, self.max_new_tokens)

    def _fail(self, exc: BaseException) -> None:
        self._parts.stats.value = ""
        self.set_trait("error", messages.error_text(exc))
        self._set_status("error")

    @traitlets.validate("instruction", "context")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])
