"""What a server counts and measures, as Prometheus reads it. Knows no engine.

Source of the format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dolly_widget.engines import GenerationResult

_FIRST_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60)
_TOKEN_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Metrics:
    """The figures of one application, in a registry of their own: several may be in one process."""

    def __init__(
        self,
        running: Callable[[], float],
        waiting: Callable[[], float],
        unsent: Callable[[], float],
        cache: Callable[[], float],
    ) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "dolly_widget_requests", "Requests, by route and status.", ["route", "status"], registry=registry
        )
        for name, text, value in (
            ("running", "Answers that are written now.", running),
            ("waiting", "Answers that wait for their turn.", waiting),
            ("unsent", "Answers that are written: they are being scored, or sent.", unsent),
            ("cache_bytes", "Memory of the keys and values of all texts.", cache),
        ):
            Gauge(f"dolly_widget_{name}", text, registry=registry).set_function(value)
        self._prompt_tokens = Counter("dolly_widget_prompt_tokens", "Tokens of prompts, read.", registry=registry)
        self._new_tokens = Counter("dolly_widget_new_tokens", "Tokens of answers, written.", registry=registry)
        self._ttft = Histogram(
            "dolly_widget_time_to_first_token_seconds",
            "From the request to the first token, its wait included.",
            buckets=_FIRST_S,
            registry=registry,
        )
        self._tpot = Histogram(
            "dolly_widget_time_per_token_seconds",
            "Mean time of an answer's tokens after the first.",
            buckets=_TOKEN_S,
            registry=registry,
        )

    def answered(self, result: GenerationResult | None, ttft_s: float | None) -> None:
        """Count an answer that has ended."""
        if ttft_s is not None:
            self._ttft.observe(ttft_s)
        if result is not None:
            self._prompt_tokens.inc(result.prompt_tokens)
            self._new_tokens.inc(result.new_tokens)
            if not math.isnan(result.tpot_s):
                self._tpot.observe(result.tpot_s)

    def requested(self, route: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(route, str(status)).inc()

    def response(self) -> Response:
        """All figures."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


class Counting:
    """Counts what ``app`` answers. A path that is no route's is "other": anyone can make up paths."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 499  # the client left before there was an answer

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            self._metrics.requested(getattr(scope.get("endpoint"), "__name__", "other"), status)
