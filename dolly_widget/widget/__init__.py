"""The widgets: `DollyWidget` and `SamplingExplorer`. Knows engines, and nothing of tensors.

Loaded when they are first used: `session` runs without ipywidgets.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dolly_widget.widget.dolly import DollyWidget
    from dolly_widget.widget.explorer.explorer import SamplingExplorer

__all__ = ["DollyWidget", "SamplingExplorer"]
_HOMES = {"DollyWidget": "dolly", "SamplingExplorer": "explorer.explorer"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
