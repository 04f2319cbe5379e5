"""Serving to a browser on this machine: the port, the browser, and a server that runs until Ctrl+C.

Knows nothing about what is served.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.cli.command import CommandError

if TYPE_CHECKING:
    import subprocess

HOST = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser, usual_port: int) -> None:
    """Add ``--no-browser`` and ``--port``."""
    parser.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    parser.add_argument(
        "--port", type=int, metavar="N", help=f"port to serve on; 0 picks any free one (default: {usual_port} if free)"
    )


def choose_port(requested: int | None, usual_port: int) -> int:
    """A free port: ``requested``, or the usual one if it is free, or any."""
    if requested is not None and not 0 <= requested <= 65535:
        raise CommandError(f"--port must be 0 to 65535, not {requested}.")
    for port in (usual_port, 0) if requested is None else (requested,):
        with contextlib.suppress(OSError):
            return _bindable(port)
    raise CommandError(
        f"Port {requested} cannot be used, perhaps because another server uses it: choose another one, or 0."
    )


def _bindable(port: int) -> int:
    import socket

    with socket.socket() as probe:
        if os.name == "posix":  # as the server itself does: a port that was in use a moment ago counts as free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        return int(probe.getsockname()[1])


def has_browser() -> bool:
    """Whether there is a browser that would open in a window of its own."""
    import webbrowser

    # Without a display, what is found would be a text browser that takes over the terminal.
    if sys.platform == "linux" and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def serve(
    command: list[str], folder: Path, environment: Mapping[str, str], port: int, on_up: Callable[[], None]
) -> int:
    """Run a server in ``folder`` until it ends, or Ctrl+C or SIGTERM end it; ``on_up`` is called when it answers.

    ``environment`` is added to this process's own. A token goes that way: everyone on the machine can read a command
    line.
    """
    import subprocess

    with _sigterm_as_interrupt():
        server = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment})
        try:
            if is_up(server, port):
                on_up()
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()  # Its own Ctrl+C may have reached it too; asking twice does no harm.
            server.wait()
            return 0


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, so that it does not leave the server behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def is_up(server: subprocess.Popen[Any], port: int) -> bool:
    """Wait until the server takes connections; False if it ended instead."""
    import socket
    import subprocess

    while server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    return False
