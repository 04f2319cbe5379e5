"""One instruction under several settings, precisions or models: runs them, model by model. Shows nothing."""

from __future__ import annotations

import contextlib
import math
import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from dolly_widget.bench import load_libraries, time_to_first_token
from dolly_widget.comparison.answers import FAILURES, alone, speed_of, together
from dolly_widget.comparison.differences import Departure, Spelled, by_characters, by_tokens, spell
from dolly_widget.comparison.table import SERVER, Comparison, ComparisonRow
from dolly_widget.engines import (
    Engine,
    EngineSetup,
    GenerationResult,
    Prepared,
    local_model,
    server_of,
    setup_from,
    split_options,
    start_engine,
)
from dolly_widget.errors import EngineError, release_frames
from dolly_widget.models import Model, WeightFormat
from dolly_widget.runtime import Job, added_bytes, private_bytes
from dolly_widget.sampling import SETTINGS, SamplingParams, with_changes
from dolly_widget.text import Prompt

Compared: TypeAlias = "str | Path | EngineSetup | Engine"
Settings: TypeAlias = "Mapping[str, Any] | SamplingParams"

STOP_TIMEOUT_S = 3.0
"""How long an interrupt waits for the end. Loading, and with some engines a long prompt, cannot be stopped midway."""


def compare(
    instruction: str,
    context: str = "",
    *,
    model: Compared | Sequence[Compared] = "demo",
    weight_format: str | WeightFormat | Sequence[str | WeightFormat] = "int8",
    settings: Settings | Sequence[Settings] = ({},),
    **options: Any,
) -> Comparison:
    """Answer one instruction with every model, in every weight format, under all settings; return the answers' table.

    ``model`` and ``weight_format`` are those of ``load_engine``, or lists of them; an engine that is loaded already can
    be given too, and stays so. ``options`` are the other fields of ``EngineSetup``, such as ``device="CPU"`` or
    ``prompt_lookup=True``, and sampling settings. Each of ``settings`` is a mapping of fields of ``SamplingParams``, to
    which the sampling settings in ``options`` add what they have in common, or a SamplingParams. All rows share a seed,
    a fresh one if none was given. Models are loaded one after the other, and each is freed before the next. One that
    is not here yet is downloaded and converted first; ``resolve`` does that with a report.

    The first answer of a model is written alone, so that its speed can be compared with that of other models, as can
    the memory that it took. Its others are written at once, where the engine can do that, and have the first one's
    speed in the table; their own, which is that of one among several, is in ``result``.

    A model or a setting that fails is a row with its ``error``. Raises the first of these where none succeeds, and,
    before anything is loaded, ValueError or TypeError for wrong arguments, ModelError for a model that is not there.
    An interrupt stops the answer, and is raised.
    """
    if not instruction.strip():
        raise ValueError('The instruction is empty: ask something, for example compare("Who is Dolly?").')
    common, sampling = split_options(options)
    seed, params = _params(settings, sampling)
    selection = _Selection(
        _listed("model", model, (str, Path, EngineSetup, Engine)),
        [WeightFormat.of(each) for each in _listed("weight_format", weight_format, (str, WeightFormat))],
        common,
    )
    selection.check()

    def work(stop: threading.Event) -> list[_Outcome]:
        return _outcomes(selection.candidates(stop), (instruction, context), params, stop)

    return Comparison(instruction, context, seed, tuple(_rows(_finish(Job(work, name="dolly-compare")))))


def _listed(name: str, value: Any, kinds: tuple[type, ...]) -> list[Any]:
    """A list of what may be one or several."""
    if isinstance(value, kinds):
        return [value]
    if isinstance(value, Mapping) or not isinstance(value, Sequence):
        raise TypeError(f"{name} must be a single value or a list, not {value!r}.")
    if not value:
        raise ValueError(f"{name} is empty: give at least one.")
    for each in value:
        if not isinstance(each, kinds):
            raise TypeError(f"{name} must not contain {each!r}: see help(compare).")
    return list(value)


def _params(settings: Any, sampling: Mapping[str, Any]) -> tuple[int, list[SamplingParams]]:
    """The seed in common, and the settings of each row with a seed."""
    listed = _listed("settings", settings, (Mapping, SamplingParams))
    if sampling and (whole := next((each for each in listed if isinstance(each, SamplingParams)), None)):
        raise ValueError(f"{whole} holds all settings: set {', '.join(sampling)} in it, or pass a mapping instead.")
    common = with_changes(SamplingParams(), sampling)
    params = [each if isinstance(each, SamplingParams) else with_changes(common, each) for each in listed]
    seed = secrets.randbits(32) if common.seed is None else common.seed
    return seed, [replace(each, seed=seed) if each.seed is None else each for each in params]


