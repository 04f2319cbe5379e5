"""DollyWidget: ask a language model in a notebook. Knows engines, and nothing of tensors or tokens.

An answer is made on a job's thread, which only sets traits: it never prints, and never uses an Output widget.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from dolly_widget.devices import check_device
from dolly_widget.engines import Engine, GenerationResult, PromptTooLongError, check_engine
from dolly_widget.jobs import Job
from dolly_widget.model_info import ModelError
from dolly_widget.progress import Progress
from dolly_widget.prompts import PromptTemplate
from dolly_widget.sampling import SamplingParams, changed
from dolly_widget.tokens import encodable
from dolly_widget.weight_format import WeightFormat
from dolly_widget.widget import messages
from dolly_widget.widget.answers import Answerer, Exchange, refuse_unless_it_goes_on
from dolly_widget.widget.arranging import descendants
from dolly_widget.widget.explorer import SamplingExplorer
from dolly_widget.widget.loading import ModelLoader, first_choice
from dolly_widget.widget.parts import EXAMPLES, Parts
from dolly_widget.widget.settings import SettingsTraits

__all__ = ["EXAMPLES", "DollyWidget", "Exchange"]


class DollyWidget(SettingsTraits, widgets.VBox):
    """A language model in a notebook: write an instruction, watch the answer come, stop it, change the sampling.

    ``model`` is "demo" (the small demonstration model that is part of the package), a model id of the Hugging Face hub,
    a directory of OpenVINO files or of a checkpoint, or a loaded ``Engine``, which stays yours to close.
    ``weight_format`` ("fp16", "int8", "int4") is for a model that has to be converted, ``revision`` a branch, tag or
    commit of the hub. ``device`` is "AUTO" or a device that OpenVINO reports, ``engine`` "genai" or "optimum",
    ``ov_config`` OpenVINO properties, such as ``{"CACHE_DIR": "cache"}``. ``template`` replaces this model's own prompt
    template, ``examples`` the ten instructions that are offered. Sampling settings, such as ``temperature=0.5``, are
    the traits' first values.

    Returns at once: the model is downloaded, converted and loaded in the background, with progress. Raises where it is
    already known to be missing or broken (ModelError), or a value is out of range (ValueError). Observers of traits are
    called on the worker's thread while an answer is written or a model is loaded.
    """

    instruction = traitlets.Unicode("", help="What the model shall do.")
    context = traitlets.Unicode("", help="A text that the instruction is about; may be empty.")
    response = traitlets.Unicode("", read_only=True, help="The answer so far.")
    status = traitlets.Enum(("loading", "idle", "generating", "stopping", "error"), "idle", read_only=True)
    error = traitlets.Unicode("", read_only=True, help="What went wrong last, and what to do; empty when all is well.")
    progress = traitlets.Unicode("", read_only=True, help="How far a download or conversion is; else empty.")
    device = traitlets.Unicode("AUTO", help="Where the model runs. Setting it loads the model there.")
    lens = traitlets.Bool(False, help="Whether a finished answer's tokens are coloured by how likely each was.")

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
        examples: Sequence[str] | None = None,
        **sampling: Any,
    ) -> None:
        # What is wrong is told before anything is made.
        changed(SamplingParams(), sampling)
        check_engine(engine)
        choice, given = first_choice(model, device, WeightFormat.of(weight_format), revision, template)
        super().__init__()
        self._lock = threading.RLock()
        self._loader = ModelLoader(
            choice,
            engine,
            ov_config,
            self._lock,
            on_step=self._show_step,
            on_loaded=self._show_loaded,
            on_failed=self._show_failed,
        )
        self._answerer = Answerer(
            self._loader,
            self._lock,
            on_text=self._show_text,
            on_begin=lambda: self._set_status("generating"),
            on_result=self._show_result,
            on_error=self._show_error,
        )
        self.set_trait("device", choice.device)
        for name, value in sampling.items():
            setattr(self, name, value)
        self._parts = Parts(self, EXAMPLES if examples is None else examples)
        self.children = self._parts.children
        self.add_class("dw-widget")
        self._wire()
        self._is_closed = False
        if given is None:
            self._loader.start(choice)
        else:
            self._loader.give(given)
            self._show_loaded()

    def _wire(self) -> None:
        parts = self._parts
        traitlets.link((self, "instruction"), (parts.instruction, "value"))
        traitlets.link((self, "context"), (parts.context, "value"))
        traitlets.link((self, "lens"), (parts.lens_toggle, "value"))
        self.observe(lambda change: parts.lens.turn(change["new"]), "lens")
        for button in parts.examples.children:
            button.on_click(lambda button: setattr(self, "instruction", button.description))
        parts.submit.on_click(lambda _: self._on_submit())
        parts.stop.on_click(lambda _: self.stop())
        parts.clear.on_click(lambda _: self.clear())
        parts.mend.on_click(lambda _: self._on_mend())
        parts.preparing.cancel.on_click(lambda _: self._cancel_loading())
        self.observe(self._on_device, "device")

    # What a caller does

    def submit(self) -> Job[GenerationResult]:
        """Answer ``instruction`` in the background, with the settings as they are; return the job.

        Raises ValueError for an empty instruction, RuntimeError while an answer is being written or after ``close``.
        A model that is still loading is waited for, in the background too.
        """
        return self._submit(self.instruction, self.context, self.params)

    def ask(self, instruction: str, context: str = "", **sampling: Any) -> GenerationResult:
        """Answer ``instruction`` and return the result when it is whole; the widget shows it as it comes.

        ``sampling`` changes settings for this answer alone. Interrupting the kernel stops the answer.
        """
        params = changed(self.params, sampling)
        with self._lock:
            self._refuse_unless_free()
            self.instruction, self.context = instruction, context
            job = self._submit(self.instruction, self.context, params)
        try:
            return job.wait()
        except KeyboardInterrupt:
            self.stop()
            job.wait()
            raise

    def regenerate(self, place: int, token_id: int) -> Job[GenerationResult]:
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
            return self._submit(*exchange.asked, prefix_ids, exchange.model_dir)

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
        """Empty instruction, context, answer and error; the history stays. RuntimeError while an answer is written."""
        with self._lock:
            self._refuse_unless_free()
            self.instruction = self.context = ""
            self._empty_answer()
            if not self._loader.is_loading:
                self._set_status("idle")

    def wait(self, timeout_s: float | None = None) -> GenerationResult | None:
        """Wait until the model is loaded and no answer is being written; return the last answer, None if there is none.

        Raises what writing it, or loading, raised; TimeoutError after ``timeout_s`` seconds.
        """
        loading = self._loader.job
        if loading is not None and not self._answerer.is_busy and (self._answerer.job is None or not loading.done):
            loading.wait(timeout_s)
        return None if self._answerer.job is None else self._answerer.job.wait(timeout_s)

    @property
    def history(self) -> tuple[Exchange, ...]:
        """All exchanges so far, the oldest first; stopped answers too."""
        return tuple(self._answerer.history)

    def close(self) -> None:
        """Stop and free everything: the answer, the model (unless it was given as an Engine), all controls."""
        if self._is_closed:
            return
        self._is_closed = True
        self._loader.cancel()
        self._answerer.close()
        self._parts.lens.close()
        self._loader.close()
        for part in descendants(self):
            part.close()
        super().close()

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}({self._loader.name!r}, device={self.device!r})"

    # An answer

    def _submit(self, instruction: str, context: str, params: SamplingParams, *beginning: Any) -> Job[GenerationResult]:
        with self._lock:
            self._refuse_unless_free()
            if not instruction.strip():
                raise ValueError("Write an instruction first, or choose one of the examples.")
            self._empty_answer()
            self._parts.view.is_streaming = True
            job = self._answerer.start(instruction, context, params, *beginning)
            self._set_status("loading" if self._loader.is_loading else "generating")
            return job

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise RuntimeError("This widget is closed: make a new one with DollyWidget().")

    def _refuse_unless_free(self) -> None:
        self._refuse_if_closed()
        if self._answerer.is_busy:
            raise RuntimeError("An answer is still being written: stop() it, or wait() for it, first.")

    def _empty_answer(self) -> None:
        self._parts.empty()
        self.set_trait("response", "")
        self.set_trait("error", "")

    def _show_text(self, text: str) -> None:
        self._parts.view.text = text
        self.set_trait("response", text)

    def _show_result(self, exchange: Exchange) -> None:
        self._show_exchange(exchange)

    def _show_exchange(self, exchange: Exchange) -> None:
        with self._lock:
            self.set_trait("response", exchange.result.text)
            self.set_trait("error", "")
            self._parts.show_exchange(exchange)
            self._rest()

    def _show_error(self, exc: BaseException) -> None:
        self._parts.view.finish(self.response)
        if self._loader.job is not None and exc is self._loader.job.error:  # it waited for a model in vain
            self._fail_to_load(exc)
            return
        room = exc.largest_max_new_tokens if isinstance(exc, PromptTooLongError) else 0
        self._parts.show_message(messages.error_html(exc), f"Set max new tokens to {room}" if room else "")
        self._fail(exc)

    # The model

    def _load_from_box(self, model: str, weight_format: str) -> None:
        # The name of the format that we have keeps its group size and ratio.
        is_same = weight_format == self._loader.choice.weight_format.name
        self.load(model, weight_format=None if is_same else weight_format)

    def _cancel_loading(self) -> None:
        self._parts.preparing.show_cancelling()
        self.stop()  # an answer that waits for this model
        self._loader.cancel()

    def _show_step(self, progress: Progress | None, notes: tuple[str, ...]) -> None:
        if self.status != "loading":  # what was wrong before is past
            self._parts.show_message("")
            self._parts.show_load_message("")
            self.set_trait("error", "")
        self._parts.show_loading(self._loader, progress, notes)
        self._set_status("loading")
        self.set_trait("progress", "" if progress is None else str(progress))

    def _show_loaded(self) -> None:
        self.set_trait("progress", "")
        self._parts.show_model(self._loader)
        self._parts.chooser.loaded(str(self._loader.choice.model))
        self._parts.lens.refresh()
        self._rest()

    def _show_failed(self, exc: BaseException, is_stopped: bool) -> None:
        self.set_trait("progress", "")
        self._parts.show_model(self._loader)
        if is_stopped and isinstance(exc, ModelError) and self._loader.engine is not None:
            self._parts.show_load_message(messages.hint_html(str(exc)))
            self._rest()
        else:
            self._fail_to_load(exc)
        self.device = self._loader.choice.device  # the one before keeps working

    def _fail_to_load(self, exc: BaseException) -> None:
        self._parts.show_load_message(messages.error_html(exc))
        self._fail(exc)

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

    # What is shown

    def _set_status(self, status: str) -> None:
        self.set_trait("status", status)
        self._parts.show_status(status, self._answerer.is_busy)

    def _rest(self) -> None:
        """Show that no answer is being written; one that only waited for a model says itself what comes next."""
        if not self._answerer.is_busy:
            loader = self._loader
            self._set_status("loading" if loader.is_loading else "error" if loader.engine is None else "idle")

    def _fail(self, exc: BaseException) -> None:
        self._parts.stats.value = ""
        self.set_trait("error", messages.error_text(exc))
        self._set_status("error")

    def _on_submit(self) -> None:
        try:
            self.submit()
        except (ValueError, RuntimeError) as exc:
            self._parts.show_message(messages.hint_html(str(exc)))

    def _on_choose(self, place: int, token_id: int) -> None:
        try:
            self.regenerate(place, token_id)
        except (ValueError, RuntimeError) as exc:
            self._parts.show_message(messages.hint_html(str(exc)))

    def _engine(self) -> Engine | None:
        return self._loader.engine

    def _on_mend(self) -> None:
        self.max_new_tokens = int(self._parts.mend.description.rpartition(" ")[2])
        self._on_submit()

    @traitlets.validate("instruction", "context")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])
