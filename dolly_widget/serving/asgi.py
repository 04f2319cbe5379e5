"""The ASGI application around one engine: its routes, and what stands before them. Knows no server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dolly_widget.engines import Engine
from dolly_widget.errors import EngineError
from dolly_widget.serving.body import Gone
from dolly_widget.serving.chat import chat_completions
from dolly_widget.serving.completions import completions
from dolly_widget.serving.failures import ApiError, on_api_error, on_bug, on_http_error
from dolly_widget.serving.guard import Guard
from dolly_widget.serving.limits import Access, Limits
from dolly_widget.serving.metrics import Counting
from dolly_widget.serving.model_routes import model, model_file, models
from dolly_widget.serving.service import Service

_LIMITS, _ACCESS = Limits(), Access()


def application(engine: Engine, *, name: str, limits: Limits = _LIMITS, access: Access = _ACCESS) -> Starlette:
    """An application that speaks the OpenAI API for ``engine``, called ``name``. The engine stays the caller's.

    ``app.state.service`` is what its routes share. Raises ValueError for an engine whose model is not on this machine.
    """
    service = Service(engine, name, limits)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        service.close()

    app = Starlette(
        routes=[
            Route("/health", health),
            Route("/metrics", metrics),
            Route("/v1/models", models),
            Route("/v1/models/{model:path}/files/{file}", model_file),
            Route("/v1/models/{model:path}", model),
            Route("/v1/completions", completions, methods=["POST"]),
            Route("/v1/chat/completions", chat_completions, methods=["POST"]),
        ],
        middleware=[
            Middleware(Counting, metrics=service.metrics),
            Middleware(Guard, access=access, limits=limits),
        ],
        exception_handlers={
            ApiError: on_api_error,
            HTTPException: on_http_error,
            Gone: on_gone,
            ValueError: on_api_error,
            EngineError: on_api_error,
            Exception: on_bug,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.service, app.state.access = service, access
    return app


async def health(request: Request) -> Response:
    """Whether the server takes requests: 200 "ok", 503 "draining"."""
    line = request.app.state.service.line
    status = "draining" if line.is_draining else "ok"
    return JSONResponse({"status": status}, 503 if line.is_draining else 200)


async def metrics(request: Request) -> Response:
    """The figures of this server."""
    response: Response = request.app.state.service.metrics.response()
    return response


async def on_gone(request: Request, exc: Exception) -> Response:
    """Nobody reads this."""
    return Response(status_code=400)
