"""Many answers of one engine: at a time where it can do that, one after the other where it cannot."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

from dolly_widget.engines.engine import Engine
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import GenerationResult
from dolly_widget.engines.stops import StopAsWell
from dolly_widget.errors import EXPECTED_ERRORS

Outcome: TypeAlias = "tuple[int, GenerationResult | Exception]"
"""The place of a request, counted from 0, and its answer, or the expected error instead."""


@runtime_checkable
class AnswersMany(Protocol):
    """An engine that writes several answers at a time."""

    def generate_many(
        self, requests: Iterable[GenerationRequest], *, stop: threading.Event | None = None, at_once: int | None = None
    ) -> Iterator[Outcome]:
        """Yield the outcome of each request when it is there, in whatever order.

        Takes the next request when there is room for it: as many run at once as memory allows, and at most ``at_once``.
        A request that is wrong, or too long, is an outcome and stops no other. ``stop`` ends those that run, which are
        outcomes, too ("cancelled"), and takes no more. Leaving the loop (``close`` of the iterator) cancels what runs.
        Raises EngineError where the engine fails.
        """
        ...


def generate_many(
    engine: Engine,
    requests: Iterable[GenerationRequest],
    *,
    stop: threading.Event | None = None,
    at_once: int | None = None,
) -> Iterator[Outcome]:
    """See ``AnswersMany.generate_many``; with any engine."""
    if isinstance(engine, AnswersMany):
        return engine.generate_many(requests, stop=stop, at_once=at_once)
    return one_after_the_other(engine, requests, stop or threading.Event())


def one_after_the_other(
    engine: Engine, requests: Iterable[GenerationRequest], stop: threading.Event
) -> Iterator[Outcome]:
    """Yield the outcomes in the order of the requests, each written alone."""
    for place, request in enumerate(requests):
        if stop.is_set():
            return
        outcome: GenerationResult | Exception
        try:
            ends = StopAsWell(stop, request.stop)
            outcome = engine.generate(
                request.prompt, request.params, on_text=request.on_text, stop=ends, **_more(request)
            )
        except EXPECTED_ERRORS as exc:
            outcome = exc
        yield place, outcome


def _more(request: GenerationRequest) -> dict[str, Any]:
    """What not every engine takes."""
    given = {"answer": request.shape, "prefix_ids": request.prefix_ids}
    return {name: value for name, value in given.items() if value}
