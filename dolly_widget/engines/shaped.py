"""Answers of a given shape: what the library is told, and what the result holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dolly_widget.engines.engine import Constrains
from dolly_widget.engines.result import GenerationResult
from dolly_widget.errors import IncompleteAnswerError
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.shapes import Shape

if TYPE_CHECKING:
    import openvino_genai


def structured_output(shape: Shape) -> openvino_genai.StructuredOutputConfig:
    """The shape as OpenVINO GenAI takes it."""
    import openvino_genai as genai

    config = genai.StructuredOutputConfig()
    config.grammar = shape.grammar
    return config


def check_constrains(engine: object, params: SamplingParams) -> None:
    """Raise ValueError where ``engine`` cannot hold an answer to a shape, or not with these settings."""
    if not isinstance(engine, Constrains):
        raise ValueError("This engine does not support answer=: use one from load_engine(…).")
    engine.check_shape(params)
    refuse_beside_shape(params, ())


def refuse_beside_shape(params: SamplingParams, prefix_ids: Sequence[int]) -> None:
    """Raise ValueError for what would cut a shaped answer, or begin it anew."""
    for name, given in (("stop", params.stop), ("prefix_ids", prefix_ids)):
        if given:
            raise ValueError(f"An answer of a given shape does not go with {name}: leave one of them out.")


def with_value(result: GenerationResult, shape: Shape) -> GenerationResult:
    """``result`` with its value. Raises IncompleteAnswerError where it ended too early, or its class refuses it."""
    try:
        if result.finish_reason == "stop" or shape.is_whole(result.text):
            return replace(result, value=shape.parse(result.text))
    except ValueError as exc:
        reason = " ".join(str(exc).split()).rstrip(".")
        raise IncompleteAnswerError(f"The answer is not of its shape: {reason}. Ask again.", result) from exc
    why = "max_new_tokens was reached: allow more" if result.finish_reason == "length" else "it was stopped"
    raise IncompleteAnswerError(f"The answer ended before it was whole, because {why}.", result)
