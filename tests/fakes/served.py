"""An engine behind our own server, on a thread: for tests of what asks one."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn

from dolly_widget.serving import Limits, application


class Served:
    """A server that runs: ``url`` is where its API begins."""

    def __init__(self, engine, name="demo", *, limits=None):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.host}/v1"
        app = application(engine, name=name, limits=limits or Limits())
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def close(self):
        """End it, and what it answers."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(30)
        self._socket.close()


@contextlib.contextmanager
def served(engine, name="demo", *, limits=None) -> Iterator[Served]:
    """Serve ``engine`` within it."""
    server = Served(engine, name, limits=limits)
    try:
        yield server
    finally:
        server.close()