def _finish(job: Job[list[_Outcome]]) -> list[_Outcome]:
    try:
        return job.wait()
    except KeyboardInterrupt:
        job.stop()
        with contextlib.suppress(Exception):  # what was stopped has nothing to tell
            job.wait(STOP_TIMEOUT_S)
        raise


@dataclass(frozen=True)
class _Candidate:
    """A model that is compared: one to be loaded, or an engine that is."""

    model: Model | None
    """None: that of a server, whose tokenizer is not known here."""
    device: str
    engine: str
    setup: EngineSetup
    prepared: Prepared | None = None
    """What to load; None where an engine was given."""
    given: Engine | None = None

    @property
    def is_server(self) -> bool:
        """Whether another machine runs it."""
        return self.setup.server is not None

    @property
    def name(self) -> str:
        """What to call the model."""
        if self.prepared is not None and self.prepared.server is not None:
            return self.prepared.server.name.title
        return self.setup.name if self.model is None else self.model.name

    @property
    def precision(self) -> str:
        """What its weights are stored in; ``SERVER`` where that is not known here."""
        return SERVER if self.model is None or self.is_server else self.model.info.precision

    @contextlib.contextmanager
    def opened(self) -> Iterator[Engine]:
        """An engine; one that was loaded for it is freed afterwards."""
        if self.prepared is None:
            assert self.given is not None
            yield self.given
            return
        with contextlib.closing(start_engine(self.setup, self.prepared)) as loaded:
            yield loaded


@dataclass(frozen=True)
class _Selection:
    """The models that were asked for."""

    models: list[Compared]
    weight_formats: list[WeightFormat]
    common: Mapping[str, Any]
    """Fields of ``EngineSetup`` that all have."""

    def check(self) -> None:
        """Raise ModelError or ValueError for what cannot be loaded, ValueError for formats that make no difference."""
        is_choice = False
        for model in self.models:
            if isinstance(model, Engine):
                _model_of(model)
                continue
            setups = self._setups(model)
            found = [each.find() for each in setups]
            directories = {each.here().directory for each in found if each}
            is_server = setups[0].server is not None
            is_choice |= (None in found and not is_server) or len(directories) > 1
        if len(set(self.weight_formats)) > 1 and not is_choice:
            raise ValueError(
                "Several weight formats make no difference here: OpenVINO files and loaded engines keep the one that "
                "they have. Pass a checkpoint, a model id, or one directory for each format as model."
            )

    def candidates(self, stop: threading.Event) -> list[_Candidate]:
        """The models in their order, all of them ready to be loaded: downloaded and converted."""
        return [candidate for model in self.models for candidate in self._candidates(model, stop)]

    def _setups(self, model: Any) -> list[EngineSetup]:
        if isinstance(model, EngineSetup):
            return [setup_from(model, dict(self.common)).checked()]
        return [EngineSetup(model, weight_format=each, **self.common).checked() for each in self.weight_formats]

    def _candidates(self, model: Compared, stop: threading.Event) -> list[_Candidate]:
        if isinstance(model, Engine):
            kind = type(model).__name__.lower().removesuffix("engine")  # GenAIEngine is "genai"
            setup = getattr(model, "setup", None)
            setup = setup if isinstance(setup, EngineSetup) else EngineSetup()
            return [_Candidate(_model_of(model), model.device, kind, setup, given=model)]
        found: dict[Path | str, _Candidate] = {}
        for setup in self._setups(model):
            prepared = setup.prepare(stop=stop)
            device = setup.device if setup.server is None else setup.server.host
            candidate = _Candidate(prepared.model, device, setup.engine, setup, prepared)
            found.setdefault(setup.model if prepared.server else prepared.here().directory, candidate)
        return list(found.values())


def _model_of(engine: Engine) -> Model | None:
    model = local_model(engine)
    if model is None and server_of(engine) is None:
        raise ValueError(f"compare needs an engine with its model's files on this machine, and {engine!r} has none.")
    return model


class _Outcome(NamedTuple):
    """An answer, or the error instead, and the figures of its model."""

    candidate: _Candidate
    params: SamplingParams
    result: GenerationResult | None
    error: Exception | None
    ttft_s: float = math.nan
    memory_bytes: int | None = None
    speed_alone: float | None = None
    """See ``ComparisonRow``."""


def _outcomes(
    candidates: Sequence[_Candidate],
    question: tuple[str, str],
    params: Sequence[SamplingParams],
    stop: threading.Event,
) -> list[_Outcome]:
    for engine in {each.engine for each in candidates if each.prepared and not each.is_server}:
        with contextlib.suppress(EngineError):  # each model tells of it
            load_libraries(engine)
    outcomes: list[_Outcome] = []
    for candidate in candidates:
        if not stop.is_set():
            outcomes += _of_one_model(candidate, question, params, stop)
    if outcomes and not any(each.result for each in outcomes):
        raise next(each.error for each in outcomes if each.error)
    return outcomes


