"""Runs an application on uvicorn, until a signal: the first lets running answers end, the second ends at once."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from dolly_widget.serving.connection import connection_class, is_sending
from dolly_widget.serving.limits import Access, Limits, in_url, is_loopback
from dolly_widget.serving.service import Service

_uvicorn = logging.getLogger("uvicorn.error")
_MAX_HEAD_BYTES = 32 << 10
_IDLE_S = 30
_CLOSING_S = 5
# For those whose answers are cut off, to be told so.
_SAYING_S = 1
# Beside those with an answer: idle ones, watchers, and those who are told that there is no room.
_MORE_CONNECTIONS = 1000
# The model's and the libraries', and of connections that are on their way out.
_OTHER_FILES = 128


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket at an address, port 0 for any that is free. Raises OSError, one sentence, where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    try:
        if os.name == "posix":  # a port that was in use a moment ago counts as free
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host.strip("[]"), port))
    except (OSError, OverflowError) as exc:
        bound.close()
        reason = getattr(exc, "strerror", None) or str(exc)
        raise OSError(f"Port {port} of {host} cannot be used ({reason}): choose another one.") from exc
    return bound


def run(
    app: Starlette,
    listening: socket.socket,
    *,
    on_up: Callable[[str], None] = lambda url: None,
    stop: threading.Event | None = None,
) -> bool:
    """Serve until Ctrl+C, SIGTERM or ``stop``; return whether all running answers ended by themselves.

    From the first signal on, requests are refused with 503, ``/health`` says "draining", and what runs may end within
    ``Limits.drain_s``; the second one ends it at once. ``on_up`` is called with the server's URL when it answers.
    Raises ValueError for a socket that other machines can reach, and no key. Closes the socket, not the engine.
    """
    service: Service = app.state.service
    access: Access = app.state.access
    host, port = listening.getsockname()[:2]
    if not (is_loopback(host) or access.key):
        Access.at(host)  # raises
    url = f"http://{in_url(host)}:{port}"
    server = _Server(_config(app, service.limits), service, lambda: on_up(url), stop or threading.Event())
    with listening:
        try:
            asyncio.run(server.serve(sockets=[listening]))
        finally:
            service.close()
    return not server.was_cut_short


def _config(app: Starlette, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=connection_class(limits),
        ws="none",
        lifespan="off",  # ``run`` closes what is to be closed, however it ends
        log_config=None,
        access_log=False,  # which would name who asked
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        limit_concurrency=_most_connections(limits),
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_CLOSING_S,
    )


def _most_connections(limits: Limits) -> int:
    """Those beyond are told that there is no room, for which they need a file of this process, too."""
    wanted = limits.max_running + limits.max_waiting + _MORE_CONNECTIONS
    try:
        import resource  # not on Windows, where nothing is to be bounded
    except ImportError:
        return wanted
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if most == resource.RLIM_INFINITY else min(wanted, max(most // 2, most - _OTHER_FILES))


class _Server(uvicorn.Server):
    """uvicorn's, which would close the door before the last answer has ended: nobody could be told why."""

    def __init__(
        self, config: uvicorn.Config, service: Service, on_up: Callable[[], None], stop: threading.Event
    ) -> None:
        super().__init__(config)
        self._service, self._on_up, self._stop = service, on_up, stop
        self._signals, self._deadline_s = 0, 0.0
        self._end_s = 0.0
        self.was_cut_short = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_up()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals == 1:
            self._deadline_s = time.monotonic() + self._service.limits.drain_s
            self._service.line.is_draining = True
        else:
            self.force_exit = True
            _uvicorn.disabled = True  # of each answer that is cut off, it would show a traceback

    async def on_tick(self, counter: int) -> bool:
        if self._stop.is_set() and not self._signals:
            self.handle_exit(0, None)
        if not self._signals:
            return await super().on_tick(counter)
        if self._service.line.is_empty and not any(map(is_sending, self.server_state.connections)):
            return True
        now_s = time.monotonic()
        if not self.was_cut_short and (self._signals > 1 or now_s >= self._deadline_s):
            self.was_cut_short, self._end_s = True, now_s + _SAYING_S
            self._service.stop_all()
        return self.was_cut_short and now_s >= self._end_s
