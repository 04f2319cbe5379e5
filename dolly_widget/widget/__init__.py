"""The widgets: `DollyWidget` and `SamplingExplorer`. Knows engines, and nothing of tensors."""

from dolly_widget.widget.dolly import DollyWidget
from dolly_widget.widget.explorer.explorer import SamplingExplorer

__all__ = ["DollyWidget", "SamplingExplorer"]
