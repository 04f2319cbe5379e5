"""Writes answers on a BatchedPipeline: one, or many at a time as memory allows. On the reader's own thread.

Knows of an engine only how it opens an answer and whose turn it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Protocol

from dolly_widget.engines.answer import Answer
from dolly_widget.engines.batched.pipeline import MOST_AT_ONCE, BatchedPipeline
from dolly_widget.engines.batched.running import Inbox, News, Running
from dolly_widget.engines.continuation import Continuation
from dolly_widget.engines.many import Outcome
from dolly_widget.engines.model_engine import Opened
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import GenerationResult
from dolly_widget.errors import EXPECTED_ERRORS, EngineError


def write(pipeline: BatchedPipeline, text: Continuation, answer: Answer) -> None:
    """Feed ``answer`` with what follows ``text``, to its end. Raises RuntimeError where the library fails."""
    inbox = Inbox()
    running = start(pipeline, text, answer, inbox)
    try:
        while not (news := inbox.get()).is_end:
            take(answer, news)
    finally:
        running.cancel()  # an interrupt, or an error of ours
    if news.error:
        raise news.error


def start(pipeline: BatchedPipeline, text: Continuation, answer: Answer, inbox: Inbox) -> Running:
    """Begin to write an answer, of which ``inbox`` gets the news."""
    running = Running(text, answer.end_ids, inbox, lambda: answer.is_cancelled)
    pipeline.start(running)
    return running


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

    def enter(self, opened: Opened, *, waits: bool) -> BatchedPipeline | None:
        """Take a turn. None where the answer was cancelled before, or, without ``waits``, it would have to wait.

        Raises EngineError where the engine is closed, or its model cannot be loaded.
        """
        ...

    def leave(self) -> None:
        """Give a turn back."""
        ...

    def failure(self, exc: BaseException) -> EngineError:
        """What a failure of the library is to be called."""
        ...


class ManyAnswers:
    """One reader's answers, several at a time: see ``AnswersMany.generate_many``."""

    def __init__(self, host: Host, stop: threading.Event, at_once: int | None) -> None:
        self._host, self._stop = host, stop
        self._most = min(MOST_AT_ONCE, at_once or MOST_AT_ONCE)
        self._inbox = Inbox()
        self._places: dict[Running, tuple[int, Opened]] = {}

    def outcomes(self, requests: Iterable[GenerationRequest]) -> Iterator[Outcome]:
        """Take one request after the other as there is room; yield each outcome when it is there."""
        try:
            numbered = enumerate(requests)
            while not self._stop.is_set() and (following := next(numbered, None)):
                yield from self._answer(*following)
            while self._places:
                yield self._next_outcome()
        finally:
            self._end_all()

    def _answer(self, number: int, request: GenerationRequest) -> Iterator[Outcome]:
        try:
            opened = self._host.open(request, self._stop)
            opened.answer.start()
        except EXPECTED_ERRORS as exc:
            yield number, exc
            return
        is_over = opened.answer.has_ended(opened.params.max_new_tokens)
        while not is_over and not self._begin(number, opened):
            is_over = opened.answer.is_cancelled
            if not is_over:
                yield self._next_outcome()
        if is_over:
            yield number, _finished(opened)

    def _begin(self, number: int, opened: Opened) -> bool:
        """Start to write it; False where there is no room for it now."""
        if len(self._places) >= self._most:
            return False
        pipeline = self._host.enter(opened, waits=not self._places)
        if pipeline is None:
            return False
        running = None
        try:
            if not self._places or pipeline.has_room(len(opened.prompt_ids) + opened.params.max_new_tokens):
                running = start(pipeline, opened.continuation, opened.answer, self._inbox)
                self._places[running] = number, opened
        finally:
            if running is None:
                self._host.leave()
        return running is not None

    def _next_outcome(self) -> Outcome:
        """Wait until one of those that run has ended."""
        while not (news := self._inbox.get()).is_end:
            take(self._places[news.running][1].answer, news)
        number, opened = self._places.pop(news.running)
        self._host.leave()
        if isinstance(news.error, ValueError):
            return number, news.error
        if news.error is not None:
            raise self._host.failure(news.error) from news.error
        return number, _finished(opened)

    def _end_all(self) -> None:
        for running in self._places:
            running.cancel()
        while self._places:
            if (news := self._inbox.get()).is_end:
                del self._places[news.running]
                self._host.leave()


def _finished(opened: Opened) -> GenerationResult | Exception:
    try:
        opened.answer.finish()
        return opened.result()
    except EXPECTED_ERRORS as exc:
        return exc
