"""Whether an answer can be gone on with: by the engine that runs now, from the answer's beginning."""

from __future__ import annotations

from pathlib import Path

from dolly_widget.engines import Continues, Engine, LocalEngine


def refuse_unless_by(engine: Engine | None, model_dir: Path | None) -> LocalEngine:
    """Return the engine if it runs the model of these files. Else ValueError: its tokens would mean something else."""
    if isinstance(engine, LocalEngine) and model_dir and engine.model.directory.resolve() == model_dir.resolve():
        return engine
    name = "another one" if model_dir is None else model_dir.name
    raise ValueError(f"This answer is by a model that is not loaded now, {name}: load it to go on with this.")


def refuse_unless_it_continues(engine: Engine) -> Continues:
    """Return the engine if it takes the beginning of an answer. Raises ValueError where it does not."""
    if not isinstance(engine, Continues):
        raise ValueError("This engine cannot go on from the beginning of an answer: it has no check_beginning().")
    return engine
