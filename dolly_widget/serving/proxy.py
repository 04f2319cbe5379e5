"""What stands in Ray's proxy before the replicas: who gets in, and another try where a replica went away.

Ray calls ``guards`` in each proxy where ``RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH`` names it. The replicas check once
more who gets in: they do without. The proxy has routes of its own besides, and takes in what a replica has yet to take.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from dolly_widget.serving.failures import ApiError
from dolly_widget.serving.guard import Guard, let_no_websocket
from dolly_widget.serving.limits import KEY_VARIABLE, RETRY_S, Access, Limits
from dolly_widget.text import parse_json

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ACCESS = "DOLLY_WIDGET_PROXY"
"""The environment variable with what is no secret: a JSON object with "hosts", "origins" and "max_body_bytes"."""
_TRIES = 3


def guards() -> list[Any]:
    """The middleware of a proxy."""
    from starlette.middleware import Middleware

    said = parse_json(os.environ.get(ACCESS, "{}"))
    limits = Limits(max_body_bytes=said["max_body_bytes"]) if "max_body_bytes" in said else Limits()
    names = {name: tuple(said[name]) for name in ("hosts", "origins") if name in said}
    access = Access(os.environ.get(KEY_VARIABLE, "").strip() or None, **names)
    # The last one is the first that a request meets.
    return [Middleware(Passage, limits=limits), Middleware(Guard, access=access, limits=limits)]


class Passage:
    """Hands a request that was let in to a replica, and to another one where that ended before its answer began.

    ``Origin`` stays here: a replica would name that page in its answer, as the proxy does, and browsers refuse an
    answer that names it twice.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await let_no_websocket(self._app, scope, receive, send)
            return
        body, answer = _Body(receive, self._limits.max_body_bytes), _Answer(send)
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"origin"]
        for _ in range(_TRIES):
            await self._app({**scope, "headers": list(headers)}, body.again(), answer.send)
            # Ray says nothing where a replica is killed, and leaves it to the server to send a bare 500.
            if answer.has_begun or body.is_abandoned:
                return
        message = "The replica that was asked has ended: ask again."
        error = ApiError(503, message, code="replica_ended", headers={"Retry-After": str(RETRY_S)})
        await error.response()(scope, receive, send)


class _Body:
    """What a request brings, kept for another try; no more of it than makes a replica refuse it."""

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self._receive, self._most_bytes = receive, most_bytes
        self._kept: list[Message] = []
        self._bytes = 0
        self.is_abandoned = False
        """Whether the client has left."""

    def again(self) -> Receive:
        """An ASGI ``receive`` that begins at the beginning."""
        kept = list(self._kept)

        async def receive() -> Message:
            if kept:
                return kept.pop(0)
            if self._bytes > self._most_bytes:
                await asyncio.Event().wait()  # until the replica has said so, which ends this
            message = await self._receive()
            self.is_abandoned = message["type"] == "http.disconnect"
            self._bytes += len(message.get("body", b""))
            self._kept.append(message)
            return message

        return receive


class _Answer:
    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def send(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)
