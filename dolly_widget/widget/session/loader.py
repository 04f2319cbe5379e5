"""The model of a DollyWidget: prepared and loaded in the background, replaced and freed. Knows nothing of controls.

The widget's worker does it, one load after the other; only the newest choice takes the place of what runs.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dolly_widget.engines import Engine, EngineSetup, Prepared, local_model, share_engine, shared_directories
from dolly_widget.errors import ModelError, release_frames
from dolly_widget.models import Model
from dolly_widget.runtime import Job, Progress, Worker
from dolly_widget.text import takes_turns
from dolly_widget.widget.session.choice import record_of
from dolly_widget.widget.session.publisher import ProgressReporter

_POLL_S = 0.02
_Step = tuple[Progress | None, tuple[str, ...]]
_NO_PREPARING: _Step = (None, ())


class ModelLoader:
    """Owns ``engine`` and the jobs of ``worker`` that load the next one.

    Calls, in the job and under ``lock``: ``on_step`` with the progress of preparing and all messages so far,
    or with None while the model is compiled; then ``on_loaded``, or ``on_failed`` with the reason and whether it
    was stopped.
    """

    engine: Engine | None = None
    """What runs; None until a first model is loaded."""
    model: Model | None = None
    """The files of the model that runs; None where its engine has none here."""
    record: EngineSetup | None = None
    """What makes ``engine`` again; None where names cannot, or it is a caller's."""
    is_loading = False
    failed: EngineSetup | None = None
    """What could not be loaded last."""
    is_given = False
    """Whether ``engine`` is a caller's, which is never closed here."""

    def __init__(
        self,
        choice: EngineSetup,
        lock: threading.RLock,
        worker: Worker,
        *,
        on_step: Callable[[Progress | None, tuple[str, ...]], None],
        on_loaded: Callable[[], None],
        on_failed: Callable[[BaseException, bool], None],
    ) -> None:
        self.on_freed: Callable[[], None] = lambda: None
        """Called when a model's files are in use no longer, on the worker's thread and not under the lock."""
        self.choice = choice
        """What is loading, or runs, or could not be loaded when nothing runs."""
        self._local = EngineSetup() if choice.server is not None else choice
        self._running: EngineSetup | None = None
        self._name = ""
        self._step: _Step = _NO_PREPARING
        self._lock, self._worker = lock, worker
        self._jobs: list[Job[None]] = []
        self._on_step, self._on_loaded, self._on_failed = on_step, on_loaded, on_failed

    @property
    def name(self) -> str:
        """The name of the model that runs, or else of the one that will."""
        return self._name or self.choice.name

    @property
    def base_choice(self) -> EngineSetup:
        """The setup that another model is put into. An engine without files here runs on a device of its own.

        A server says nothing of this machine: behind it is what ran here before.
        """
        if self.choice.server is not None:
            return self._local
        return replace(self.choice, device="AUTO") if self.is_given and self.model is None else self.choice

    @property
    def job(self) -> Job[None] | None:
        """The newest loading; None where there was none."""
        return self._jobs[-1] if self._jobs else None

    @property
    def uses(self) -> dict[Path, str]:
        """What the models that are in use in this process are used for: "running" or "loading" here, or "elsewhere"."""
        uses = dict.fromkeys(shared_directories(), "elsewhere")
        if self.is_loading:
            uses.update(dict.fromkeys(_directories(self.choice), "loading"))
        if (model := self.model) is not None:
            uses[model.directory.resolve()] = "running"
        return uses

    def give(self, engine: Engine) -> None:
        """Run a caller's engine."""
        self.engine, self.is_given, self.record = engine, True, None
        self.model = local_model(engine)
        self._name = _name_of(self.model)
        self._running = self.choice

    def start(self, choice: EngineSetup) -> Job[None]:
        """Load ``choice`` in place of what runs or is loading."""
        with self._lock:
            is_other_model = not choice.needs_same_models(self.choice)
            self._local = self._local if choice.server is not None else choice
            self.choice, self.is_loading = choice, True  # first: no answer waits for what is cancelled next
            if is_other_model:
                self.cancel()
                self._step = _NO_PREPARING
            self._on_step(*self._step)
            job = Job(functools.partial(self._run, choice), name="dolly-load", worker=self._worker)
            self._jobs = [*(before for before in self._jobs if not before.done), job]
            return job

    def move(self, device: str) -> None:
        """Load the same model on another device."""
        with self._lock:
            choice = replace(self.choice, device=device)
            if choice != self._running:
                self.start(choice)
            else:  # back to what runs, before the other one was ready
                self._settle(choice)
                self._on_loaded()

    def cancel(self) -> None:
        """End the loading, at once while a model is prepared. What runs goes on. Safe at any time."""
        with self._lock:
            for job in self._jobs:
                job.stop()

    def close(self) -> None:
        """Free the model unless it was given, and let go of it; call it when the worker is closed.

        A notebook keeps what its cells have shown, closed widgets too: that is not to keep tokenizers.
        """
        engine, self.engine, self.model = self.engine, None, None
        if engine is not None and not self.is_given:
            engine.close()

    def _run(self, choice: EngineSetup, stop: threading.Event) -> None:
        """The work of a loading job."""
        try:
            _refuse_if_stopped(stop)
            self._load(choice, stop)
        except BaseException as exc:
            release_frames(exc)
            with self._lock:
                if self._is_current(choice):
                    self.failed = choice
                    self._settle(self._running or choice)
                    self._on_failed(exc, stop.is_set())
            raise

    def _is_current(self, choice: EngineSetup) -> bool:
        return self.is_loading and choice is self.choice

    def _settle(self, choice: EngineSetup) -> None:
        self.choice, self.is_loading, self._step = choice, False, _NO_PREPARING

    def _load(self, choice: EngineSetup, stop: threading.Event) -> None:
        prepared = self._prepared(choice, stop)
        if prepared.model is not None:
            if choice.template is None:
                prepared.model.check_template(stop)
            _read_ahead(choice, prepared.model, stop)
        with self._lock:
            _refuse_if_stopped(stop)
            if not self._is_current(choice):
                return
            self._report(*_NO_PREPARING)
        engine = share_engine(choice, prepared)
        if stop.is_set():
            engine.close()
        _refuse_if_stopped(stop)
        self._replace(choice, engine)

    def _prepared(self, choice: EngineSetup, stop: threading.Event) -> Prepared:
        """The models' files; downloaded and converted, with progress, where they are not there."""
        if found := choice.find():
            return found

        def show(progress: Progress, notes: tuple[str, ...]) -> None:
            with self._lock:
                # A choice of another device changes nothing of this; one of another model has stopped it.
                if not stop.is_set():
                    self._report(progress, notes)

        report = ProgressReporter(show)
        report(Progress("plan" if choice.server is None else "connect"))  # at once, with the button that ends it
        return choice.prepare(on_progress=report, stop=stop)

    def _report(self, progress: Progress | None, notes: tuple[str, ...]) -> None:
        self._step = (progress, notes)
        self._on_step(progress, notes)

    def _replace(self, choice: EngineSetup, engine: Engine) -> None:
        """Let ``engine`` take the place of the one before, unless another was chosen meanwhile; close the other one."""
        dropped: Engine | None = engine
        model = local_model(engine)  # the very one: a shared engine's tokenizer keeps what it encoded last
        name, record = _name_of(model), record_of(choice, engine)
        try:
            with self._lock:
                if self._is_current(choice):
                    dropped = None if self.is_given else self.engine
                    self.engine, self.model, self.is_given = engine, model, False
                    self._running, self.record, self._name = choice, record, name
                    self._settle(choice)
                    self._on_loaded()
        finally:
            if dropped is not None:
                dropped.close()
                self.on_freed()


def _read_ahead(choice: EngineSetup, model: Model, stop: threading.Event) -> None:
    """Have the tokenizer and the template read, and tried, by the time that the engine and the lock need them.

    Both are somebody else's files, and may take long: ``stop`` leaves their reading to itself.
    """

    def read(_: threading.Event) -> None:
        model.tokenizer  # noqa: B018
        takes_turns(choice.template or model.template)

    reading = Job(read, name="dolly-read", worker=Worker())  # which the end of Python waits for
    while not (reading.done or stop.is_set()):
        with contextlib.suppress(TimeoutError):
            reading.wait(_POLL_S)
    _refuse_if_stopped(stop)
    reading.wait()


def _directories(choice: EngineSetup) -> list[Path]:
    """Where the models of a choice are; none where they are not here yet, or not any longer."""
    with contextlib.suppress(ModelError):
        found = choice.find()
        return [] if found is None else [each.directory.resolve() for each in (found.model, found.draft) if each]
    return []


def _name_of(model: Model | None) -> str:
    return "" if model is None else model.name


def _refuse_if_stopped(stop: threading.Event) -> None:
    if stop.is_set():
        raise ModelError("Loading the model was stopped; nothing was changed.")
