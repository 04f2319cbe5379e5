"""Many answers of a server, several at a time, each on a job of its own. Knows an engine by one function."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from dolly_widget.engines.answer import Listener, count_of, note_of, reasoning_of
from dolly_widget.engines.many import Outcome
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import GenerationResult
from dolly_widget.errors import EXPECTED_ERRORS, EngineError
from dolly_widget.runtime import INTERRUPT_S, Job

Write = Callable[..., GenerationResult]


class _News(NamedTuple):
    place: int
    tell: Callable[[], None] | None
    """What is to be called on the reader's thread; None where the answer has ended."""


class _Running(NamedTuple):
    job: Job[GenerationResult]
    error: list[BaseException]
    """What the reader's callback has raised."""


def outcomes(
    write: Write, requests: Iterable[GenerationRequest], stop: threading.Event, at_once: int
) -> Iterator[Outcome]:
    """See ``AnswersMany.generate_many``. ``write(request, stop)`` writes one answer."""
    news: queue.SimpleQueue[_News] = queue.SimpleQueue()
    running: dict[int, _Running] = {}
    numbered = enumerate(requests)
    try:
        is_more = True
        while True:
            while is_more and len(running) < at_once and not stop.is_set():
                following = next(numbered, None)
                if following is None:
                    is_more = False
                else:
                    running[following[0]] = _begin(write, *following, stop, news)
            if not running:
                return
            if (ended := _next_end(news, running)) is not None:
                yield ended, _outcome(running.pop(ended))
    finally:
        for each in running.values():
            each.job.stop()


def _begin(
    write: Write, place: int, request: GenerationRequest, stop: threading.Event, news: queue.SimpleQueue[_News]
) -> _Running:
    heard = replace(request, on_text=_sending(request.on_text, place, news))

    def work(own_stop: threading.Event) -> GenerationResult:
        try:
            return write(heard, stop, own_stop)
        finally:
            news.put(_News(place, None))

    return _Running(Job(work, name="dolly-answer"), [])


def _sending(on_text: Callable[[str], None], place: int, news: queue.SimpleQueue[_News]) -> Listener:
    """An ``on_text`` that has the reader's thread call the one that was given."""

    def sending(take: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda what: news.put(_News(place, partial(take, what)))

    return Listener(
        sending(on_text), sending(reasoning_of(on_text)), sending(count_of(on_text)), sending(note_of(on_text))
    )


def _next_end(news: queue.SimpleQueue[_News], running: dict[int, _Running]) -> int | None:
    """Tell the reader one thing; return the place of an answer that has ended, if that is what there is to tell."""
    while True:
        try:
            place, tell = news.get(timeout=INTERRUPT_S)
            break
        except queue.Empty:
            continue
    if tell is None:
        return place
    one = running[place]
    if not one.error:
        try:
            tell()
        except BaseException as exc:  # it ends this answer, as in any engine
            one.error.append(exc)
            one.job.stop()
    return None


def _outcome(ended: _Running) -> GenerationResult | Exception:
    """The answer, or the error that is expected of it. Raises any other, and EngineError, which ends all of them."""
    try:
        result = ended.job.wait()
        if ended.error:
            raise ended.error[0]
        return result
    except EngineError:
        raise
    except EXPECTED_ERRORS as exc:
        return exc
