"""Whether an answer can be gone on with: by the engine that runs now, from the answer's beginning."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, cast

from dolly_widget.engines import (
    Continues,
    ContinuesText,
    Engine,
    EngineSetup,
    GenerationResult,
    LocalEngine,
    local_model,
    server_of,
)
from dolly_widget.history import Exchange
from dolly_widget.models import Model

WITHOUT_TOKENS = "The engine returned this answer as text only: it has no tokens to colour or replace."


class Origin(NamedTuple):
    """What an answer is of: it is that model's tokens that it has."""

    model_dir: Path | None
    """The model's files on this machine."""
    setup: EngineSetup | None
    """What says it by names."""

    @classmethod
    def of(cls, exchange: Exchange) -> Origin:
        """That of an exchange."""
        return cls(exchange.model_dir, exchange.setup)

    @property
    def name(self) -> str:
        """What to call it."""
        if self.setup is not None and self.setup.server is not None:
            return self.setup.name
        return "another one" if self.model_dir is None else self.model_dir.name


def require_engine_of(engine: Engine | None, origin: Origin) -> LocalEngine:
    """Return the engine if it runs the model of ``origin``. Else ValueError: its tokens would mean something else."""
    model = local_model(engine)
    if (server := server_of(engine)) is not None and model is None:
        raise ValueError(
            f"The tokens of {server.model_name or server.host} are not known here: name a model on this machine with "
            "the same tokenizer, tokenizer=…."
        )
    if engine is not None and model is None:
        raise ValueError(
            "This needs the model's OpenVINO files, and the engine has none on this machine: "
            "use an engine from load_engine(…)."
        )
    if model is not None and _is_of(engine, model, origin):
        return cast(LocalEngine, engine)
    raise ValueError(f"This answer is from a model that is not loaded now, {origin.name}: load that model first.")


def _is_of(engine: object, model: Model, origin: Origin) -> bool:
    server = None if origin.setup is None else origin.setup.server
    if server_of(engine) is not None or server is not None:  # two models of a server may have the same tokenizer here
        return server is not None and getattr(engine, "setup", None) == origin.setup
    return origin.model_dir is not None and model.directory.resolve() == origin.model_dir.resolve()


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
    if (result.token_ids and local_model(engine) is not None) or not isinstance(engine, ContinuesText):
        return False
    engine.check_text()
    if not result.text:
        raise ValueError("There is no text to go on from yet: ask again.")
    return True


def require_continuation(engine: Engine) -> Continues:
    """Return the engine if it takes the beginning of an answer. Raises ValueError where it does not."""
    if not isinstance(engine, Continues):
        raise ValueError("This engine cannot continue an answer: it has no check_beginning().")
    return engine
