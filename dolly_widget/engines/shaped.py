"""Answers of a given shape: what the library is told, and what the result holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dolly_widget.engines.result import GenerationResult
from dolly_widget.errors import IncompleteAnswerError
from dolly_widget.text.shapes import Shape

if TYPE_CHECKING:
    import openvino_genai


def structured_output(shape: Shape) -> openvino_genai.StructuredOutputConfig:
    """The shape as OpenVINO GenAI takes it."""
    import openvino_genai as genai

    config = genai.StructuredOutputConfig()
    config.grammar = shape.grammar
    return config


def with_value(result: GenerationResult, shape: Shape) -> GenerationResult:
    """``result`` with its value. Raises IncompleteAnswerError where it ended too early."""
    if result.finish_reason == "stop":
        try:
            return replace(result, value=shape.parse(result.text))
        except ValueError as exc:
            raise IncompleteAnswerError(f"The answer is not whole: {exc}", result) from exc
    why = "max_new_tokens was reached: allow more" if result.finish_reason == "length" else "it was stopped"
    raise IncompleteAnswerError(f"The answer ended before it was whole, because {why}.", result)
