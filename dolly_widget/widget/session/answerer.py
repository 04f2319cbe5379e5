"""The answers of a DollyWidget: written one at a time on a job, and remembered. Knows nothing of controls."""

from __future__ import annotations

import contextlib
import functools
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from dolly_widget.engines import Engine, GenerationResult, can_go_on
from dolly_widget.errors import ModelError, forget_frames
from dolly_widget.history import Exchange, History, Setup
from dolly_widget.models import find
from dolly_widget.runtime import Job, Worker
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Turn, encodable, render, takes_turns
from dolly_widget.widget.session.choice import ModelChoice
from dolly_widget.widget.session.loader import ModelLoader
from dolly_widget.widget.session.publisher import Publisher

__all__ = ["Answerer", "Asked", "Exchange", "earlier", "refuse_unless_by", "refuse_unless_it_goes_on"]


@dataclass(frozen=True)
class Asked:
    """What an answer is asked for with."""

    instruction: str
    context: str
    params: SamplingParams
    turns: tuple[Turn, ...] = ()
    """What was said before."""
    prefix_ids: tuple[int, ...] = ()
    """The answer's first tokens."""
    model_dir: Path | None = None
    """Of the model that ``prefix_ids`` are of; None: of whichever runs."""
    is_chat: bool = False
    """Whether ``turns`` are what the chat holds: a model without a chat template is not told of them."""


class _Expected(NamedTuple):
    """Which model shall answer."""

    choice: ModelChoice
    loading: Job[None] | None
    """The load that brings it, or did."""


def earlier(history: Sequence[Exchange] | str | Path) -> list[Exchange]:
    """The exchanges that a widget begins with, from a history or the path of one; their models found here again.

    Raises ValueError for a file that is no history, TypeError for what is none at all.
    """
    given = History.from_json(Path(history)) if isinstance(history, str | Path) else history
    if not isinstance(given, Sequence) or not all(isinstance(each, Exchange) for each in given):
        raise TypeError(f"history must be a History, exchanges, or the path of a JSON file, not {given!r:.60}.")
    homes = {each.setup: _home(each.setup) for each in given}
    return [_as_shown(each, homes[each.setup]) for each in given]


def _home(setup: Setup | None) -> Path | None:
    """The files of a model on this machine; None where they are not there."""
    if setup is None:
        return None
    with contextlib.suppress(ValueError, OSError, RuntimeError):  # RuntimeError: "~nobody", whose home is not known
        return find(setup.model, setup.weight_format or "int8", setup.revision)
    return None


def _as_shown(exchange: Exchange, home: Path | None) -> Exchange:
    """The exchange with its model's files, and with an answer that a page can show."""
    result = replace(exchange.result, text=encodable(exchange.result.text))
    return replace(exchange, model_dir=exchange.model_dir or home, result=result)


def refuse_unless_by(engine: Engine | None, model_dir: Path | None) -> Engine:
    """Return the engine if it runs the model of these files. Else ValueError: its tokens would mean something else."""
    if engine is None or model_dir is None or engine.model_dir.resolve() != model_dir.resolve():
        name = "another one" if model_dir is None else model_dir.name
        raise ValueError(f"This answer is by a model that is not loaded now, {name}: load it to go on with this.")
    return engine


def refuse_unless_it_goes_on(engine: Engine) -> None:
    """Raise ValueError where ``engine`` takes no beginning of an answer."""
    if not can_go_on(engine):
        raise ValueError("This engine cannot go on from a beginning: its generate() has no prefix_ids.")


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
        history: Sequence[Exchange] = (),
        *,
        on_text: Callable[[str], None],
        on_begin: Callable[[], None],
        on_result: Callable[[Exchange], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self.history: list[Exchange] = list(history)
        self._loader = loader
        self._lock, self._worker = lock, worker
        self._on_text, self._on_begin, self._on_result, self._on_error = on_text, on_begin, on_result, on_error

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
        publisher = Publisher(self._on_text)

        def on_text(piece: str) -> None:
            with self._worker.lends():  # an observer may close the widget, on the engine's own thread
                publisher.push(piece)

        try:
            exchange = self._exchange(asked, expected, on_text, stop)
        except BaseException as exc:
            forget_frames(exc)
            try:
                publisher.flush()
            finally:  # whatever an observer does
                self._end(functools.partial(self._on_error, exc))
            raise
        self.history.append(exchange)
        self._end(functools.partial(self._on_result, exchange))
        return exchange.result

    def _end(self, show_outcome: Callable[[], None]) -> None:
        with self._lock:
            self.is_busy = False
            show_outcome()

    def _exchange(
        self, asked: Asked, expected: _Expected, on_text: Callable[[str], None], stop: threading.Event
    ) -> Exchange:
        if stop.is_set():  # before its turn came
            nothing = GenerationResult("", (), 0, "cancelled", asked.params.seed or 0, math.nan, math.nan)
            return Exchange(asked.instruction, asked.context, asked.params, nothing, turns=asked.turns)
        engine = self._loaded_engine(expected)
        with self._lock:
            if not stop.is_set():
                self._on_begin()
        turns = asked.turns if not asked.is_chat or takes_turns(engine.template) else ()
        prompt = render(engine.template, asked.instruction, asked.context, turns)
        if asked.prefix_ids:
            refuse_unless_it_goes_on(engine)
            if asked.model_dir is not None:  # another model may have been loaded meanwhile
                refuse_unless_by(engine, asked.model_dir)
        # Engines of others may know nothing of beginnings.
        beginning: dict[str, Any] = {"prefix_ids": asked.prefix_ids} if asked.prefix_ids else {}
        result = engine.generate(prompt, asked.params, on_text=on_text, stop=stop, **beginning)
        setup = self._loader.setup
        return Exchange(asked.instruction, asked.context, asked.params, result, prompt, engine.model_dir, setup, turns)

    def _loaded_engine(self, expected: _Expected) -> Engine:
        """The engine of the model that was asked. Raises what loading that raised."""
        loader = self._loader
        if expected.loading is not None and (loader.engine is None or not loader.choice.is_same_model(expected.choice)):
            expected.loading.wait()  # what the model of before would say is not what was asked for
        if loader.engine is None:  # a load that was begun at the same moment took the place of that one
            raise ModelError("The model was chosen anew before it was loaded: ask again when it is.")
        return loader.engine
