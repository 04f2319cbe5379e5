"""`%%dolly` and `%dolly`. Knows IPython, and no widget."""

from dolly_widget.magic.magics import load, unload

__all__ = ["load", "unload"]
