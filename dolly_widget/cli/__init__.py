"""The `dolly-widget` command. Knows no widget."""

from dolly_widget.cli.entry_point import main

__all__ = ["main"]
