"""DollyWidget: ask a language model in a notebook. Knows engines, and nothing of tensors or tokens.

Loads, answers and the lens are jobs of one worker, whose thread only sets traits: it never prints, and never uses an
Output widget.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from dolly_widget.engines import Engine, GenerationResult, check_engine, check_guessing
from dolly_widget.history import Exchange, History
from dolly_widget.models import WeightFormat
from dolly_widget.runtime import Job, Worker, check_device
from dolly_widget.sampling import SamplingParams, changed
from dolly_widget.text import PromptTemplate, Turn
from dolly_widget.widget.answer.last_answer import with_last_answer
from dolly_widget.widget.explorer.explorer import SamplingExplorer
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.catching_up import CatchingUp
from dolly_widget.widget.page.layout import descendants
from dolly_widget.widget.page.subshells import hear_at_once
from dolly_widget.widget.screen import EXAMPLES, Parts
from dolly_widget.widget.session.answerer import Answerer, Asked, earlier, refuse_unless_it_goes_on
from dolly_widget.widget.session.choice import first_choice
from dolly_widget.widget.session.loader import ModelLoader
from dolly_widget.widget.session.session import DollyState

__all__ = ["EXAMPLES", "DollyWidget", "Exchange"]


class DollyWidget(DollyState, widgets.VBox):
    """A language model in a notebook: write an instruction, watch the answer come, stop it, change the sampling.

    ``model`` is "demo" (the small demonstration model that is part of the package), a model id of the Hugging Face hub,
    a directory of OpenVINO files or of a checkpoint, or a loaded ``Engine``, which stays yours to close.
    ``weight_format`` ("fp16", "int8", "int4") is for a model that has to be converted, ``revision`` a branch, tag or
    commit of the hub. ``device`` is "AUTO" or a device that OpenVINO reports, ``engine`` "genai" or "optimum",
    ``ov_config`` OpenVINO properties, such as ``{"CACHE_DIR": "cache"}``. ``template`` replaces this model's own prompt
    template, ``examples`` the ten instructions that are offered. ``prompt_lookup`` makes answers faster that quote
    their context, and ``draft``, a smaller model with the same tokenizer, those that it can guess: see ``load_engine``.
    ``history`` are answers to go on from: a ``History``, exchanges, or the path of a file that
    ``History.to_json`` wrote. ``chat=True`` tells a model with a chat template what was said before. Sampling settings,
    such as ``temperature=0.5``, are the traits' first values.

    Returns at once: the model is downloaded, converted and loaded in the background, with progress. Raises where it is
    already known to be missing or broken (ModelError), or a value is out of range (ValueError). Observers of traits are
    called on the worker's thread while an answer is written or a model is loaded.
    """

    _is_closed = True  # until it is whole: ipywidgets closes what __init__ left unfinished, too

    def __init__(
        self,
        model: str | Path | Engine = "demo",
        *,
        device: str = "AUTO",
        engine: str = "genai",
        weight_format: str | WeightFormat = "int8",
        revision: str | None = None,
        template: PromptTemplate | None = None,
        ov_config: Mapping[str, Any] | None = None,
        prompt_lookup: bool = False,
        draft: str | Path | None = None,
        examples: Sequence[str] | None = None,
        history: Sequence[Exchange] | str | Path = (),
        chat: bool = False,
        **sampling: Any,
    ) -> None:
        # What is wrong is told before anything is made.
        changed(SamplingParams(), sampling)
        check_engine(engine)
        check_guessing(engine, device, prompt_lookup, draft)
        before = earlier(history)
        choice, given = first_choice(
            model, device, WeightFormat.of(weight_format), revision, template, prompt_lookup=prompt_lookup, draft=draft
        )
        super().__init__()
        self._lock = threading.RLock()
        self._worker = Worker()
        self._loader = ModelLoader(
            choice,
            engine,
            ov_config,
            self._lock,
            self._worker,
            on_step=self._show_step,
            on_loaded=self._show_loaded,
            on_failed=self._show_failed,
        )
        self._answerer = Answerer(
            self._loader,
            self._lock,
            self._worker,
            before,
            on_text=self._show_text,
            on_begin=lambda: self._set_status("generating"),
            on_result=self._show_result,
            on_error=self._show_error,
        )
        self.set_trait("device", choice.device)
        for name, value in {**sampling, "chat": chat}.items():
            setattr(self, name, value)
        self._parts = Parts(self, EXAMPLES if examples is None else examples)
        self._catching_up = CatchingUp(self)
        self.children = (*self._parts.children, self._catching_up)
        self.add_class("dw-widget")
        hear_at_once(descendants(self))
        self._wire()
        self._is_closed = False
        if given is None:
            self._loader.start(choice)
        else:
            self._loader.give(given)
            self._show_loaded()
        if before:
            self._show_exchange(before[-1])

    def _wire(self) -> None:
        parts = self._parts
        traitlets.link((self, "instruction"), (parts.composer, "instruction"))
        for name, control in (("context", parts.context), ("lens", parts.lens_toggle), ("chat", parts.chat)):
            traitlets.link((self, name), (control, "value"))
        self.observe(lambda change: parts.lens.turn(change["new"]), "lens")
        self.observe(lambda _: self._show_prompt(), ("instruction", "context", "chat", "max_new_tokens"))
        parts.regenerate.on_click(lambda _: self._try(self.regenerate))
        parts.preparing.cancel.on_click(lambda _: self._cancel_loading())
        self.observe(self._on_device, "device")

    # What a caller does

    def submit(self) -> Job[GenerationResult]:
        """Answer ``instruction`` in the background, with the settings as they are; return the job.

        Raises ValueError for an empty instruction, RuntimeError while an answer is being written or after ``close``.
        A model that is still loading is waited for, in the background too.
        """
        with self._lock:
            return self._submit_from_box(self.params, self._turns_before)

    def ask(
        self,
        instruction: str,
        context: str = "",
        *,
        turns: Sequence[tuple[str, str, str]] | None = None,
        prefix_ids: Sequence[int] = (),
        **sampling: Any,
    ) -> GenerationResult:
        """Answer ``instruction`` and return the result when it is whole; the widget shows it as it comes.

        ``turns`` are what was said before, each an instruction, its context and its answer; None: what the chat holds,
        if it is one. ``prefix_ids`` are the answer's first tokens. ``sampling`` changes settings for this answer alone.
        Interrupting the kernel stops the answer. Raises ValueError for what cannot be asked so.
        """
        params = changed(self.params, sampling)
        try:
            with self._lock:
                self._refuse_unless_free()
                before = self._turns_before if turns is None else _checked_turns(turns)
                self.instruction, self.context = instruction, context
                asked = Asked(self.instruction, self.context, params, before, tuple(prefix_ids), is_chat=turns is None)
                was_due = self._catching_up.is_due
                job = self._submit(asked)
                self._catching_up.is_due = was_due or self.lens  # which is coloured when this cell may have ended
            result = job.wait()
        except KeyboardInterrupt:
            self.stop()
            self._answerer.settle()  # so that the partial answer is in the history
            if self._parts.view.is_streaming:  # it came before there was one
                self._parts.empty()
            raise
        self._catching_up.catch_up()
        return result

    def regenerate(self) -> Job[GenerationResult]:
        """Answer the shown answer's instruction again, with its settings and another seed; return the job.

        The answer of before stays in the history, one click away. Raises ValueError where there is no answer, or where
        another one cannot come out; RuntimeError as ``submit``.
        """
        with self._lock:
            self._refuse_unless_free()
            exchange = self._parts.shown
            if exchange is None:
                raise ValueError("There is no answer yet: submit an instruction first.")
            if exchange.params.is_greedy:
                raise ValueError(
                    "Greedy decoding gives the same answer every time: set a temperature, and submit again."
                )
            params = replace(exchange.params, seed=None)
            return self._submit(Asked(exchange.instruction, exchange.context, params, exchange.turns, is_chat=True))

    def regenerate_from(self, place: int, token_id: int) -> Job[GenerationResult]:
        """Answer again from ``place`` on, with token ``token_id`` there: what if it had said that? Return the job.

        What is before ``place``, counted from 0, stays, and so do the settings of that answer, which stays in the
        history. Raises ValueError where the answer has no such place, its model is not the one that is loaded, or the
        engine cannot go on from a beginning; RuntimeError as ``submit``.
        """
        with self._lock:
            self._refuse_unless_free()
            exchange, engine = self._parts.lens.exchange_at(place)
            refuse_unless_it_goes_on(engine)
            prefix_ids = (*exchange.result.token_ids[:place], token_id)
            instruction, context, params = exchange.asked
            return self._submit(Asked(instruction, context, params, exchange.turns, prefix_ids, exchange.model_dir))

    def explore(self, place: int) -> SamplingExplorer:
        """Open the explorer below the answer, where the token at ``place``, counted from 0, was chosen; return it.

        Raises ValueError where the answer has no such place, or its model is not the one that is loaded.
        """
        self._refuse_if_closed()
        return self._parts.lens.explore(place)

    def load(
        self, model: str | Path, *, weight_format: str | WeightFormat | None = None, revision: str | None = None
    ) -> Job[None]:
        """Load another model in the background, in place of this one, and return the job, which ``stop`` cancels.

        ``model`` is a name or a directory, as in ``DollyWidget``; ``weight_format`` is the one of before unless told.
        Device and sampling settings stay, and so does the model of before if this one fails. Raises ModelError or
        ValueError for what is known to be in vain, RuntimeError while an answer is being written or after ``close``.
        """
        with self._lock:
            self._refuse_unless_free()
            choice = self._loader.choice.other_model(model, weight_format, revision)
            choice.find()
            return self._loader.start(choice)

    def stop(self) -> None:
        """Stop the answer after the current token; the text so far stays. Returns at once; safe at any time."""
        with self._lock:
            if self._answerer.stop():
                self._set_status("stopping")

    def clear(self) -> None:
        """Empty instruction, context, answer and error, and end the chat; the history stays.

        Raises RuntimeError while an answer is written.
        """
        with self._lock:
            self._refuse_unless_free()
            self._turns = ()
            self._parts.composer.recall = self.instruction or self._parts.composer.recall
            self.instruction = self.context = ""
            self._parts.empty()
            self._start_over()
            self._rest()

    def wait(self, timeout_s: float | None = None) -> GenerationResult | None:
        """Wait until the model is loaded and no answer is being written; return the last answer, None if there is none.

        Raises what writing it, or loading, raised; TimeoutError after ``timeout_s`` seconds.
        """
        loading = self._loader.job
        if loading is not None and not self._answerer.is_busy and (self._answerer.job is None or not loading.done):
            loading.wait(timeout_s)
        return None if self._answerer.job is None else self._answerer.job.wait(timeout_s)

    @property
    def history(self) -> History:
        """All exchanges so far, the oldest first; those that it began with, and stopped answers too."""
        return History(self._answerer.history)

    def close(self) -> None:
        """Stop and free everything: the answer, the model (unless it was given as an Engine), all controls."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._worker.close(self._lock)  # an observer may be what closes us
        finally:  # an interrupt ends the wait
            self._parts.lens.close()
            self._loader.close()
            for part in descendants(self):
                part.close()
            super().close()

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}({self._loader.name!r}, device={self.device!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return with_last_answer(super()._repr_mimebundle_(**kwargs), self.history)

    # An answer

    def _submit(self, asked: Asked) -> Job[GenerationResult]:
        with self._lock:
            self._refuse_unless_free()
            if not asked.instruction.strip():
                raise ValueError("Write an instruction first, or choose one of the examples.")
            self._catching_up.is_due = True
            self._begin(asked)
            job = self._answerer.start(asked)
            self._set_status("loading" if self._loader.is_loading else "generating")
            return job

    def _submit_from_box(self, params: SamplingParams, turns: tuple[Turn, ...]) -> Job[GenerationResult]:
        job = self._submit(Asked(self.instruction, self.context, params, turns, is_chat=True))
        if self._is_chat:  # the next turn is written in an empty box, as in any chat
            self.instruction = self.context = ""
        return job

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise RuntimeError("This widget is closed: make a new one with DollyWidget().")

    def _refuse_unless_free(self) -> None:
        self._refuse_if_closed()
        if self._answerer.is_busy:
            raise RuntimeError("An answer is still being written: stop() it, or wait() for it, first.")

    # What a hand does

    def _try(self, act: Callable[..., Any], *arguments: Any) -> None:
        """Do what was clicked; what is wrong with it is a hint."""
        try:
            act(*arguments)
        except (ValueError, RuntimeError) as exc:
            self._parts.notice.show(messages.hint_html(str(exc)))

    def _load_from_box(self, model: str, weight_format: str) -> None:
        # The name of the format that we have keeps its group size and ratio.
        is_same = weight_format == self._loader.choice.weight_format.name
        self.load(model, weight_format=None if is_same else weight_format)

    def _shorten(self, room: int) -> None:
        self.max_new_tokens = room
        asked = self._asked
        if asked is not None:
            self._try(self._submit, replace(asked, params=replace(asked.params, max_new_tokens=room)))

    def _load_again(self) -> None:
        self._try(self._start_again)

    def _start_again(self) -> None:
        with self._lock:
            self._refuse_unless_free()
            self._loader.start(self._loader.failed)
            self.device = self._loader.choice.device

    def _cancel_loading(self) -> None:
        self._parts.preparing.show_cancelling()
        self.stop()  # an answer that waits for this model
        self._loader.cancel()

    @traitlets.validate("device")
    def _known_device(self, proposal: traitlets.Bunch) -> str:
        device: str = proposal["value"]
        if device == self._loader.choice.device:
            return device
        self._refuse_unless_free()
        if self._loader.is_given and not self._loader.is_loading:
            raise ValueError("This widget was given a loaded engine, which stays on its device.")
        return check_device(device)

    def _on_device(self, change: traitlets.Bunch) -> None:
        if change["new"] != self._loader.choice.device:
            self._loader.move(change["new"])

    def _engine(self) -> Engine | None:
        return self._loader.engine


def _checked_turns(turns: Sequence[tuple[str, str, str]]) -> tuple[Turn, ...]:
    if not all(len(each) == 3 and all(isinstance(text, str) for text in each) for each in turns):
        raise ValueError("turns must be a list of (instruction, context, answer), all of them texts.")
    return tuple(Turn(*each) for each in turns)
