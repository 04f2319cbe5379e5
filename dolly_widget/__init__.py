"""Run Databricks Dolly 2.0, or any causal language model, with OpenVINO in a Jupyter notebook."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dolly_widget.batch import RowResult, ask_many
    from dolly_widget.bench import measure
    from dolly_widget.comparison import Comparison, ComparisonRow, compare, first_difference
    from dolly_widget.engines import Engine, EngineSetup, GenerationResult, load_engine, stream
    from dolly_widget.errors import EngineError, IncompleteAnswerError, ModelError, PromptTooLongError
    from dolly_widget.history import Exchange, History
    from dolly_widget.history.as_code import as_code
    from dolly_widget.lens.coloured_tokens import coloured_html, coloured_tokens
    from dolly_widget.models import DEMO_CHECKPOINT, Model, WeightFormat, chat_template, resolve, template_for
    from dolly_widget.runtime import Job, available_devices
    from dolly_widget.sampling import SamplingParams, penalise_repetition, probabilities
    from dolly_widget.text import DOLLY, PLAIN, ChatTemplate, Prompt, PromptTemplate, Segment, TextStream, Tokenizer
    from dolly_widget.text.token_html import tokens_to_html
    from dolly_widget.widget import DollyWidget, SamplingExplorer
    from dolly_widget.widget.answer.response import ResponseView
    from dolly_widget.widget.session.publisher import Publisher

__version__ = "0.1.0"

# `import openvino` and NNCF would report their use to Google Analytics, from forked processes: not without being asked.
# Without this package they use a stub of their own.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

# Loaded when first used, so that the import takes no time.
_HOMES = {
    "RowResult": "batch",
    "ask_many": "batch",
    "measure": "bench",
    "Comparison": "comparison",
    "ComparisonRow": "comparison",
    "compare": "comparison",
    "first_difference": "comparison",
    "Engine": "engines",
    "EngineSetup": "engines",
    "GenerationResult": "engines",
    "load_engine": "engines",
    "stream": "engines",
    "EngineError": "errors",
    "IncompleteAnswerError": "errors",
    "ModelError": "errors",
    "PromptTooLongError": "errors",
    "Exchange": "history",
    "History": "history",
    "as_code": "history.as_code",
    "coloured_html": "lens.coloured_tokens",
    "coloured_tokens": "lens.coloured_tokens",
    "DEMO_CHECKPOINT": "models",
    "Model": "models",
    "WeightFormat": "models",
    "chat_template": "models",
    "resolve": "models",
    "template_for": "models",
    "Job": "runtime",
    "available_devices": "runtime",
    "SamplingParams": "sampling",
    "penalise_repetition": "sampling",
    "probabilities": "sampling",
    "ChatTemplate": "text",
    "DOLLY": "text",
    "PLAIN": "text",
    "Prompt": "text",
    "PromptTemplate": "text",
    "SERVER_TEMPLATE": "text",
    "Segment": "text",
    "TextStream": "text",
    "Tokenizer": "text",
    "tokens_to_html": "text.token_html",
    "DollyWidget": "widget",
    "SamplingExplorer": "widget",
    "ResponseView": "widget.answer.response",
    "Publisher": "widget.session.publisher",
}
__all__ = [
    "DEMO_CHECKPOINT",
    "DOLLY",
    "PLAIN",
    "SERVER_TEMPLATE",
    "ChatTemplate",
    "Comparison",
    "ComparisonRow",
    "DollyWidget",
    "Engine",
    "EngineError",
    "EngineSetup",
    "Exchange",
    "GenerationResult",
    "History",
    "IncompleteAnswerError",
    "Job",
    "Model",
    "ModelError",
    "Prompt",
    "PromptTemplate",
    "PromptTooLongError",
    "Publisher",
    "ResponseView",
    "RowResult",
    "SamplingExplorer",
    "SamplingParams",
    "Segment",
    "TextStream",
    "Tokenizer",
    "WeightFormat",
    "as_code",
    "ask_many",
    "available_devices",
    "chat_template",
    "coloured_html",
    "coloured_tokens",
    "compare",
    "first_difference",
    "load_engine",
    "measure",
    "penalise_repetition",
    "probabilities",
    "resolve",
    "stream",
    "template_for",
    "tokens_to_html",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext dolly_widget``: the magics ``%%dolly`` and ``%dolly``."""
    from dolly_widget import magic

    magic.load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext dolly_widget``: forget the magics, and free the models that they hold."""
    from dolly_widget import magic

    magic.unload(shell)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
