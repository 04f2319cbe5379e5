"""The answers of a DollyWidget: written one at a time on a job, and remembered. Knows nothing of controls."""

from __future__ import annotations

import contextlib
import functools
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from dolly_widget.engines import (
    Engine,
    EngineSetup,
    GenerationResult,
    Listener,
    check_constrains,
    local_model,
)
from dolly_widget.errors import IncompleteAnswerError, ModelError, release_frames
from dolly_widget.history import Exchange, utc_now
from dolly_widget.lens import with_probabilities
from dolly_widget.runtime import Job, Worker
from dolly_widget.text import Prompt
from dolly_widget.text.shapes import Shape
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.choice import sampling_of
from dolly_widget.widget.session.continuing import require_continuation, require_engine_of
from dolly_widget.widget.session.loader import ModelLoader
from dolly_widget.widget.session.pace import Pace
from dolly_widget.widget.session.prompts import Prompts
from dolly_widget.widget.session.publisher import Publisher


class _Expected(NamedTuple):
    """Which model is to answer."""

    choice: EngineSetup
    loading: Job[None] | None
    """The load that brings it, or did."""


class Answerer:
    """Owns the job that writes an answer, with the engine of ``loader``.

    What loads that is a job of the same ``worker``, and so has ended before. Calls, in the job: ``on_text`` with the
    whole text so far; and under ``lock``, ``on_begin`` when its turn has come, then ``on_result`` or ``on_error``.
    """

    is_busy = False
    """Whether an answer is being written, or waits for a model."""
    job: Job[GenerationResult] | None = None
    """The newest answer's."""

    def __init__(
        self,
        loader: ModelLoader,
        lock: threading.RLock,
        worker: Worker,
        prompts: Prompts,
        history: Sequence[Exchange] = (),
        *,
        on_text: Callable[[str], None],
        on_reasoning: Callable[[str], None],
        on_pace: Callable[[int, float], None],
        on_begin: Callable[[], None],
        on_result: Callable[[Exchange], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self.history: list[Exchange] = list(history)
        self._loader, self._prompts = loader, prompts
        self._lock, self._worker = lock, worker
        self._on_text, self._on_begin, self._on_result, self._on_error = on_text, on_begin, on_result, on_error
        self._on_reasoning, self._on_pace = on_reasoning, on_pace

    def start(self, asked: Asked) -> Job[GenerationResult]:
        """Begin an answer. Call under ``lock``, and not while ``is_busy``."""
        self.is_busy = True
        expected = _Expected(self._loader.choice, self._loader.job)
        work = functools.partial(self._answer, asked, expected)
        try:
            self.job = Job(work, name="dolly-answer", worker=self._worker)
        except BaseException:  # an interrupt just then
            self.is_busy = False
            raise
        return self.job

    def stop(self) -> bool:
        """Ask the answer to end after the current token, or end it at once if it waits; return whether it goes on."""
        if self.is_busy and self.job is not None:
            self.job.stop()
        return self.is_busy

    def settle(self) -> None:
        """Wait for the end of the answer, be it an error, which was shown."""
        if self.job is not None:
            with contextlib.suppress(Exception):
                self.job.wait()

    def _answer(self, asked: Asked, expected: _Expected, stop: threading.Event) -> GenerationResult:
        """The work of an answer's job."""
        publisher, thinking, pace = Publisher(self._on_text), Publisher(self._on_reasoning), Pace(self._on_pace)

        def on_text(piece: str) -> None:
            with self._worker.adopts_current_thread():  # an observer may close the widget, on the engine's own thread
                thinking.flush()
                publisher.push(piece)

        try:
            exchange, incomplete = self._exchange(asked, expected, Listener(on_text, thinking.push, pace), stop)
        except BaseException as exc:
            release_frames(exc)
            try:
                publisher.flush()
            finally:  # whatever an observer does
                self._end(functools.partial(self._on_error, exc))
            raise
        self.history.append(exchange)
        self._end(functools.partial(self._on_result, exchange))
        if incomplete is not None:  # what there is of it stays all the same
            raise incomplete
        return exchange.result

    def _end(self, show_outcome: Callable[[], None]) -> None:
        with self._lock:
            self.is_busy = False
            show_outcome()

    def _exchange(
        self, asked: Asked, expected: _Expected, on_text: Listener, stop: threading.Event
    ) -> tuple[Exchange, IncompleteAnswerError | None]:
        if stop.is_set():  # before its turn came
            nothing = GenerationResult("", (), 0, "cancelled", asked.params.seed or 0, math.nan, math.nan)
            unanswered = Exchange(
                asked.instruction,
                asked.context,
                asked.params,
                nothing,
                turns=asked.turns,
                instead_of=asked.instead_of,
                system=asked.system,
                answered_at=utc_now(),
                answer=asked.answer,
            )
            stopped = IncompleteAnswerError("The answer was stopped before it began: ask again.", nothing)
            return unanswered, None if asked.answer is None else stopped
        engine = self._loaded_engine(expected)
        with self._lock:
            if not stop.is_set():
                self._on_begin()
        loader, model = self._loader, local_model(engine)
        asked = asked.taken_by(engine.template)
        prompt, left_out = self._prompts.fit(engine.template, model, asked)
        asked = replace(asked, params=asked.params_for(sampling_of(model)))
        incomplete = None
        try:
            result = _generate(engine, prompt, asked, on_text, stop)
        except IncompleteAnswerError as exc:
            result, incomplete = exc.result, exc
        exchange = Exchange(
            asked.instruction,
            asked.context,
            asked.params,
            result,
            prompt,
            None if model is None else model.directory,
            loader.record,
            str(engine.template.name),
            asked.turns,
            "" if model is None else model.name,
            asked.system,
            asked.instead_of,
            left_out,
            utc_now(),
            asked.answer,
        )
        return exchange, incomplete

    def _loaded_engine(self, expected: _Expected) -> Engine:
        """The engine of the model that was asked. Raises what loading that raised."""
        loader = self._loader
        if expected.loading is not None and (
            loader.engine is None or not loader.choice.needs_same_models(expected.choice)
        ):
            expected.loading.wait()  # the previous model's answer is not what was asked for
        if loader.engine is None:  # a load that was begun at the same moment took the place of that one
            raise ModelError("Another model was chosen before this one was loaded: ask again once it is loaded.")
        return loader.engine


def _generate(
    engine: Engine, prompt: Prompt, asked: Asked, on_text: Callable[[str], None], stop: threading.Event
) -> GenerationResult:
    if asked.answer is not None:
        return _shaped(engine, prompt, asked, asked.answer, on_text, stop)
    if not asked.prefix_ids:
        return engine.generate(prompt, asked.params, on_text=on_text, stop=stop)
    continuing = require_continuation(engine)
    if asked.model_dir is not None:  # another model may have been loaded meanwhile
        require_engine_of(engine, asked.model_dir)
    return continuing.generate(prompt, asked.params, on_text=on_text, stop=stop, prefix_ids=asked.prefix_ids)


def _shaped(
    engine: Engine,
    prompt: Prompt,
    asked: Asked,
    shape: Shape,
    on_text: Callable[[str], None],
    stop: threading.Event,
) -> GenerationResult:
    if asked.prefix_ids:
        raise ValueError("answer= does not go with prefix_ids: leave one of them out.")
    check_constrains(engine)
    result: GenerationResult = engine.generate(
        prompt,
        asked.params,
        on_text=on_text,
        stop=stop,
        answer=shape,  # type: ignore[call-arg]
    )
    return with_probabilities(result, engine, prompt, shape)
