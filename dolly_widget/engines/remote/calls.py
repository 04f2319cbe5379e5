"""Calls of a server's API: an address, a key and a JSON text go there; an answer, or a refusal, comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from dolly_widget.engines.remote.exchange import Exchange, Head, Request
from dolly_widget.engines.remote.faults import Refusal, RefusedError, read_refusal
from dolly_widget.engines.remote.keys import Secret, secret_for
from dolly_widget.engines.remote.lost import LostError
from dolly_widget.text import encodable, parse_json

MAX_JSON_BYTES = 64 << 20
"""Of an answer that is one JSON text: the 20 likeliest tokens at 32,768 places."""
_MAX_REFUSAL_BYTES = 1 << 16
_SHORT_S = 30.0
"""For what no model has to be run."""


class Call:
    """A call that was answered with success: what follows the head can be read."""

    def __init__(self, exchange: Exchange, head: Head, secret: Secret) -> None:
        self._exchange, self.head, self.mask = exchange, head, secret.mask

    def parts(self, *, every_part_counts: bool = True) -> Iterator[bytes]:
        """The bytes of the answer, as they come. Raises LostError, StoppedError. See ``Exchange.parts``."""
        return self._exchange.parts(every_part_counts=every_part_counts)

    def progressed(self) -> None:
        """See ``Exchange``."""
        self._exchange.progressed()

    def hurry(self, seconds: float) -> None:
        """See ``Exchange``."""
        self._exchange.hurry(seconds)

    def json(self, max_bytes: int = MAX_JSON_BYTES) -> Any:
        """The answer as one JSON text. Raises RefusedError for anything else, LostError, StoppedError."""
        body = self._exchange.read(max_bytes)
        try:
            return parse_json(body)
        except ValueError:
            raise RefusedError(Refusal(self.head.status, "", is_page=True)) from None


@contextmanager
def call(
    root: str,
    path: str,
    fields: Mapping[str, Any] | None = None,
    *,
    gives_up: Callable[[], bool] = lambda: False,
    is_short: bool = False,
    first_s: float | None = None,
) -> Iterator[Call]:
    """Ask ``root`` for ``path``, by POST where there are ``fields``; the end of the block leaves the connection.

    ``first_s`` bounds the wait for the beginning, where it is not the usual time.

    Raises RefusedError for another status than 200, LostError, StoppedError; ValueError or OSError for a key that
    cannot be used.
    """
    secret = secret_for(root)
    headers = {"Accept": "text/event-stream, application/json", "User-Agent": "dolly-widget"}
    if secret.header:
        headers["Authorization"] = secret.header
    body = b""
    if fields is not None:
        headers["Content-Type"] = "application/json"
        body = _to_json(fields)
    request = Request("GET" if fields is None else "POST", f"{_without_user(root)}{path}", headers, body)
    with Exchange(request, gives_up, first_s=_SHORT_S if is_short else first_s) as exchange:
        head = exchange.head()
        if head.status != 200:
            raise RefusedError(read_refusal(head, _rest(exchange), secret.mask))
        yield Call(exchange, head, secret)


def get_json(root: str, path: str, gives_up: Callable[[], bool], max_bytes: int = MAX_JSON_BYTES) -> tuple[Any, Head]:
    """What a server says at ``path``, and the head of that. Raises what ``call`` and ``Call.json`` raise."""
    with call(root, path, gives_up=gives_up, is_short=True) as answer:
        return answer.json(max_bytes), answer.head


def get_bytes(root: str, path: str, gives_up: Callable[[], bool], max_bytes: int) -> bytes:
    """A file. Raises what ``call`` raises."""
    with call(root, path, gives_up=gives_up, is_short=True) as answer:
        whole = bytearray()
        for part in answer.parts():
            whole += part
            if len(whole) > max_bytes:
                raise LostError(f"sent a file of more than {max_bytes >> 20} MB")
        return bytes(whole)


def _rest(exchange: Exchange) -> bytes:
    """The beginning of what a server says of its refusal."""
    whole = bytearray()
    exchange.hurry(_SHORT_S)  # what has come by then will do
    for part in exchange.parts():
        whole += part
        if len(whole) >= _MAX_REFUSAL_BYTES:
            break
    return bytes(whole[:_MAX_REFUSAL_BYTES])


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _to_json(fields: Mapping[str, Any]) -> bytes:
    # In ASCII: a lone surrogate would be no UTF-8, and some servers read no other.
    return json.dumps(_encodable(fields), allow_nan=False).encode("ascii")


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Mapping):
        return {str(name): _encodable(each) for name, each in value.items()}
    if isinstance(value, list | tuple) and value and not isinstance(value[0], int):
        return [_encodable(each) for each in value]
    return list(value) if isinstance(value, tuple) else value
