"""Writes answers on a BatchedPipeline: one, or many at a time as memory allows. On the reader's own thread.

Knows of an engine only how it opens an answer and whose turn it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple, Protocol

from dolly_widget.engines.answer import Answer
from dolly_widget.engines.batched.pipeline import MOST_AT_ONCE, BatchedPipeline
from dolly_widget.engines.batched.running import Inbox, News, Running
from dolly_widget.engines.continuation import Continuation
from dolly_widget.engines.many import Outcome
from dolly_widget.engines.model_engine import Opened
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import GenerationResult
from dolly_widget.engines.turns import Turn
from dolly_widget.errors import EXPECTED_ERRORS, EngineError
from dolly_widget.sampling import SamplingParams


def write(pipeline: BatchedPipeline, text: Continuation, answer: Answer) -> None:
    """Feed ``answer`` with what follows ``text``, to its end.

    Raises RuntimeError where the library fails, ValueError for settings it does not take, and a text without room.
    """
    inbox = Inbox()
    running = Running(text, answer, inbox)
    try:
        pipeline.start(running)
        while not (news := inbox.get()).is_end:
            take(answer, news)
    finally:
        running.cancel()  # an interrupt, or an error of ours
    if news.error:
        raise news.error


def take(answer: Answer, news: News) -> None:
    """Hand over what a step made of an answer: several ids where some were guessed."""
    if news.ids and answer.should_continue:
        answer.step(news.at_s)
    for token_id in news.ids:
        if answer.should_continue:  # what comes after a stop is not the answer's
            answer.write([token_id])
    if not answer.should_continue:
        news.running.cancel()


class Host(Protocol):
    """What many answers need of their engine."""

    def open(self, request: GenerationRequest, *more_stops: threading.Event) -> Opened:
        """Check what is asked for; raises what is wrong with it."""
        ...

    def shares(self, params: SamplingParams) -> bool:
        """Whether an answer with these settings can be written beside others."""
        ...

    def write_alone(self, opened: Opened) -> GenerationResult:
        """Write one that cannot. Waits for its turn."""
        ...

    def enter(self, opened: Opened, turn: Turn, *, waits: bool) -> BatchedPipeline | None:
        """Take a turn. None where the answer was cancelled before, or, without ``waits``, it would have to wait.

        Raises EngineError where the engine is closed, or its model cannot be loaded.
        """
        ...

    def leave(self, turn: Turn) -> None:
        """Give a turn back, from any thread. Safe twice, and where it was not taken."""
        ...

    def failure(self, exc: BaseException) -> EngineError:
        """What a failure of the library is to be called."""
        ...


class _Place(NamedTuple):
    number: int
    opened: Opened
    turn: Turn


class ManyAnswers:
    """One reader's answers, several at a time: see ``AnswersMany.generate_many``.

    The turn of each ends with its writing, whenever its reader comes for it: others wait for no reader.
    """

    def __init__(self, host: Host, stop: threading.Event, at_once: int | None) -> None:
        self._host, self._stop = host, stop
        self._most = min(MOST_AT_ONCE, at_once or MOST_AT_ONCE)
        self._inbox = Inbox()
        self._places: dict[Running, _Place] = {}

    def outcomes(self, requests: Iterable[GenerationRequest]) -> Iterator[Outcome]:
        """Take one request after the other as there is room; yield each outcome when it is there."""
        try:
            numbered = enumerate(requests)
            while not self._stop.is_set() and (following := next(numbered, None)):
                yield from self._answer(*following)
            while self._places:
                yield self._next_outcome()
        finally:
            self._leave_all()

    def _answer(self, number: int, request: GenerationRequest) -> Iterator[Outcome]:
        try:
            opened = self._host.open(request, self._stop)
        except EXPECTED_ERRORS as exc:
            yield number, exc
            return
        write = self._write_beside if self._host.shares(opened.params) else self._write_alone
        yield from write(number, opened)

    def _write_beside(self, number: int, opened: Opened) -> Iterator[Outcome]:
        opened.answer.start()
        is_over = opened.answer.has_ended(opened.params.max_new_tokens)
        while not is_over and not self._begin(number, opened):
            is_over = opened.answer.is_cancelled
            if not is_over:
                yield self._next_outcome()
        if is_over:
            yield number, _finished(opened)

    def _write_alone(self, number: int, opened: Opened) -> Iterator[Outcome]:
        while self._places:
            yield self._next_outcome()
        outcome: GenerationResult | Exception
        try:
            outcome = self._host.write_alone(opened)
        except EngineError:
            raise
        except EXPECTED_ERRORS as exc:
            outcome = exc
        yield number, outcome

    def _begin(self, number: int, opened: Opened) -> bool:
        """Start to write it; False where there is no room for it now."""
        if len(self._places) >= self._most:
            return False
        turn = Turn(is_shared=True)
        running = Running(opened.continuation, opened.answer, self._inbox, partial(self._host.leave, turn))
        try:
            pipeline = self._host.enter(opened, turn, waits=not self._places)
            if pipeline is None or (self._places and not pipeline.has_room(running.most_tokens)):
                return False
            self._places[running] = _Place(number, opened, turn)
            pipeline.start(running)
            return True
        finally:
            if running not in self._places:
                self._host.leave(turn)

    def _next_outcome(self) -> Outcome:
        """Wait until one of those that run has ended."""
        while not (news := self._inbox.get()).is_end:
            take(self._places[news.running].opened.answer, news)
        number, opened, _ = self._places.pop(news.running)
        if isinstance(news.error, ValueError):
            return number, news.error
        if news.error is not None:
            raise self._host.failure(news.error) from news.error
        return number, _finished(opened)

    def _leave_all(self) -> None:
        """End those that run, without waiting for it: a second interrupt would end the wait, and not them."""
        for running, place in self._places.items():
            running.cancel()
            self._host.leave(place.turn)
        self._places.clear()


def _finished(opened: Opened) -> GenerationResult | Exception:
    try:
        opened.answer.finish()
        return opened.result()
    except EXPECTED_ERRORS as exc:
        return exc
