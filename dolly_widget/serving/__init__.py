"""An OpenAI-compatible server around an engine, and its replicas on Ray Serve. Knows no widget and no command line."""

from dolly_widget.serving.asgi import application
from dolly_widget.serving.limits import KEY_VARIABLE, Access, Limits
from dolly_widget.serving.running import bound_socket, run

__all__ = ["KEY_VARIABLE", "Access", "Limits", "application", "bound_socket", "run"]
