"""Shares one engine among all callers in this process that ask for the same one. Knows nothing of how it answers."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dolly_widget.engines.answer import ignore_text
from dolly_widget.engines.bounds import effective_params
from dolly_widget.engines.engine import Engine
from dolly_widget.engines.loading import start_engine
from dolly_widget.engines.many import Outcome, generate_many
from dolly_widget.engines.model_engine import ModelEngine
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import GenerationResult
from dolly_widget.engines.setup import EngineSetup, Prepared
from dolly_widget.engines.stops import StopAsWell
from dolly_widget.errors import EngineError
from dolly_widget.models import WeightFormat, file_versions
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt


def share_engine(setup: EngineSetup, prepared: Prepared) -> Engine:
    """A lease on the engine of a model that is loaded once in this process, for all who ask for the same.

    The same are files, device, engine, template, properties and guesses. ``close`` gives the lease back, and ends what
    was being generated through it; the last one frees the model. An engine that failed is no longer shared: the next
    caller loads the model again. Blocks while the model is loaded and warmed up. Raises what ``load_engine`` raises.
    What asks a server holds no model, and is not shared.
    """
    setup = setup.checked()
    if prepared.server is not None:
        return start_engine(setup, prepared)
    sought = _Key(setup, prepared)
    while True:
        shared, is_new = _find_or_add(sought)
        if is_new:
            shared.load(setup, prepared)
        elif not shared.wait():
            continue  # the load of another caller was interrupted: begin again
        return _Lease(shared)


def shared_directories() -> frozenset[Path]:
    """The directories of all models that are shared now, or are being loaded to be."""
    with _lock:
        return frozenset(directory for shared in _register for directory in shared.key.directories)


class _Key:
    """What makes two engines the same. Compared, never hashed: templates and properties may not be hashable."""

    def __init__(self, setup: EngineSetup, prepared: Prepared) -> None:
        models = (prepared.model, prepared.draft)
        directories = [model.directory for model in models if model is not None]
        # How a model was named does not matter, only which files its name has become.
        plain = replace(setup, model="demo", draft=None, revision=None, weight_format=WeightFormat())
        self.directories = tuple(each.resolve() for each in directories)
        self._parts = plain, self.directories, [file_versions(each) for each in directories]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._parts == other._parts

    __hash__ = None  # type: ignore[assignment]


class _Shared:
    """One real engine, or the loading of it. Lives as long as it is held: the register's link is weak."""

    engine: ModelEngine | None = None

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.holders = 0
        """Number of leases on it, and of callers that wait for it."""
        self._is_loaded = threading.Event()
        self._error: BaseException | None = None

    def load(self, setup: EngineSetup, prepared: Prepared) -> None:
        """Load and warm up; callers that wait get the engine, or the error, too."""
        try:
            self.engine = _load(setup, prepared)
        except BaseException as exc:
            self._error = exc
            self.forget()
            raise
        finally:
            self._is_loaded.set()

    def wait(self) -> bool:
        """Wait for the load of another caller. Raises what that raised; False where it was interrupted."""
        try:
            self._is_loaded.wait()
        except BaseException:
            self.give_back()
            raise
        if isinstance(self._error, Exception):
            raise self._error
        return self._error is None

    def forget(self) -> None:
        """Share it with no further caller."""
        with _lock:
            _register.discard(self)

    def give_back(self) -> None:
        """One holder less; the last one closes the engine."""
        with _lock:
            self.holders -= 1
            if self.holders:
                return
            _register.discard(self)
        if self.engine is not None:
            self.engine.close()


_lock = threading.Lock()
_register: weakref.WeakSet[_Shared] = weakref.WeakSet()


def _find_or_add(key: _Key) -> tuple[_Shared, bool]:
    """Who shares ``key``, held once more, and whether it is new, and so the caller's to load."""
    with _lock:
        found = next((shared for shared in _register if shared.key == key), None)
        shared = found or _Shared(key)
        shared.holders += 1
        _register.add(shared)
        return shared, found is None


def _load(setup: EngineSetup, prepared: Prepared) -> ModelEngine:
    engine = start_engine(setup, prepared)
    try:
        # Weights are paged in and repacked by the first run: seconds for a large model, while the user types.
        # Two tokens more for a draft to guess one of them.
        count = 1 if setup.draft is None else 3
        engine.generate(engine.template.render("Hello"), SamplingParams(max_new_tokens=count, temperature=0))
    except BaseException:
        engine.close()
        raise
    return engine


class _Lease:
    """An ``Engine`` that is shared. See there for the methods; further arguments reach the engine."""

    def __init__(self, shared: _Shared) -> None:
        engine = shared.engine
        assert engine is not None
        self.setup, self.model = engine.setup, engine.model
        self.device, self.template = engine.device, engine.template
        self._shared: _Shared | None = shared
        self._stops: list[StopAsWell] = []
        self._to_free: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"shared {self._shared.engine!r}" if self._shared else f"closed {type(self).__name__}"

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = ignore_text,
        stop: threading.Event | None = None,
        **arguments: Any,
    ) -> GenerationResult:
        """See ``Engine.generate``."""
        with self._use(stop) as (engine, ours):
            return engine.generate(prompt, params, on_text=on_text, stop=ours, **arguments)

    def generate_many(
        self, requests: Iterable[GenerationRequest], *, stop: threading.Event | None = None, at_once: int | None = None
    ) -> Iterator[Outcome]:
        """See ``AnswersMany``."""
        with self._use(stop) as (engine, ours):
            yield from generate_many(engine, requests, stop=ours, at_once=at_once)

    @contextmanager
    def _use(self, stop: threading.Event | None) -> Iterator[tuple[ModelEngine, threading.Event]]:
        """The engine, and what ends an answer of it: ``stop``, or the end of the lease."""
        ours = StopAsWell(stop)
        with self._lock:
            shared = self._shared
            if shared is None or shared.engine is None:
                raise EngineError("This engine is closed: load the model again.")
            self._stops.append(ours)
        try:
            yield shared.engine, ours
        except EngineError:
            shared.forget()
            raise
        finally:
            with self._lock:
                self._stops.remove(ours)

    def check_beginning(self, token_ids: Sequence[int]) -> list[int]:
        """See ``Continues``."""
        shared = self._shared
        if shared is None or shared.engine is None:
            raise EngineError("This engine is closed: load the model again.")
        return shared.engine.check_beginning(token_ids)

    def check_shape(self, params: SamplingParams) -> None:
        """See ``Constrains``."""
        shared = self._shared
        if shared is not None and shared.engine is not None:
            shared.engine.check_shape(params)

    def close(self) -> None:
        """Give the lease back. See ``Engine.close``."""
        with self._lock:
            shared, self._shared = self._shared, None
            to_free, self._to_free = self._to_free, []
            for stop in self._stops:
                stop.set()
        for free in to_free:
            free()
        if shared is not None:
            shared.give_back()

    def effective_params(self, params: SamplingParams) -> SamplingParams:
        """See ``BoundsCandidates``."""
        shared = self._shared
        return params if shared is None else effective_params(shared.engine, params)

    def when_closed(self, free: Callable[[], None]) -> None:
        """See ``NotifiesOnClose``."""
        with self._lock:
            if self._shared is not None:
                self._to_free.append(free)
                return
        free()
