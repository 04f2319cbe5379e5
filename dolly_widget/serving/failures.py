"""What a client is told that went wrong, in OpenAI's form. Knows no engine.

Source: https://platform.openai.com/docs/guides/error-codes, and the error objects of its API.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from dolly_widget.errors import EngineError, ModelError, PromptTooLongError
from dolly_widget.text import encodable

log = logging.getLogger("dolly_widget.serving")

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "server_error",
}
_INTERNAL = "The server failed to answer: its log says why."


class ApiError(Exception):
    """A request that gets no answer. ``message`` is one sentence that says what to do."""

    def __init__(
        self,
        status: int,
        message: str,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        # It may quote the client, whose JSON may hold half a character.
        self.status, self.message, self.param, self.code = status, encodable(message), param, code
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that a client gets."""
        kind = _TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The response that says so."""
        return JSONResponse(self.body, self.status, self.headers)


def refused(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A mistake of the client's in the field ``param``."""
    return ApiError(400, message, param, code)


def too_long(prompt_tokens: int, new_tokens: int, longest: int) -> ApiError:
    """A prompt that does not fit into the model, in OpenAI's words, which clients look for."""
    return refused(
        f"This model's maximum context length is {longest} tokens. However, you requested {prompt_tokens + new_tokens} "
        f"tokens ({prompt_tokens} in the prompt, {new_tokens} in the completion): shorten the prompt, or ask for fewer "
        "new tokens.",
        "max_tokens" if prompt_tokens < longest else "prompt",
        "context_length_exceeded",
    )


@contextlib.contextmanager
def as_refusals() -> Iterator[None]:
    """Around checks and engines, whose ValueError and TypeError are mistakes of the client's: raised as ApiError."""
    try:
        yield
    except (ModelError, PromptTooLongError):
        raise
    except (ValueError, TypeError) as exc:
        raise refused(str(exc)) from exc


def failure_of(exc: BaseException) -> ApiError:
    """What a client is told of an error that came while its request was served. What is no mistake of its is logged.

    A ValueError is none, unless ``as_refusals`` was around it.
    """
    if isinstance(exc, ApiError):
        return exc
    if isinstance(exc, PromptTooLongError):
        return too_long(exc.prompt_tokens, exc.max_new_tokens, exc.prompt_tokens + exc.largest_max_new_tokens)
    if isinstance(exc, EngineError):
        log.error("The engine failed: %s", exc)
    else:
        log.error("A request failed.", exc_info=exc)
    return ApiError(500, _INTERNAL, code="internal_error")


async def on_api_error(request: Request, exc: Exception) -> JSONResponse:
    """The response to a request that was refused."""
    return failure_of(exc).response()


async def on_http_error(request: Request, exc: Exception) -> JSONResponse:
    """The response where there is no such route, or no such method."""
    assert isinstance(exc, HTTPException)
    if exc.status_code == 404:
        return ApiError(404, f"There is nothing at {request.url.path[:200]}.", code="not_found").response()
    if exc.status_code == 405:
        allowed = (exc.headers or {}).get("Allow", "")
        message = f"{request.method[:20]} is not for {request.url.path[:200]}: use {allowed}."
        return ApiError(405, message, code="method_not_allowed", headers=exc.headers).response()
    return ApiError(exc.status_code, str(exc.detail), headers=exc.headers).response()


async def on_bug(request: Request, exc: Exception) -> JSONResponse:
    """The response to a request that met a bug; the framework logs it."""
    return ApiError(500, _INTERNAL, code="internal_error").response()
