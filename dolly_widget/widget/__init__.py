"""DollyWidget: ask a language model in a notebook. Knows engines, and nothing of tensors or tokens.

An answer is made on a job's thread, which only sets traits: it never prints, and never uses an Output widget.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from dolly_widget.devices import check_device
from dolly_widget.engines import Engine, GenerationResult, PromptTooLongError, check_engine, load_engine
from dolly_widget.jobs import Job
from dolly_widget.models import ModelInfo, resolve
from dolly_widget.prompts import PromptTemplate
from dolly_widget.sampling import SamplingParams
from dolly_widget.tokens import encodable
from dolly_widget.widget import messages
from dolly_widget.widget.parts import Parts, descendants
from dolly_widget.widget.publisher import Publisher
from dolly_widget.widget.settings import SettingsTraits

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
_STILL_BUSY = "An answer is still being written: stop() it, or wait() for it, first."


@dataclasses.dataclass(frozen=True)
class Exchange:
    """One instruction and the answer that it got."""

    instruction: str
    context: str
    params: SamplingParams
    result: GenerationResult


class DollyWidget(SettingsTraits, widgets.VBox):
    """A language model in a notebook: write an instruction, watch the answer come, stop it, change the sampling.

    ``model`` is "demo" (the small demonstration model that is part of the package), a directory of OpenVINO files, or
    a loaded ``Engine``, which stays yours to close. ``device`` is "AUTO" or a device that OpenVINO reports.
    ``template`` replaces the model's own prompt template. ``examples`` replaces the ten instructions that are offered.
    Sampling settings, such as ``temperature=0.5``, are the traits' first values.

    The model is loaded in the background; raises at once where it is missing or broken (ModelError) or a value is out
    of range (ValueError). Observers of traits are called on the worker's thread while an answer is written.
    """

    instruction = traitlets.Unicode("", help="What the model shall do.")
    context = traitlets.Unicode("", help="A text that the instruction is about; may be empty.")
    response = traitlets.Unicode("", read_only=True, help="The answer so far.")
    status = traitlets.Enum(("loading", "idle", "generating", "stopping", "error"), "idle", read_only=True)
    error = traitlets.Unicode("", read_only=True, help="What went wrong last, and what to do; empty when all is well.")
    device = traitlets.Unicode("AUTO", help="Where the model runs. Setting it loads the model there.")

    _is_closed = True  # until it is whole: ipywidgets closes what __init__ left unfinished, too

    def __init__(
        self,
        model: str | Path | Engine = "demo",
        *,
        device: str = "AUTO",
        engine: str = "genai",
        template: PromptTemplate | None = None,
        examples: Sequence[str] | None = None,
        **sampling: Any,
    ) -> None:
        _changed(SamplingParams(), sampling)  # an unknown name, or a wrong value, is told before anything is made
        super().__init__()
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._loading: Job[None] | None = None
        self._answering: Job[GenerationResult] | None = None
        self._is_busy = False
        self._history: list[Exchange] = []
        self._owns_engine = isinstance(model, str | Path)
        if isinstance(model, str | Path):
            check_engine(engine)
            model_dir = resolve(model)
            self._load: Callable[[str], Engine] = lambda device: load_engine(
                model_dir, device=device, engine=engine, template=template
            )
        else:
            if template is not None:
                raise ValueError("A loaded engine has its template already: give it to load_engine(…, template=…).")
            model_dir, device, self._engine = model.model_dir, model.device, model
        self._info = ModelInfo(model_dir)
        self.set_trait("device", device)
        for name, value in sampling.items():
            setattr(self, name, value)
        self._parts = Parts(self, EXAMPLES if examples is None else examples)
        self._parts.settings.is_device_fixed = not self._owns_engine
        self.children = self._parts.children
        self.add_class("dw-widget")
        self._is_closed = False
        self._wire()
        if self._engine is None:
            self._start_loading()
        else:
            self._show_model()
            self._set_status("idle")

    def _wire(self) -> None:
        parts = self._parts
        traitlets.link((self, "instruction"), (parts.instruction, "value"))
        traitlets.link((self, "context"), (parts.context, "value"))
        for button in parts.examples.children:
            button.on_click(lambda button: setattr(self, "instruction", button.description))
        parts.submit.on_click(lambda _: self._on_submit())
        parts.stop.on_click(lambda _: self.stop())
        parts.clear.on_click(lambda _: self.clear())
        parts.mend.on_click(lambda _: self._on_mend())
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
        params = _changed(self.params, sampling)
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

    def stop(self) -> None:
        """Stop the answer after the current token; the text so far stays. Returns at once; safe at any time."""
        with self._lock:
            if self._is_busy and self._answering is not None:
                self._answering.stop()
                self._set_status("stopping")

    def clear(self) -> None:
        """Empty instruction, context, answer and error; the history stays. RuntimeError while an answer is written."""
        with self._lock:
            self._refuse_unless_free()
            self.instruction = self.context = ""
            self._empty_answer()
            if not self._is_loading:
                self._set_status("idle")

    def wait(self, timeout_s: float | None = None) -> GenerationResult | None:
        """Wait until the model is loaded and no answer is being written; return the last answer, None if there is none.

        Raises what writing it, or loading, raised; TimeoutError after ``timeout_s`` seconds.
        """
        if self._answering is not None and (self._is_busy or self._loading is None or self._loading.done):
            return self._answering.wait(timeout_s)
        if self._loading is not None:
            self._loading.wait(timeout_s)
        return None if self._answering is None else self._answering.wait(timeout_s)

    @property
    def history(self) -> tuple[Exchange, ...]:
        """All exchanges so far, the oldest first; stopped answers too."""
        return tuple(self._history)

    def close(self) -> None:
        """Stop and free everything: the answer, the model (unless it was given as an Engine), all controls."""
        if self._is_closed:
            return
        self._is_closed = True
        with self._lock:
            if self._answering is not None:
                self._answering.stop()
        for job in (self._answering, self._loading):
            _join(job)
        if self._engine is not None and self._owns_engine:
            self._engine.close()
        for part in descendants(self):
            part.close()
        super().close()

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}({self._info.name!r}, device={self.device!r})"

    # An answer

    def _submit(self, instruction: str, context: str, params: SamplingParams) -> Job[GenerationResult]:
        with self._lock:
            self._refuse_unless_free()
            if not instruction.strip():
                raise ValueError("Write an instruction first, or choose one of the examples.")
            self._empty_answer()
            self._is_busy = self._parts.view.is_streaming = True
            self._answering = Job(lambda stop: self._answer(instruction, context, params, stop), name="dolly-answer")
            self._set_status("loading" if self._is_loading else "generating")
            return self._answering

    def _refuse_unless_free(self) -> None:
        if self._is_closed:
            raise RuntimeError("This widget is closed: make a new one with DollyWidget().")
        if self._is_busy:
            raise RuntimeError(_STILL_BUSY)

    def _empty_answer(self) -> None:
        self._parts.empty()
        self.set_trait("response", "")
        self.set_trait("error", "")

    def _answer(
        self, instruction: str, context: str, params: SamplingParams, stop: threading.Event
    ) -> GenerationResult:
        """The work of an answer's job."""
        publisher = Publisher(self._show_text)
        try:
            engine = self._engine_when_loaded(stop)
            if engine is None:
                result = GenerationResult("", (), 0, "cancelled", params.seed or 0, math.nan, math.nan)
            else:
                prompt = engine.template.render(instruction, context)
                result = engine.generate(prompt, params, on_text=publisher.push, stop=stop)
        except BaseException as exc:
            publisher.flush()
            self._end_answer(functools.partial(self._fail, exc))
            raise
        self._history.append(Exchange(instruction, context, params, result))
        self.set_trait("response", result.text)
        self._end_answer(functools.partial(self._show_result, result))
        return result

    def _engine_when_loaded(self, stop: threading.Event) -> Engine | None:
        """The engine, once it is loaded; None if we are asked to stop before. Raises what loading raised."""
        while self._is_loading:
            if stop.wait(0.02):
                return None
        if self._engine is None and self._loading is not None:
            self._loading.wait()
        with self._lock:
            if not stop.is_set():
                self._set_status("generating")
        return self._engine

    def _show_text(self, text: str) -> None:
        self._parts.view.text = text
        self.set_trait("response", text)

    def _end_answer(self, show_outcome: Callable[[], None]) -> None:
        self._parts.view.finish(self.response)
        with self._lock:
            self._is_busy = False
            show_outcome()

    def _show_result(self, result: GenerationResult) -> None:
        self._parts.stats.value = messages.stats_line(result)
        self._set_status("idle")

    # The model

    @property
    def _is_loading(self) -> bool:
        return self._loading is not None and not self._loading.done

    def _start_loading(self) -> None:
        previous, device = self._loading, self.device
        self._set_status("loading")
        self._loading = Job(lambda stop: self._load_on(device, previous), name="dolly-load")

    def _load_on(self, device: str, previous: Job[None] | None) -> None:
        """The work of a loading job: load and warm up, then take the place of the engine before."""
        _join(previous)
        try:
            engine = self._load(device)
            # Weights are paged in and repacked by the first run: seconds for a large model, while the user types.
            engine.generate(engine.template.render("Hello"), SamplingParams(max_new_tokens=1, temperature=0))
        except BaseException as exc:
            self._loading_failed(device, exc)
            raise
        with self._lock:
            is_wanted = device == self.device and not self._is_closed
            dropped = self._engine if is_wanted else engine
            if is_wanted:
                self._engine = engine
                self._show_model()
            if not self._is_busy:
                self._parts.stats.value = ""
                self._set_status("idle")
        if dropped is not None:
            dropped.close()

    def _loading_failed(self, device: str, exc: BaseException) -> None:
        with self._lock:
            if device != self.device:
                return  # another one was chosen meanwhile
            self._parts.stats.value = ""
            self._fail(exc)
            if self._engine is not None:  # the device before keeps working
                self.device = self._engine.device

    def _show_model(self) -> None:
        self._parts.model.value = messages.model_line(self._info, self.device)

    @traitlets.validate("device")
    def _known_device(self, proposal: traitlets.Bunch) -> str:
        device: str = proposal["value"]
        if self._engine is not None and device == self._engine.device:
            return device
        if self._is_busy:
            raise RuntimeError(_STILL_BUSY)
        if not self._owns_engine:
            raise ValueError("This widget was given a loaded engine, which stays on its device.")
        return check_device(device)

    def _on_device(self, change: traitlets.Bunch) -> None:
        if self._engine is None or change["new"] != self._engine.device:
            self._start_loading()

    # What is shown

    def _set_status(self, status: str) -> None:
        self.set_trait("status", status)
        self._parts.show_status(status, self._is_busy)

    def _fail(self, exc: BaseException) -> None:
        room = exc.largest_max_new_tokens if isinstance(exc, PromptTooLongError) else 0
        self._parts.show_message(messages.error_html(exc), f"Set max new tokens to {room}" if room else "")
        self._parts.stats.value = ""
        self.set_trait("error", messages.error_text(exc))
        self._set_status("error")

    def _on_submit(self) -> None:
        try:
            self.submit()
        except (ValueError, RuntimeError) as exc:
            self._parts.show_message(messages.hint_html(str(exc)))

    def _on_mend(self) -> None:
        self.max_new_tokens = int(self._parts.mend.description.rpartition(" ")[2])
        self._on_submit()

    @traitlets.validate("instruction", "context")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])


def _changed(params: SamplingParams, sampling: dict[str, Any]) -> SamplingParams:
    known = [field.name for field in dataclasses.fields(SamplingParams)]
    unknown = ", ".join(repr(name) for name in sampling if name not in known)
    if unknown:
        raise TypeError(f"There is no sampling setting {unknown}; there are {', '.join(known)}.")
    return dataclasses.replace(params, **sampling)


def _join(job: Job[Any] | None) -> None:
    """Wait for the end of a job, whatever it is: its error was shown when it happened."""
    if job is not None:
        with contextlib.suppress(BaseException):
            job.wait()
