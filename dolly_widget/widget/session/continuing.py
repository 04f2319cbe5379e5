"""Whether an answer can be gone on with: by the engine that runs now, from the answer's beginning."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from dolly_widget.engines import Continues, ContinuesText, Engine, GenerationResult, LocalEngine, local_model

WITHOUT_TOKENS = "The engine returned this answer as text only: it has no tokens to colour or replace."


def require_engine_of(engine: Engine | None, model_dir: Path | None) -> LocalEngine:
    """Return the engine if it runs the model of these files. Else ValueError: its tokens would mean something else."""
    model = local_model(engine)
    if engine is not None and model is None:
        raise ValueError(
            "This needs the model's OpenVINO files, and the engine has none on this machine: "
            "use an engine from load_engine(…)."
        )
    if model is not None and model_dir and model.directory.resolve() == model_dir.resolve():
        return cast(LocalEngine, engine)
    name = "another one" if model_dir is None else model_dir.name
    raise ValueError(f"This answer is from a model that is not loaded now, {name}: load that model first.")


def can_go_on(result: GenerationResult) -> bool:
    """Whether an answer ended before its end, and there is something to go on from."""
    return result.finish_reason != "stop" and bool(result.token_ids or result.text)


def require_token(result: GenerationResult, place: int) -> None:
    """Raise ValueError where an answer has no token there, or its engine gave none at all."""
    count = len(result.token_ids)
    if not count and result.text:
        raise ValueError(WITHOUT_TOKENS)
    if not 0 <= place < count:
        raise ValueError(f"There is no token {place}: the answer has {count:,} tokens, counted from 0.")


def goes_on_from_text(engine: Engine | None, result: GenerationResult) -> bool:
    """Whether only the answer's text can be gone on with: its tokens are not known, or mean nothing here.

    Raises ValueError where the engine cannot do that either.
    """
    if result.token_ids and local_model(engine) is not None:
        return False
    if isinstance(engine, ContinuesText):
        engine.check_text()
        return True
    return False


def require_continuation(engine: Engine) -> Continues:
    """Return the engine if it takes the beginning of an answer. Raises ValueError where it does not."""
    if not isinstance(engine, Continues):
        raise ValueError("This engine cannot continue an answer: it has no check_beginning().")
    return engine
