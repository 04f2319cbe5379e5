"""The JSON object that a request brings, read field by field. Knows no route.

What is wrong is said with the field's name, and what it must be. Fields that nobody asks for are left unread.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request

from dolly_widget.serving.failures import ApiError, refused
from dolly_widget.serving.guard import too_large
from dolly_widget.serving.limits import Limits
from dolly_widget.text import parse_json


class Gone(Exception):
    """The client has left: nobody reads an answer."""


async def read_body(request: Request, limits: Limits) -> Body:
    """The object. Raises ApiError: 415 for another type, 413 for too many bytes, 408 too late, 400 for no JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "Send JSON, with the header Content-Type: application/json.", code="unsupported_media_type")
    try:
        content = await asyncio.wait_for(_bytes_of(request, limits), limits.body_s)
    except asyncio.TimeoutError:
        headers = {"Connection": "close"}
        raise ApiError(408, "The request did not arrive in time: send it again.", headers=headers) from None
    except ClientDisconnect:
        raise Gone from None
    try:
        value = parse_json(content, parse_constant=_no_constant)
    except (ValueError, UnicodeDecodeError) as exc:
        raise refused(f"The request is no JSON: {str(exc)[:200]}") from None
    if not isinstance(value, dict):
        raise refused('The request must be a JSON object, such as {"prompt": "Hello"}.')
    return Body(value)


async def _bytes_of(request: Request, limits: Limits) -> bytes:
    content = bytearray()
    async for block in request.stream():
        content += block
        if len(content) > limits.max_body_bytes:
            raise too_large(limits)
    return bytes(content)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON.")


class Body:
    """A JSON object. ``null`` counts as a field that is not there. ``place`` is what comes before a field's name."""

    def __init__(self, fields: Mapping[str, Any], place: str = "") -> None:
        self._fields, self._place = fields, place

    def get(self, name: str) -> Any:
        """The value of a field as it is; None where there is none."""
        return self._fields.get(name)

    def wrong(self, name: str, must: str) -> ApiError:
        """The error of a field that ``must`` be otherwise: "a text"."""
        where = f"{self._place}{name}"
        return refused(f"{where} must be {must}, not {_shown(self.get(name))}.", where)

    def flag(self, name: str, default: bool = False) -> bool:
        """Whether a field is true."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return default if value is None else value

    def text(self, name: str) -> str | None:
        """A text."""
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, "a text")
        return value

    def whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number from ``low`` to ``high``, both included."""
        value = self.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is not None and (type(value) is not int or not low <= value <= high):
            raise self.wrong(name, f"a whole number, {low} to {high}")
        return value

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and abs(value) < 1e300 and math.isfinite(value)):
            raise self.wrong(name, "a number")
        return None if value is None else float(value)

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A text, or a list of at most ``most``; none of them is empty."""
        value = self.get(name)
        given = [value] if isinstance(value, str) else [] if value is None else value
        if not isinstance(given, list) or len(given) > most or not all(isinstance(x, str) and x for x in given):
            raise self.wrong(name, f"a text, or a list of at most {most} of them, none of them empty")
        return tuple(given)

    def ids(self, name: str, vocab_size: int, most: int) -> tuple[int, ...]:
        """A list of at most ``most`` tokens of a vocabulary."""
        value = self.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(name, f"a list of at most {most:,} token ids")
        return checked_ids(value, vocab_size, f"{self._place}{name}")

    def part(self, name: str) -> Body | None:
        """An object inside this one."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name, "an object")
        return Body(value, f"{self._place}{name}.")

    def refuse(self, *names: str) -> None:
        """Raise ApiError for one of the fields that says something: an answer that left it out would be wrong."""
        for name in names:
            if self.get(name) not in (None, [], {}, "", 0, False):
                raise refused(f"{self._place}{name} is not supported by this server: leave it out.", name)


def checked_ids(ids: list[Any], vocab_size: int, param: str) -> tuple[int, ...]:
    """Ids of a vocabulary. Raises ApiError for anything else."""
    for token_id in ids:
        if type(token_id) is not int or not 0 <= token_id < vocab_size:
            shown = _shown(token_id)
            raise refused(f"{param} must hold token ids, 0 to {vocab_size - 1}, but {shown} is none.", param)
    return tuple(ids)


def _shown(value: Any) -> str:
    """A value of JSON as a client wrote it, in short."""
    words = {True: "true", False: "false"}
    text = words[value] if isinstance(value, bool) else "null" if value is None else repr(value)[:60]
    return text if len(text) < 60 else f"{text}…"
