"""The rows of a table, answered by one engine. Knows neither tables nor files."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dolly_widget.batch.questions import Question
from dolly_widget.batch.result import RowResult
from dolly_widget.engines import (
    Engine,
    GenerationRequest,
    GenerationResult,
    check_constrains,
    generate_many,
    local_model,
    server_of,
)
from dolly_widget.errors import EngineError, IncompleteAnswerError
from dolly_widget.runtime import free_memory_bytes
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.shapes import Shape

if TYPE_CHECKING:
    from dolly_widget.lens import ChoiceReader

_SEEDS = 2**32


def seed_of(params: SamplingParams, row: int) -> int:
    """The seed of a row: that of ``params``, which must be set, and the row's number."""
    assert params.seed is not None
    return (params.seed + row) % _SEEDS


def refused(error: ValueError, row: int, params: SamplingParams) -> RowResult:
    """The result of a row that cannot be asked."""
    return RowResult(row, error=str(error), seed=seed_of(params, row))


def answer_rows(
    engine: Engine,
    questions: Sequence[Question] | Mapping[int, Question],
    params: SamplingParams,
    shape: Shape | None = None,
    *,
    rows: Iterable[int] | None = None,
    stop: threading.Event | None = None,
    at_once: int | None = None,
) -> Iterator[RowResult]:
    """Answer the questions of ``rows`` (None: all), and yield each result when it is there, in whatever order.

    With choices, an answer has their probabilities, where the model's files are here: it is loaded once more for them,
    if twice its size is free.
    Row n is drawn with the seed of ``params``, which has to have one, plus n. A row that cannot be asked or answered is
    a result with its ``error``. ``stop`` ends it: rows that it cuts off are not yielded. Raises what an engine raises
    that can answer none, EngineError where it is closed before all rows are answered.
    """
    if params.seed is None:
        raise ValueError("params needs a seed: each row is drawn with it, plus the row's number.")
    if shape is not None:
        check_constrains(engine, params)  # one error, and not one in each row
    running = _Rows(engine, questions, params, shape, stop or threading.Event())
    return running.results(range(len(questions)) if rows is None else rows, at_once)


class _Rows:
    """The rows that are asked, and those of which the engine need not hear."""

    def __init__(
        self,
        engine: Engine,
        questions: Sequence[Question] | Mapping[int, Question],
        params: SamplingParams,
        shape: Shape | None,
        stop: threading.Event,
    ) -> None:
        self._engine, self._questions = engine, questions
        self._params, self._shape = params, shape
        self._stop, self._choices = stop, _choice_reader(engine, shape)
        self._asked: dict[int, tuple[int, GenerationRequest]] = {}
        """By the request's place: the row, and what was asked."""
        self._refused: deque[RowResult] = deque()
        self._has_more = True

    def results(self, rows: Iterable[int], at_once: int | None) -> Iterator[RowResult]:
        """Yield what comes of ``rows``."""
        with contextlib.closing(self._choices) if self._choices else contextlib.nullcontext():
            yield from self._answered(rows, at_once)

    def _answered(self, rows: Iterable[int], at_once: int | None) -> Iterator[RowResult]:
        outcomes: Any = generate_many(self._engine, self._requests(rows), stop=self._stop, at_once=at_once)
        with contextlib.closing(outcomes):  # cancels what runs
            for place, outcome in outcomes:
                yield from self._those_refused()
                row, request = self._asked.pop(place)
                result = self._result(row, request, outcome)
                if result.finish_reason == "cancelled":
                    self._check_stopped()
                    continue
                likely = None if result.error else result.probabilities or self._likely(request)
                yield replace(result, probabilities=likely)
        yield from self._those_refused()
        if self._asked or self._has_more:
            self._check_stopped()

    def _check_stopped(self) -> None:
        """Raise EngineError where rows are cut off that we did not stop."""
        if not self._stop.is_set():
            raise EngineError("This engine was closed while it answered: load the model again.")

    def _those_refused(self) -> Iterator[RowResult]:
        while self._refused:
            yield self._refused.popleft()

    def _requests(self, rows: Iterable[int]) -> Iterator[GenerationRequest]:
        place = 0
        for row in rows:
            if self._stop.is_set():
                return
            request = self._request(row)
            if request is not None:
                self._asked[place] = row, request
                place += 1
                yield request
        self._has_more = False

    def _request(self, row: int) -> GenerationRequest | None:
        question, params = self._questions[row], replace(self._params, seed=seed_of(self._params, row))
        try:
            if isinstance(question, ValueError):
                raise question
            return GenerationRequest(self._engine.template.render(*question), params, self._shape)
        except ValueError as exc:
            self._refused.append(refused(exc, row, self._params))
            return None

    def _result(self, row: int, request: GenerationRequest, outcome: GenerationResult | Exception) -> RowResult:
        if isinstance(outcome, IncompleteAnswerError):
            return replace(_of(row, outcome.result), error=str(outcome))
        if isinstance(outcome, GenerationResult):
            return _of(row, outcome)
        if not isinstance(outcome, ValueError):  # no row's own fault
            raise outcome
        return refused(outcome, row, self._params)

    def _likely(self, request: GenerationRequest) -> dict[Any, float] | None:
        """The probabilities of the choices, where there are some, and the model's files are here."""
        if self._choices is None or self._shape is None:
            return None
        try:
            return dict(self._choices.probabilities(request.prompt, self._shape))
        except (ValueError, EngineError):  # the answer is there all the same
            return None


def _of(row: int, result: GenerationResult) -> RowResult:
    return RowResult(
        row,
        result.text,
        result.value,
        None if result.probabilities is None else dict(result.probabilities),
        finish_reason=result.finish_reason,
        seed=result.seed,
        prompt_tokens=result.prompt_tokens,
        new_tokens=result.new_tokens,
    )


def _choice_reader(engine: Engine, shape: Shape | None) -> ChoiceReader | None:
    """What reads the probabilities of choices; None where there are none, no files to read them from, or no memory."""
    model = local_model(engine)
    if model is None or server_of(engine) or shape is None or not shape.choices:
        return None
    if free_memory_bytes() < 2 * model.info.size_bytes:
        return None
    from dolly_widget.lens import ChoiceReader

    return ChoiceReader(model, engine.device)
