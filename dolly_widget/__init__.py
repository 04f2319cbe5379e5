"""Run Databricks Dolly 2.0, or any causal language model, with OpenVINO in a Jupyter notebook."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dolly_widget.comparison import compare
    from dolly_widget.comparison_table import Comparison, ComparisonRow
    from dolly_widget.engines import Engine, EngineError, GenerationResult, load_engine
    from dolly_widget.engines.streaming import stream
    from dolly_widget.exchange import Exchange
    from dolly_widget.history import History
    from dolly_widget.model_info import ModelError
    from dolly_widget.models import resolve
    from dolly_widget.prompts import DOLLY, PLAIN, Prompt, PromptTemplate, chat_template, template_for
    from dolly_widget.sampling import SamplingParams, probabilities
    from dolly_widget.weight_format import WeightFormat
    from dolly_widget.widget import DollyWidget
    from dolly_widget.widget.explorer import SamplingExplorer

__version__ = "0.1.0"

# `import openvino` and NNCF would tell Google Analytics of their use, from forked processes; nobody asked for that.
# Without this package they use a stub of their own.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

# Loaded when first used, so that the import takes no time.
_HOMES = {
    "compare": "comparison",
    "Comparison": "comparison_table",
    "ComparisonRow": "comparison_table",
    "DollyWidget": "widget",
    "Engine": "engines",
    "EngineError": "engines",
    "GenerationResult": "engines",
    "load_engine": "engines",
    "stream": "engines.streaming",
    "Exchange": "exchange",
    "History": "history",
    "ModelError": "model_info",
    "resolve": "models",
    "DOLLY": "prompts",
    "PLAIN": "prompts",
    "Prompt": "prompts",
    "PromptTemplate": "prompts",
    "chat_template": "prompts",
    "template_for": "prompts",
    "SamplingExplorer": "widget.explorer",
    "SamplingParams": "sampling",
    "probabilities": "sampling",
    "WeightFormat": "weight_format",
}
__all__ = [
    "DOLLY",
    "PLAIN",
    "Comparison",
    "ComparisonRow",
    "DollyWidget",
    "Engine",
    "EngineError",
    "Exchange",
    "GenerationResult",
    "History",
    "ModelError",
    "Prompt",
    "PromptTemplate",
    "SamplingExplorer",
    "SamplingParams",
    "WeightFormat",
    "chat_template",
    "compare",
    "load_engine",
    "probabilities",
    "resolve",
    "stream",
    "template_for",
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
