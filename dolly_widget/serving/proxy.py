"""Who gets past Ray's proxy, which has routes of its own, and keeps what a request brings until a replica takes it.

Ray calls ``guards`` in each proxy where ``RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH`` names it. The replicas check all
of it once more: they do without.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from dolly_widget.serving.guard import Guard
from dolly_widget.serving.limits import Access, Limits
from dolly_widget.serving.replica import KEY
from dolly_widget.text import parse_json

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ACCESS = "DOLLY_WIDGET_PROXY"
"""The environment variable with what is no secret: a JSON object with "hosts", "origins" and "max_body_bytes"."""


def guards() -> list[Any]:
    """The middleware of a proxy."""
    from starlette.middleware import Middleware

    said = parse_json(os.environ.get(ACCESS, "{}"))
    limits = Limits(max_body_bytes=said["max_body_bytes"]) if "max_body_bytes" in said else Limits()
    names = {name: tuple(said[name]) for name in ("hosts", "origins") if name in said}
    access = Access(os.environ.get(KEY, "").strip() or None, **names)
    # The last one is the first that a request meets.
    return [Middleware(Passage, limits=limits), Middleware(Guard, access=access, limits=limits)]


class Passage:
    """Hands a request on that was let in: no more of its body than makes a replica refuse it, and not its ``Origin``.

    A replica would name that page in its answer, as the proxy does, and browsers refuse an answer that names it twice.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"origin"]
            scope, receive = {**scope, "headers": headers}, self._bounded(receive)
        await self._app(scope, receive, send)

    def _bounded(self, receive: Receive) -> Receive:
        read = 0

        async def bounded() -> Message:
            nonlocal read
            if read > self._limits.max_body_bytes:
                await asyncio.Event().wait()  # until the replica has said so, which ends this
            message = await receive()
            read += len(message.get("body", b""))
            return message

        return bounded
