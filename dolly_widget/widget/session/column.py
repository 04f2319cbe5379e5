"""A column of a table, answered in the background beside the chat: one run at a time. Knows no controls and no page."""

from __future__ import annotations

import contextlib
import functools
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dolly_widget.batch import Question, RowResult, answer_rows, fill_rows, with_results
from dolly_widget.engines import Engine, EngineSetup
from dolly_widget.errors import ModelError, release_frames
from dolly_widget.runtime import Job, Worker
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.shapes import Shape, shape_of
from dolly_widget.widget.session.session import Session

TRIAL = 3
"""Rows that are tried first."""
UNANSWERED = "Not answered yet."
"""The error of a row that was not asked, or was stopped."""
INTERVAL_S = 0.25
_POLL_S = 0.05


@dataclass(frozen=True)
class ColumnTask:
    """What is asked of each row of a table."""

    table: Any
    """A copy, which nobody changes."""
    instruction: str
    """With fields: the names of columns in braces."""
    into: str
    """The column of the answers."""
    params: Callable[[], SamplingParams]
    """The settings: asked for once the model is loaded, whose own they may be."""
    answer: Any = None
    """What ``shape_of`` takes; None: any text."""
    form: tuple[str, ...] = ()
    """What a person wrote, as it was written."""


@dataclass
class ColumnRun:
    """What a task has come to so far."""

    task: ColumnTask
    questions: Sequence[Question]
    shape: Shape | None
    given: SamplingParams
    """The settings as they were set."""
    params: SamplingParams
    """With a seed: row n is drawn with that, plus n."""
    setup: EngineSetup
    results: dict[int, RowResult] = field(default_factory=dict)
    """By row, in the order in which they came."""

    @property
    def missing(self) -> list[int]:
        """The rows that have no result yet."""
        return [row for row in range(len(self.questions)) if row not in self.results]

    @property
    def errors(self) -> int:
        """How many rows have an error in place of an answer."""
        return sum(bool(each.error) for each in list(self.results.values()))

    def asks_the_same(self, other: ColumnRun) -> bool:
        """Whether the other one's answers would be the same, up to the seed where none was set."""
        return _asked(self) == _asked(other)

    @property
    def table(self) -> Any:
        """A copy of the task's table, with the answers so far beside it; a row without one says so."""
        results = [self.results.get(row) or RowResult(row, error=UNANSWERED) for row in range(len(self.questions))]
        return with_results(self.task.table, results, self.task.into)


def _asked(run: ColumnRun) -> tuple[Any, ...]:
    questions = [str(each) if isinstance(each, ValueError) else each for each in run.questions]
    task = run.task
    return questions, str(task.answer), task.into, run.given, run.setup


def sureness(result: RowResult | None) -> float | None:
    """How likely the model took the choice that it made; None where that is not known."""
    if result is None or not result.probabilities:
        return None
    return result.probabilities.get(result.value)


def uncertain_first(run: ColumnRun) -> list[int]:
    """The rows that are done, those with errors first, then the least certain ones."""

    def doubt(result: RowResult) -> tuple[bool, float, int]:
        sure = sureness(result)
        return not result.error, 2.0 if sure is None else sure, result.row

    return [result.row for result in sorted(run.results.values(), key=doubt)]


@dataclass
class Pace:
    """How fast the rows of a run come, since it began to ask."""

    rows: int
    """How many it is to answer."""
    before: int = 0
    """How many were answered before it."""
    done: int = 0
    tokens: int = 0
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def take(self, result: RowResult) -> None:
        """Count a result."""
        self.done += 1
        self.tokens += result.new_tokens

    @property
    def seconds(self) -> float:
        """How long it has been running, or ran."""
        return (self.ended or time.monotonic()) - self.started

    @property
    def left_s(self) -> float | None:
        """About how long the other rows will take; None while none is done."""
        return self.seconds / self.done * (self.rows - self.done) if self.done else None