def _of_one_model(
    candidate: _Candidate, question: tuple[str, str], params: Sequence[SamplingParams], stop: threading.Event
) -> list[_Outcome]:
    memory_before = private_bytes()
    try:
        with candidate.opened() as engine:
            prompt = engine.template.render(*question)
            ttft_s = _time_to_first_token(candidate, engine, prompt, stop)
            answers = list(alone(engine, prompt, params, stop))
            memory = None if candidate.given or candidate.is_server else added_bytes(private_bytes(), memory_before)
            count, speed = len(answers), speed_of(answers[-1])
            answers += together(engine, prompt, params[count:], stop)
    except FAILURES as exc:
        release_frames(exc)
        return [_Outcome(candidate, each, None, exc) for each in params]
    return [
        _Outcome(candidate, each, *answer, ttft_s, memory, None if place < count else speed)
        for place, (each, answer) in enumerate(zip(params, answers, strict=True))
    ]


def _time_to_first_token(candidate: _Candidate, engine: Engine, prompt: Prompt, stop: threading.Event) -> float:
    """Measured apart: an engine keeps what it computed for a prompt, so that a second answer starts at once.

    NaN for a server, which is asked no more than what was asked for: its answer has a time of its own.
    """
    model = candidate.model
    if model is None or candidate.is_server:
        return math.nan
    return time_to_first_token(engine, model, len(model.encode(prompt)), stop=stop)


# --- rows -----------------------------------------------------------------------------------------------------------


def _rows(outcomes: Sequence[_Outcome]) -> Iterator[ComparisonRow]:
    first: tuple[Spelled, bytes | None] | None = None
    for label, outcome in zip(_labels(outcomes), outcomes, strict=True):
        if outcome.result is None:
            yield _row(label, outcome, (), Departure(None), "tokens", "")
            continue
        answer, vocabulary = _spelled(outcome.candidate.model, outcome.result)
        if first is None:
            first = answer, vocabulary
            yield _row(label, outcome, answer.pieces, Departure(None), "tokens", "")
            continue
        is_same = vocabulary is not None and vocabulary == first[1]
        departure = (by_tokens if is_same else by_characters)(answer, first[0])
        compared_by = "tokens" if is_same else "characters"
        yield _row(label, outcome, answer.pieces, departure, compared_by, str(departure))


def _spelled(model: Model | None, result: GenerationResult) -> tuple[Spelled, bytes | None]:
    """An answer by its tokens, and what says which vocabulary they are of; by its words where no tokens are known."""
    if model is None or not result.token_ids:
        words = tuple(re.findall(r"\s*\S+|\s+$", result.text))
        return Spelled((), words, tuple(f"“{word}”" for word in words)), None
    answer = spell(model.tokenizer, result.token_ids, result.text, result.reasoning_tokens)
    return answer, (model.directory / "tokenizer.json").read_bytes()


def _row(
    label: str, outcome: _Outcome, pieces: tuple[str, ...], departure: Departure, compared_by: str, in_words: str
) -> ComparisonRow:
    candidate, model, result = outcome.candidate, outcome.candidate.model, outcome.result
    return ComparisonRow(
        label=label,
        model=candidate.name,
        precision=candidate.precision,
        device=candidate.device,
        engine=candidate.engine,
        params=outcome.params,
        result=result,
        tokens=pieces,
        first_difference=departure.place,
        compared_by=compared_by,
        departure=in_words,
        ttft_s=result.ttft_s if result and candidate.is_server else outcome.ttft_s,
        size_bytes=None if model is None or candidate.is_server else model.info.size_bytes,
        memory_bytes=outcome.memory_bytes,
        error=str(outcome.error) if outcome.error else "",
        speed_alone=outcome.speed_alone,
    )


def _labels(outcomes: Sequence[_Outcome]) -> list[str]:
    """What differs between the rows; the model's name where nothing does."""
    features = [_features(each) for each in outcomes]
    columns = list(zip(*features, strict=True))
    differing = [index for index, column in enumerate(columns) if len(set(column)) > 1] or [0]
    return [", ".join(filter(None, (feature[index] for index in differing))) for feature in features]


def _features(outcome: _Outcome) -> list[str]:
    candidate = outcome.candidate
    texts = [setting.in_words(getattr(outcome.params, name)) for name, setting in SETTINGS.items()]
    where = ["", "", ""] if candidate.is_server else [candidate.precision, candidate.device, candidate.engine]
    return [candidate.name, *where, *texts]  # a server's name says where it is
