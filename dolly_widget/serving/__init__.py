"""An OpenAI-compatible server around an engine, and its replicas on Ray Serve. Knows no widget and no command line."""

from dolly_widget.serving.asgi import application
from dolly_widget.serving.limits import Access, Limits

__all__ = ["Access", "Limits", "application"]
