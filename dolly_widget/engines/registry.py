"""The engines that there are, by name. A new one is its own file, and one entry here."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """Where an engine is, and what it is called in a sentence."""

    module: str
    class_name: str
    title: str

    def load_class(self) -> Any:
        """The engine's class, a ``ModelEngine``; its module is imported when it is first asked for."""
        return getattr(importlib.import_module(self.module), self.class_name)


ENGINES = {
    "genai": Kind("dolly_widget.engines.genai", "GenAIEngine", "OpenVINO GenAI"),
    "optimum": Kind("dolly_widget.engines.optimum", "OptimumEngine", "Optimum Intel, which needs the optimum extra"),
    "remote": Kind("dolly_widget.engines.remote.engine", "RemoteEngine", "a server, for models that are addresses"),
}
LOCAL_ENGINES = tuple(name for name in ENGINES if name != "remote")
"""Those that run files on this machine."""


def check_engine(engine: str) -> None:
    """Raise ValueError where there is no engine of that name."""
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; choose {' or '.join(map(repr, LOCAL_ENGINES))}.")
