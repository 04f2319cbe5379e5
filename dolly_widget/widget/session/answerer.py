"""The answers of a DollyWidget: written on a job, one or several at a time, and remembered. Knows no controls."""

from __future__ import annotations

import contextlib
import functools
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dolly_widget.engines import (
    ContinuesText,
    Engine,
    EngineSetup,
    GenerationRequest,
    GenerationResult,
    check_constrains,
    generate_many,
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
from dolly_widget.widget.session.edits import Edit
from dolly_widget.widget.session.loader import ModelLoader
from dolly_widget.widget.session.prompts import Prompts
from dolly_widget.widget.session.voices import Voice, Voices


class _Expected(NamedTuple):
    """Which model is to answer."""

    choice: EngineSetup
    loading: Job[None] | None
    """The load that brings it, or did."""


class _Ready(NamedTuple):
    """A question that is asked now."""

    engine: Engine
    prompt: Prompt
    asked: Asked
    left_out: int
    model_dir: Path | None
    model_name: str
    record: EngineSetup | None

    def answered(self, result: GenerationResult) -> Exchange:
        """The question with its answer."""
        asked = self.asked
        return Exchange(
            asked.instruction,
            asked.context,
            asked.params,
            result,
            self.prompt,
            self.model_dir,
            self.record,
            str(self.engine.template.name),
            asked.turns,
            self.model_name,
            asked.system,
            asked.instead_of,
            self.left_out,
            utc_now(),
            asked.answer,
        )


class Answerer:
    """Owns the job that writes an answer, with the engine of ``loader``.

    What loads that is a job of the same ``worker``, and so has ended before. Calls, in the job: the functions of
    ``voices`` with the whole text so far; and under ``lock``, ``on_begin`` when its turn has come, ``on_sample`` with
    the place of one of several answers, what came of it, and how the history changed if it did not grow at its end;
    and at last ``on_result`` or ``on_error``; ``on_broken``, too, for an answer whose server went away.
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
        voices: Voices,
        on_begin: Callable[[], None],
        on_sample: Callable[[int, Exchange | Exception, Edit | None], None],
        on_result: Callable[[Exchange], None],
        on_error: Callable[[BaseException], None],
        on_broken: Callable[[IncompleteAnswerError], None],
    ) -> None:
        self.history: list[Exchange] = list(history)
        self._loader, self._prompts = loader, prompts
        self._lock, self._worker = lock, worker
        self._voices, self._on_begin, self._on_sample = voices, on_begin, on_sample
        self._on_result, self._on_error, self._on_broken = on_result, on_error, on_broken

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
        voices = self._voices.of(asked.samples, self._worker)
        try:
            exchange, incomplete = self._written(asked, expected, voices, stop)
        except BaseException as exc:
            release_frames(exc)
            try:
                for voice in voices:
                    voice.flush()
            finally:  # whatever an observer does
                self._end(functools.partial(self._on_error, exc))
            raise
        self._end(functools.partial(self._on_result, exchange))
        if incomplete is not None:  # what there is of it stays all the same
            if exchange.result.finish_reason == "broken":
                self._end(functools.partial(self._on_broken, incomplete))
            raise incomplete
        return exchange.result

    def _end(self, show_outcome: Callable[[], None]) -> None:
        with self._lock:
            self.is_busy = False
            show_outcome()

    def _written(
        self, asked: Asked, expected: _Expected, voices: Sequence[Voice], stop: threading.Event
    ) -> tuple[Exchange, IncompleteAnswerError | None]:
        """Write what is asked, and remember it; return the last answer, and what it lacks of its shape."""
        incomplete = None
        if stop.is_set():  # before its turn came
            unbegun = _unbegun(asked)
            stopped = IncompleteAnswerError("The answer was stopped before it began: ask again.", unbegun.result)
            return self._remember(unbegun), None if asked.answer is None else stopped
        ready = self._ready(asked, expected, stop)
        if len(voices) > 1:
            return self._several(ready, voices, stop), None
        try:
            result = _generate(ready.engine, ready.prompt, ready.asked, voices[0], stop)
        except IncompleteAnswerError as exc:
            result, incomplete = exc.result, exc
        return self._remember(ready.answered(result)), incomplete

    def _several(self, ready: _Ready, voices: Sequence[Voice], stop: threading.Event) -> Exchange:
        """Write several answers, at once where the engine can do that. One that fails leaves the others alone."""
        asked = ready.asked
        if asked.answer is not None:
            check_constrains(ready.engine, asked.params)
        requests = [GenerationRequest(ready.prompt, asked.params, asked.answer, on_text=voice) for voice in voices]
        written: dict[int, Exchange] = {}
        error = None
        for place, outcome in generate_many(ready.engine, requests, stop=stop):
            if isinstance(outcome, IncompleteAnswerError):
                outcome = outcome.result
            if isinstance(outcome, Exception):  # its frames may be those of what gives the next one
                error = error or outcome
                self._report(place, outcome)
            else:
                if asked.answer is not None:
                    outcome = with_probabilities(outcome, ready.engine, ready.prompt, asked.answer)
                written[place] = ready.answered(outcome)
                with self._lock:
                    self._report(place, written[place], self._insert(place, written))
        if not written and error is not None:
            raise error
        return written[max(written)] if written else self._remember(_unbegun(asked))

    def _insert(self, place: int, written: Mapping[int, Exchange]) -> Edit | None:
        """Remember the answer of a place before those that ended earlier but stand after it, the history's newest."""
        later = sum(each > place for each in written)
        at = len(self.history) - later
        self.history.insert(at, written[place])
        return Edit("insert", at) if later else None

    def _report(self, place: int, outcome: Exchange | Exception, edit: Edit | None = None) -> None:
        with self._lock:
            self._on_sample(place, outcome, edit)

    def _remember(self, exchange: Exchange) -> Exchange:
        self.history.append(exchange)
        return exchange

    def _ready(self, asked: Asked, expected: _Expected, stop: threading.Event) -> _Ready:
        engine = self._loaded_engine(expected)
        with self._lock:
            if not stop.is_set():
                self._on_begin()
        loader, model = self._loader, local_model(engine)
        asked = asked.taken_by(engine.template)
        prompt, left_out = self._prompts.fit(engine.template, model, asked)
        asked = replace(asked, params=asked.params_for(sampling_of(model)))
        record = loader.record
        if model is None:
            name = record.name if record and record.server else ""
            return _Ready(engine, prompt, asked, left_out, None, name, record)
        return _Ready(engine, prompt, asked, left_out, model.directory, model.name, record)

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


_GONE_ON = "This answer goes on from the text of an earlier one."


def _unbegun(asked: Asked) -> Exchange:
    """What was stopped before it began."""
    return Exchange(
        asked.instruction,
        asked.context,
        asked.params,
        GenerationResult("", (), 0, "cancelled", asked.params.seed or 0, math.nan, math.nan),
        turns=asked.turns,
        instead_of=asked.instead_of,
        system=asked.system,
        answered_at=utc_now(),
        answer=asked.answer,
    )


def _generate(
    engine: Engine, prompt: Prompt, asked: Asked, on_text: Callable[[str], None], stop: threading.Event
) -> GenerationResult:
    if asked.answer is not None:
        return _shaped(engine, prompt, asked, asked.answer, on_text, stop)
    if asked.prefix_text:
        onward: ContinuesText = engine  # type: ignore[assignment]  # looked at when it was asked
        result = onward.generate(prompt, asked.params, on_text=on_text, stop=stop, prefix_text=asked.prefix_text)
        return replace(result, reasoning=asked.reasoning, notes=(*result.notes, _GONE_ON))
    if not asked.prefix_ids:
        return engine.generate(prompt, asked.params, on_text=on_text, stop=stop)
    continuing = require_continuation(engine)
    if asked.origin is not None:  # another model may have been loaded meanwhile
        require_engine_of(engine, asked.origin)
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
        raise ValueError("An answer of a given shape does not go with prefix_ids: leave one of them out.")
    check_constrains(engine, asked.params)
    result: GenerationResult = engine.generate(
        prompt,
        asked.params,
        on_text=on_text,
        stop=stop,
        answer=shape,  # type: ignore[call-arg]
    )
    return with_probabilities(result, engine, prompt, shape)
