"""What one replica is: an engine, the server around it, and whether it is well. Knows no Ray."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

from dolly_widget.engines import load_engine
from dolly_widget.errors import EngineError
from dolly_widget.sampling import SamplingParams
from dolly_widget.serving.limits import KEY_VARIABLE, Access, is_loopback
from dolly_widget.serving.replica_settings import ReplicaSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from dolly_widget.engines.engine import Engine

_CHECK_S = 30.0
_ONE_TOKEN = SamplingParams(max_new_tokens=1, temperature=0)


def make_replica(settings: ReplicaSettings, threads: int) -> ReplicaServer:
    """Load the engine with so many threads, and put the server around it. Raises what ``load_engine`` raises."""
    from dolly_widget.serving.asgi import application

    # No argument: Ray keeps those, and shows them.
    key = os.environ.get(KEY_VARIABLE, "").strip() or None
    engine = load_engine(settings.setup.with_threads(threads))
    access = Access(key, settings.hosts, settings.origins)
    served = application(engine, name=settings.model_name, limits=settings.limits, access=access)
    replica = ReplicaServer(served, engine, is_locked=key is not None)
    replica.check()  # reads the weights, before anybody waits for them
    return replica


class ReplicaServer:
    """An ASGI application around ``served`` that knows whether its engine is well.

    Without a key, it answers this machine alone: it does not choose the address on which Ray listens.
    """

    def __init__(self, served: ASGIApp, engine: Engine, *, is_locked: bool) -> None:
        self._served, self._engine, self._is_locked = served, engine, is_locked
        self._ongoing, self._checked_at = 0, -math.inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._served(scope, receive, send)
            return
        if not (self._is_locked or _is_this_machine(scope.get("server"))):
            await _refuse(scope, receive, send)
            return
        self._ongoing += 1
        try:
            await self._served(scope, receive, send)
        finally:
            self._ongoing -= 1

    def check(self) -> None:
        """Raise EngineError where the engine cannot write a token.

        Asks it every half minute, and not while it is at work: its answers come to their end, or their readers leave.
        """
        if self._ongoing == 0 and time.monotonic() - self._checked_at > _CHECK_S:
            result = self._engine.generate(self._engine.template.render("Hello"), _ONE_TOKEN)
            if result.finish_reason == "cancelled":
                raise EngineError("This replica's engine is closed.")
            self._checked_at = time.monotonic()


def _is_this_machine(server: object) -> bool:
    """Whether the address at which a request came in is one that only this machine reaches."""
    return isinstance(server, list | tuple) and bool(server) and is_loopback(str(server[0]))


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    from dolly_widget.serving.failures import ApiError

    message = (
        f"This server has no key, and answers its own machine alone: set {KEY_VARIABLE} where Ray's processes start."
    )
    await ApiError(403, message, code="key_required").response()(scope, receive, send)
