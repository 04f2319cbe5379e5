"""The answers of one model to one prompt: the first alone, which tells how fast it is, and the others at once."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from dolly_widget.engines import AnswersMany, Engine, GenerationRequest, GenerationResult, generate_many
from dolly_widget.errors import EngineError, release_frames
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt

FAILURES = (EngineError, ValueError, OSError)
"""What one model may fail with while the others do."""
Answered: TypeAlias = "tuple[GenerationResult | None, Exception | None]"
"""An answer, or the error instead."""


def alone(
    engine: Engine, prompt: Prompt, params: Sequence[SamplingParams], stop: threading.Event
) -> Iterator[Answered]:
    """The answers one after the other: all, or as many as it takes to know how fast the model is."""
    for count, each in enumerate(params, 1):
        answered = _attempt(engine, prompt, each, stop)
        yield answered
        has_several_left = len(params) - count > 1
        if isinstance(engine, AnswersMany) and has_several_left and not math.isnan(speed_of(answered)):
            return


def speed_of(answered: Answered) -> float:
    """Tokens per second after the first; NaN where there is no second one."""
    result, _ = answered
    return math.nan if result is None else result.tokens_per_s


def together(engine: Engine, prompt: Prompt, params: Sequence[SamplingParams], stop: threading.Event) -> list[Answered]:
    """The answers at once."""
    answers: list[Answered] = [(None, EngineError("It was stopped."))] * len(params)
    for place, outcome in generate_many(engine, [GenerationRequest(prompt, each) for each in params], stop=stop):
        if isinstance(outcome, GenerationResult):
            answers[place] = outcome, None
        elif isinstance(outcome, FAILURES):
            answers[place] = None, outcome
        else:
            raise outcome
    return answers


def _attempt(
    engine: Engine, prompt: Prompt, params: SamplingParams, stop: threading.Event
) -> tuple[GenerationResult | None, Exception | None]:
    try:
        return engine.generate(prompt, params, stop=stop), None
    except FAILURES as exc:
        release_frames(exc)
        return None, exc
