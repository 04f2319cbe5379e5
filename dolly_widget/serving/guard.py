"""Who gets in: the names that the server is called by, web pages, the key, and the size of a body. Knows no route."""

from __future__ import annotations

import hmac
import ipaddress
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dolly_widget.serving.failures import ApiError
from dolly_widget.serving.limits import Access, Limits

OPEN_ROUTES = ("/health",)
"""Those that want no key: whoever watches the server has none."""
_CORS = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Max-Age": "600"}
# Those that a page may send where it names none. Clients have more of their own, such as X-Stainless-Lang.
_HEADERS = "Authorization, Content-Type"
_MOST_HEADERS = 2000
_NAMES = re.compile(r"[\w-]+( ?, ?[\w-]+)*", re.ASCII)
_NO_WEBSOCKET = 1008
"""What a websocket is closed with before it opens, which a client sees as 403."""


class Guard:
    """Lets a request through to ``app``, or answers it: 403 for a foreign name or page, 401 without key, 413."""

    def __init__(self, app: ASGIApp, access: Access, limits: Limits) -> None:
        self._app, self._access, self._limits = app, access, limits
        self._hosts = frozenset(host.lower().rstrip(".") for host in access.hosts)
        self._origins = frozenset(origin.lower().rstrip("/") for origin in access.origins)
        self._takes_addresses = bool(self._hosts & {"0.0.0.0", "::", "[::]"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await let_no_websocket(self._app, scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            origin = self._checked_origin(headers)
            if origin:
                send = _allowing(origin, send)
            if origin and scope["method"] == "OPTIONS":
                await _preflight(headers)(scope, receive, send)
                return
            if scope["path"] not in OPEN_ROUTES:
                self._check_key(headers)
            self._check_length(headers)
        except ApiError as exc:
            await exc.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _checked_origin(self, headers: Headers) -> str:
        """The web page that may read the answer; "" where it is none, or the server's own."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._is_host(_name_of(hosts[0])):
            raise ApiError(403, "This server is not called by this name: use its address.", code="host_not_allowed")
        if not origins:
            return ""
        origin = origins[0].lower().rstrip("/")
        if len(origins) > 1 or not ("*" in self._origins or origin in self._origins or _is_own(origin, hosts[0])):
            raise ApiError(403, "This web page may not ask this server.", code="origin_not_allowed")
        return "" if _is_own(origin, hosts[0]) else origins[0]

    def _is_host(self, name: str) -> bool:
        return name in self._hosts or "*" in self._hosts or (self._takes_addresses and _is_address(name))

    def _check_key(self, headers: Headers) -> None:
        if self._access.key is None:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # In constant time, and as bytes, those that were sent: texts that are not ASCII cannot be compared so.
        is_right = hmac.compare_digest(given.strip().encode("latin-1"), self._access.key.encode())
        if not (is_right and scheme.lower() == "bearer"):
            raise ApiError(
                401,
                "This server needs a key: send it as Authorization: Bearer KEY.",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise ApiError(400, "Content-Length must be a number.")
        if len(length) > 15 or int(length) > self._limits.max_body_bytes:
            raise too_large(self._limits)


async def let_no_websocket(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a scope that is no request: "lifespan" is for ``app``, and anything else is closed."""
    if scope["type"] == "lifespan":
        await app(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": _NO_WEBSOCKET})


def too_large(limits: Limits) -> ApiError:
    """A body that has more bytes than the server reads."""
    return ApiError(413, f"A request may have {limits.max_body_bytes:,} bytes: send less.", code="request_too_large")


def _name_of(host: str) -> str:
    """A Host header without its port, in small letters."""
    name, colon, port = host.strip().lower().rpartition(":")
    is_port = bool(colon) and port.isdigit() and (":" not in name or name.endswith("]"))
    return (name if is_port else host.strip().lower()).rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _is_own(origin: str, host: str) -> bool:
    return origin in (f"http://{host.lower()}", f"https://{host.lower()}")


def _preflight(headers: Headers) -> Any:
    from starlette.responses import Response

    asked = headers.get("access-control-request-headers", "")
    is_list = len(asked) <= _MOST_HEADERS and _NAMES.fullmatch(asked)
    return Response(status_code=204, headers={**_CORS, "Access-Control-Allow-Headers": asked if is_list else _HEADERS})


def _allowing(origin: str, send: Send) -> Send:
    """``send``, with the headers that let a page read the answer."""

    async def allowing(message: Message) -> None:
        if message["type"] == "http.response.start":
            more = [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return allowing