class ColumnSession:
    """Answers a column with the engine of ``session``, on a worker of its own: the chat goes on meanwhile.

    ``on_change`` is called on a thread of its own, four times a second while rows come, and at the end on the worker's.
    """

    run: ColumnRun | None = None
    """The newest, also after ``close``; the one before stays until another one can begin."""
    pace: Pace | None = None
    """None until rows are asked for."""
    is_running = is_stopping = False
    error: BaseException | None = None
    """Why the last run ended before its end; None where it did not."""

    def __init__(self, session: Session, on_change: Callable[[], None]) -> None:
        self._session, self._on_change = session, on_change
        self._worker = Worker()
        self._job: Job[None] | None = None
        session.is_held = lambda: self.is_running  # no other model takes the place of the one that answers

    @property
    def setup(self) -> EngineSetup:
        """The model that would answer now."""
        return self._session.loader.choice

    def start(self, task: ColumnTask, *, is_trial: bool = False, is_again: bool = False) -> Job[None]:
        """Answer the rows that have no answer yet; or some to try it on; or all of them again. Return the job.

        Raises RuntimeError while a run is under way, without a model, or after ``close``. All else that is wrong with
        the task ends the job, with ``error``.
        """
        with self._session.lock:
            self._session.refuse_if_closed()
            if self.is_running:
                raise RuntimeError("A column is being answered already: stop it, or wait for its end.")
            if self._session.engine is None and not self._session.loader.is_loading:
                raise RuntimeError("There is no model to answer with: load one first.")
            self.is_running, self.is_stopping, self.error, self.pace = True, False, None, None
            try:
                work = functools.partial(self._work, task, is_trial, is_again)
                self._job = Job(work, name="dolly-column", worker=self._worker)
            except BaseException:  # an interrupt just then
                self.is_running = False
                raise
            return self._job

    def stop(self) -> None:
        """End the run after the current tokens; what is done stays. Safe at any time."""
        if self._job is not None and self.is_running:
            self.is_stopping = True
            self._job.stop()

    def close(self) -> None:
        """End the run, and wait for that. Safe twice."""
        self._worker.close()

    def _work(self, task: ColumnTask, is_trial: bool, is_again: bool, stop: threading.Event) -> None:
        """The work of a run's job."""
        try:
            self._answer(task, is_trial, is_again, stop)
        except BaseException as exc:
            release_frames(exc)
            self.error = exc
            raise
        finally:
            self.is_running = self.is_stopping = False
            if self.pace is not None:
                self.pace.ended = time.monotonic()
            self._on_change()

    def _answer(self, task: ColumnTask, is_trial: bool, is_again: bool, stop: threading.Event) -> None:
        questions, shape = _questions(task)
        engine = self._engine(stop)
        if engine is None:
            return
        run = self._begin(task, questions, shape, is_again)
        rows = _spread(len(questions)) if is_trial else run.missing
        self.run, self.pace = run, Pace(len(rows), 0 if is_trial else len(run.results))
        # Apart: rows may come in a burst, and then none for long.
        watching = Job(self._watch, name="dolly-column-shown", worker=Worker())
        try:
            for result in answer_rows(engine, run.questions, run.params, run.shape, rows=rows, stop=stop):
                run.results[result.row] = result
                self.pace.take(result)
        finally:
            watching.stop()
            watching.wait()

    def _watch(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._on_change()
            stop.wait(INTERVAL_S)

    def _begin(self, task: ColumnTask, questions: Sequence[Question], shape: Shape | None, is_again: bool) -> ColumnRun:
        """A run of the task: the one before, where it asks the same. Raises ValueError for wrong settings."""
        given = task.params()
        params = replace(given, seed=secrets.randbits(32) if given.seed is None else given.seed)
        run = ColumnRun(task, questions, shape, given, params, self.setup)
        before = self.run
        if before is None or is_again or not before.asks_the_same(run):
            return run
        return replace(run, params=before.params, results=before.results)

    def _engine(self, stop: threading.Event) -> Engine | None:
        """The engine, when it is loaded; None where that is not waited for."""
        loading = self._session.loader.job
        while loading is not None and self._session.loader.is_loading and not stop.is_set():
            with contextlib.suppress(TimeoutError):
                loading.wait(_POLL_S)
        if stop.is_set():
            return None
        if self._session.engine is None:
            raise ModelError("The model could not be loaded: load another one, and try again.")
        return self._session.engine


def _questions(task: ColumnTask) -> tuple[Sequence[Question], Shape | None]:
    """What is asked, row by row, and the shape of the answers. Raises ValueError for what cannot be asked."""
    if not task.instruction.strip():
        raise ValueError("Write what is to be done with each row, with a column in braces: Is this positive? {text}")
    shape = None if task.answer is None else shape_of(task.answer)
    questions = fill_rows(task.table, task.instruction)
    if not questions:
        raise ValueError("The table has no rows.")
    return questions, shape


def _spread(count: int) -> list[int]:
    """A few rows from the beginning to the end of so many."""
    return sorted({place * (count - 1) // (TRIAL - 1) for place in range(TRIAL)})
