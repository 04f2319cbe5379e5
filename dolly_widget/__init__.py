"""Run Databricks Dolly 2.0, or any causal language model, with OpenVINO in a Jupyter notebook."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dolly_widget.comparison.run import compare
    from dolly_widget.comparison.table import Comparison, ComparisonRow
    from dolly_widget.engines.engine import Engine
    from dolly_widget.engines.loading import load_engine
    from dolly_widget.engines.result import GenerationResult
    from dolly_widget.engines.streaming import stream
    from dolly_widget.errors import EngineError, ModelError
    from dolly_widget.history.exchange import Exchange
    from dolly_widget.history.history import History
    from dolly_widget.models.lookup import resolve
    from dolly_widget.models.template_files import chat_template, template_for
    from dolly_widget.models.weight_format import WeightFormat
    from dolly_widget.sampling.logits import probabilities
    from dolly_widget.sampling.params import SamplingParams
    from dolly_widget.text.chat_template import ChatTemplate
    from dolly_widget.text.template import DOLLY, PLAIN, Prompt, PromptTemplate
    from dolly_widget.widget.dolly import DollyWidget
    from dolly_widget.widget.explorer.explorer import SamplingExplorer

__version__ = "0.1.0"

# `import openvino` and NNCF would tell Google Analytics of their use, from forked processes; nobody asked for that.
# Without this package they use a stub of their own.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

# Loaded when first used, so that the import takes no time.
_HOMES = {
    "compare": "comparison",
    "Comparison": "comparison",
    "ComparisonRow": "comparison",
    "DollyWidget": "widget",
    "Engine": "engines",
    "EngineError": "errors",
    "GenerationResult": "engines",
    "load_engine": "engines",
    "stream": "engines",
    "Exchange": "history",
    "History": "history",
    "ModelError": "errors",
    "resolve": "models",
    "ChatTemplate": "text",
    "DOLLY": "text",
    "PLAIN": "text",
    "Prompt": "text",
    "PromptTemplate": "text",
    "chat_template": "models",
    "template_for": "models",
    "SamplingExplorer": "widget",
    "SamplingParams": "sampling",
    "probabilities": "sampling",
    "WeightFormat": "models",
}
__all__ = [
    "DOLLY",
    "PLAIN",
    "ChatTemplate",
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
