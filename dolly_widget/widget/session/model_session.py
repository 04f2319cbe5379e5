"""What runs in a session: its model, how loading another one stands, and what went wrong last. Knows no answers.

Headless, as the session that is built on it. Everything here may be called on the worker's thread, under the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dolly_widget.engines import Engine, EngineSetup, ServerFacts, ServerName, is_server, server_of
from dolly_widget.errors import ModelChoiceError, ModelError, error_text
from dolly_widget.models import WeightFormat
from dolly_widget.runtime import Job, Progress, Worker, check_device
from dolly_widget.text import encodable, takes_system, takes_turns
from dolly_widget.widget.session.choice import other_model
from dolly_widget.widget.session.events import Events
from dolly_widget.widget.session.loader import ModelLoader


class ModelSession:
    """One model at a time. Loads are jobs of one worker, which `Session` gives its answers too."""

    status = "idle"
    """One of "loading", "idle", "generating", "stopping", "error"."""
    error = ""
    """What went wrong last, and what to do; empty when all is well."""
    is_closed = False

    def __init__(self, choice: EngineSetup, events: Events) -> None:
        self.lock = threading.RLock()
        self.worker = Worker()
        self._events = events
        self.is_held: Callable[[], bool] = lambda: False
        """Whether something beside the answers uses the model that runs: no other one takes its place then."""
        self.loader = ModelLoader(
            choice,
            self.lock,
            self.worker,
            on_step=self._on_step,
            on_loaded=self._on_loaded,
            on_failed=self._on_load_failed,
        )

    # What it has

    @property
    def engine(self) -> Engine | None:
        """What runs; None until a first model is loaded."""
        return self.loader.engine

    @property
    def server(self) -> ServerFacts | None:
        """The server that answers; None where this machine does, or nothing runs."""
        return server_of(self.engine)

    @property
    def is_busy(self) -> bool:
        """Whether something holds the model: no load is begun then. `Session` knows."""
        return False

    @property
    def takes_turns(self) -> bool:
        """Whether the model that runs takes earlier turns."""
        return self.engine is not None and takes_turns(self.engine.template)

    @property
    def takes_system(self) -> bool:
        """Whether the model that runs takes a system prompt."""
        return self.engine is not None and takes_system(self.engine.template)

    # What can be asked of it

    def load(self, model: str | Path, weight_format: str | WeightFormat | None, revision: str | None) -> Job[None]:
        """Load another model in the background, in place of this one; return the job."""
        with self.lock:
            self._refuse_to_replace()
            choice = self._same_server(model) or other_model(self.loader.base_choice, model, weight_format, revision)
            choice.find()
            job = self.loader.start(choice)
            self._set("device", choice.device)
            return job

    def _same_server(self, model: str | Path) -> EngineSetup | None:
        """What runs, where it is the server and its model that are meant: its tokenizer and template stay."""
        loader = self.loader
        if not is_server(str(model)) or loader.choice.server is None:
            return None
        name = str(ServerName.parse(str(model)))
        names = (loader.choice.model, loader.record.model if loader.record else "")
        return replace(loader.choice, model=name) if name in names else None

    def load_as_chosen(self, model: str, weight_format: str | WeightFormat) -> None:
        """Load another model, with one of the formats that have a name."""
        # The name of the format that we have keeps its group size and ratio.
        is_same = weight_format == self.loader.choice.weight_format.name
        asked = self.loader.failed  # a repository, of which this may be the file that was chosen
        revision = asked.revision if asked and model.startswith(f"{asked.model}:") else None
        self.load(model, None if is_same else weight_format, revision)

    def load_again(self) -> None:
        """Try the model once more that could not be loaded."""
        with self.lock:
            self._refuse_to_replace()
            if self.loader.failed is not None:
                self.loader.start(self.loader.failed)
                self._set("device", self.loader.choice.device)

    def check_device(self, device: str) -> str:
        """A device as OpenVINO spells it. Raises ValueError or RuntimeError where the model cannot go there now."""
        if device == self.loader.choice.device:
            return device
        self._refuse_to_replace()
        if self.loader.choice.server is not None:
            raise ValueError("A server chooses its device itself: load a model of this machine by name instead.")
        if self.loader.is_given and not self.loader.is_loading:
            raise ValueError(
                "This widget was given a loaded engine, which stays on its device: load a model by name instead."
            )
        return check_device(device)

    def move(self, device: str) -> None:
        """Load the same model on another device."""
        if device != self.loader.choice.device:
            self.loader.move(device)

    def forget_error(self) -> None:
        """The question that the last error was about is being changed."""
        with self.lock:
            if self.error and self.engine is not None and not self.is_busy:
                self._set("error", "")
                self._events.error_cleared()
                self.rest()

    def close(self) -> None:
        """End what runs, and wait for that; then free the model, unless it was given."""
        self.is_closed = True
        try:
            self.worker.close(self.lock)  # an observer may be what closes us
        finally:  # an interrupt ends the wait
            self.loader.close()

    def refuse_if_closed(self) -> None:
        """Raise RuntimeError after ``close``."""
        if self.is_closed:
            raise RuntimeError("This widget is closed: make a new one with DollyWidget().")

    def refuse_unless_free(self) -> None:
        """Raise RuntimeError while an answer is being written, or after ``close``."""
        self.refuse_if_closed()
        if self.is_busy:
            raise RuntimeError("An answer is still being written: stop() it, or wait() for it, first.")

    def _refuse_to_replace(self) -> None:
        self.refuse_unless_free()
        if self.is_held():
            raise RuntimeError("A column is being answered with this model: stop it, or wait for its end, first.")

    def rest(self) -> None:
        """Set the status for no answer being written; an answer that waited for a model sets its own."""
        if not self.is_busy:
            is_without = self.engine is None and not self.is_closed
            self._set("status", "loading" if self.loader.is_loading else "error" if is_without else "idle")

    # What happens

    def _set(self, name: str, value: Any) -> None:
        if name != "device":
            setattr(self, name, value)
        self._events.changed(name, value)

    def _clear_error(self) -> None:
        """Clear the error, unless it is that there is no model."""
        if self.engine is not None or self.loader.is_loading:
            self._set("error", "")

    def _fail(self, exc: BaseException) -> None:
        self._set("error", encodable(error_text(exc)))
        self._set("status", "error")

    def _on_step(self, progress: Progress | None, notes: tuple[str, ...]) -> None:
        if self.status != "loading":
            self._events.error_cleared()
            self._set("error", "")
        self._events.preparing(progress, notes)
        self._set("status", "loading")
        self._set("progress", "" if progress is None else str(progress))

    def _on_loaded(self) -> None:
        self._set("progress", "")
        self._events.loaded()
        self.rest()

    def _on_load_failed(self, exc: BaseException, is_stopped: bool) -> None:
        self._set("progress", "")
        is_question = isinstance(exc, ModelChoiceError)  # which of several files
        is_harmless = self.engine is not None and (is_question or (is_stopped and isinstance(exc, ModelError)))
        self._events.load_failed(exc, is_harmless)
        if is_harmless:
            self.rest()
        else:
            self._fail(exc)
        self._set("device", self.loader.choice.device)  # the one before keeps working
