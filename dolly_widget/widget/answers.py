"""The answers of a DollyWidget: written one at a time on a job, and remembered. Knows nothing of controls."""

from __future__ import annotations

import contextlib
import functools
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dolly_widget.engines import Engine, GenerationResult, can_go_on
from dolly_widget.engines.sharing import forget_frames
from dolly_widget.jobs import Job
from dolly_widget.prompts import Prompt
from dolly_widget.sampling import SamplingParams
from dolly_widget.widget.loading import ModelLoader
from dolly_widget.widget.publisher import Publisher


@dataclass(frozen=True)
class Exchange:
    """One instruction and the answer that it got."""

    instruction: str
    context: str
    params: SamplingParams
    result: GenerationResult
    prompt: Prompt = field(default=Prompt(()), repr=False)
    """What the instruction became; empty where it was stopped before there was a model."""
    model_dir: Path | None = field(default=None, repr=False)
    """The files of the model that answered."""

    @property
    def asked(self) -> tuple[str, str, SamplingParams]:
        """What was asked, and with which settings."""
        return self.instruction, self.context, self.params


class _Asked(NamedTuple):
    instruction: str
    context: str
    params: SamplingParams
    prefix_ids: Sequence[int]
    model_dir: Path | None
    """Of the model that ``prefix_ids`` are of."""


def refuse_unless_by(engine: Engine | None, model_dir: Path | None) -> Engine:
    """Return the engine if it runs the model of these files. Else ValueError: its tokens would mean something else."""
    if engine is None or engine.model_dir != model_dir:
        name = "another one" if model_dir is None else model_dir.name
        raise ValueError(f"This answer is by a model that is not loaded now, {name}: load it to go on with this.")
    return engine


def refuse_unless_it_goes_on(engine: Engine) -> None:
    """Raise ValueError where ``engine`` takes no beginning of an answer."""
    if not can_go_on(engine):
        raise ValueError("This engine cannot go on from a beginning: its generate() has no prefix_ids.")


class Answerer:
    """Owns the job that writes an answer, with the engine of ``loader``, which is waited for.

    Calls, on the job's thread: ``on_text`` with the whole text so far; and under ``lock``, ``on_begin`` when the engine
    is there, then ``on_result`` or ``on_error``.
    """

    is_busy = False
    """Whether an answer is being written, or waits for a model."""
    job: Job[GenerationResult] | None = None
    """The newest answer's."""

    def __init__(
        self,
        loader: ModelLoader,
        lock: threading.RLock,
        *,
        on_text: Callable[[str], None],
        on_begin: Callable[[], None],
        on_result: Callable[[Exchange], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self.history: list[Exchange] = []
        self._loader = loader
        self._lock = lock
        self._on_text, self._on_begin, self._on_result, self._on_error = on_text, on_begin, on_result, on_error

    def start(
        self,
        instruction: str,
        context: str,
        params: SamplingParams,
        prefix_ids: Sequence[int] = (),
        model_dir: Path | None = None,
    ) -> Job[GenerationResult]:
        """Begin an answer, or go on with ``prefix_ids``, which are tokens of the model in ``model_dir``.

        Call under ``lock``, and not while ``is_busy``.
        """
        self.is_busy = True
        asked = _Asked(instruction, context, params, prefix_ids, model_dir)
        self.job = Job(functools.partial(self._answer, asked), name="dolly-answer")
        return self.job

    def stop(self) -> bool:
        """Ask the answer to end after the current token; return whether there was one."""
        if self.is_busy and self.job is not None:
            self.job.stop()
        return self.is_busy

    def close(self) -> None:
        """Stop, and wait for the end."""
        if self.job is not None:
            self.job.stop()
            with contextlib.suppress(BaseException):  # its error was shown when it happened
                self.job.wait()

    def _answer(self, asked: _Asked, stop: threading.Event) -> GenerationResult:
        """The work of an answer's job."""
        publisher = Publisher(self._on_text)
        try:
            exchange = self._exchange(asked, publisher.push, stop)
        except BaseException as exc:
            publisher.flush()
            forget_frames(exc)
            self._end(functools.partial(self._on_error, exc))
            raise
        self.history.append(exchange)
        self._end(functools.partial(self._on_result, exchange))
        return exchange.result

    def _end(self, show_outcome: Callable[[], None]) -> None:
        with self._lock:
            self.is_busy = False
            show_outcome()

    def _exchange(self, asked: _Asked, on_text: Callable[[str], None], stop: threading.Event) -> Exchange:
        engine = self._engine_when_loaded(stop)
        if engine is None:
            nothing = GenerationResult("", (), 0, "cancelled", asked.params.seed or 0, math.nan, math.nan)
            return Exchange(*asked[:3], nothing)
        prompt = engine.template.render(asked.instruction, asked.context)
        if asked.prefix_ids:  # another model may have been loaded meanwhile
            refuse_unless_it_goes_on(refuse_unless_by(engine, asked.model_dir))
        # Engines of others may know nothing of beginnings.
        beginning: dict[str, Any] = {"prefix_ids": asked.prefix_ids} if asked.prefix_ids else {}
        result = engine.generate(prompt, asked.params, on_text=on_text, stop=stop, **beginning)
        return Exchange(*asked[:3], result, prompt, engine.model_dir)

    def _engine_when_loaded(self, stop: threading.Event) -> Engine | None:
        """The engine, once it is loaded; None if we are asked to stop before. Raises what loading raised."""
        loader = self._loader
        asked = loader.choice
        while loader.is_loading:
            if stop.wait(0.02):
                return None
        if loader.job is not None and (loader.engine is None or not loader.choice.is_same_model(asked)):
            loader.job.wait()  # what the model of before would say is not what was asked for
        with self._lock:
            if not stop.is_set():
                self._on_begin()
        return loader.engine
