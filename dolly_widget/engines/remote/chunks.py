"""What a server sends of an answer, read into small values. Everything in it may be missing, or of another type.

Knows the forms of completions and of chat completions, streamed or whole; of token ids, those of vLLM
(``token_ids``, "token_id:7") and of llama.cpp (``logprobs.content[].id``).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dolly_widget.text import parse_json

_TOKEN = "token_id:"
_MAX_ID = 2**31


@dataclass(frozen=True)
class Chunk:
    """A piece of an answer."""

    text: str = ""
    reasoning: str = ""
    """What the server has told apart as the model's thinking."""
    token_ids: tuple[int, ...] | None = None
    """The new tokens; None where the server does not say."""
    token_bytes: bytes | None = None
    """What they are spelled with, where llama.cpp says it."""
    prompt_ids: tuple[int, ...] | None = None
    """The prompt's tokens; in one chunk, if at all."""
    finish_reason: str = ""
    """As the server calls it; "" before the end."""
    prompt_tokens: int | None = None
    new_tokens: int | None = None
    """All tokens of the answer, as the server counts them; at the end, if at all."""
    error: Any = None
    """What a server says in the place of an answer; None where nothing is wrong."""

    @property
    def is_content(self) -> bool:
        """Whether it is some of the answer: not only its role, a count, or a sign of life."""
        return bool(self.text or self.reasoning or self.token_ids)


def read_event(data: str) -> Iterator[Chunk | None]:
    """The chunks of an event's data; None stands for ``[DONE]``. Raises ValueError for what is no JSON.

    Usually there is one. A server that forgets the blank lines sends several in an event.
    """
    try:
        yield _read_line(data.strip())
        return
    except ValueError:
        lines = [line.strip() for line in data.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
    yield from map(_read_line, lines)


def _read_line(text: str) -> Chunk | None:
    return None if text == "[DONE]" else read_chunk(parse_json(text))


def read_chunk(value: Any) -> Chunk:
    """A chunk, or a whole answer, out of its JSON."""
    if not isinstance(value, Mapping):
        return Chunk(error=value)
    choices = value.get("choices")
    if not isinstance(choices, list):
        error = next((value[name] for name in ("error", "detail") if value.get(name)), None)
        return Chunk(error=value if error is None and "usage" not in value else error)
    usage = _mapping(value.get("usage"))
    choice = _mapping(choices[0] if choices else None)
    message = _mapping(choice.get("delta") or choice.get("message"))
    ids, spelled = _ids(choice)
    return Chunk(
        text=_text(choice.get("text")) or _content(message.get("content")),
        reasoning=_text(message.get("reasoning_content")) or _text(message.get("reasoning")),
        token_ids=ids,
        token_bytes=spelled,
        prompt_ids=_id_list(choice.get("prompt_token_ids")) or _id_list(value.get("prompt_token_ids")),
        finish_reason=_text(choice.get("finish_reason")),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        new_tokens=_count(usage.get("completion_tokens")),
        error=value.get("error") or None,
    )


def likeliest(value: Any) -> list[dict[int, float]]:
    """Of a whole completion: for each token that logprobs are given of, those of the likeliest tokens at its place.

    Raises ValueError where they are not given with ids.
    """
    choices = value.get("choices") if isinstance(value, Mapping) else None
    logprobs = _mapping(_mapping(choices[0] if isinstance(choices, list) and choices else None).get("logprobs"))
    if isinstance(content := logprobs.get("content"), list):
        return [_by_id(_mapping(each).get("top_logprobs")) for each in content]
    if isinstance(places := logprobs.get("top_logprobs"), list):
        return [_by_name(each) for each in places]
    raise ValueError("it gives no logprobs")


def _by_id(entries: Any) -> dict[int, float]:
    found = {}
    for entry in map(_mapping, entries if isinstance(entries, list) else ()):
        token_id = entry.get("id") if "id" in entry else _named_id(entry.get("token"))
        if token_id is None or not _is_id(token_id) or not _is_logprob(entry.get("logprob")):
            raise ValueError("it gives logprobs without ids")
        found[int(token_id)] = float(entry["logprob"])
    return found


def _by_name(place: Any) -> dict[int, float]:
    found = {}
    for name, logprob in _mapping(place).items():  # None, in front of the first token
        token_id = _named_id(name)
        if token_id is None or not _is_logprob(logprob):
            raise ValueError("it gives logprobs without ids")
        found[token_id] = float(logprob)
    return found


def _is_logprob(value: Any) -> bool:
    # vLLM writes -9999 in the place of minus infinity. A whole number may be none that a float can hold.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and (value == -math.inf or -sys.float_info.max <= value < 0.001)


def _ids(choice: Mapping[str, Any]) -> tuple[tuple[int, ...] | None, bytes | None]:
    logprobs = _mapping(choice.get("logprobs"))
    if (ids := _id_list(choice.get("token_ids"))) is not None:
        return ids, None
    if isinstance(content := logprobs.get("content"), list) and content:
        entries = [_mapping(each) for each in content]
        ids = _id_list([entry["id"] if "id" in entry else _named_id(entry.get("token")) for entry in entries])
        return ids, _joined_bytes(entries)
    if isinstance(tokens := logprobs.get("tokens"), list) and tokens:
        return _id_list(list(map(_named_id, tokens))), None
    return None, None


def _joined_bytes(entries: Sequence[Mapping[str, Any]]) -> bytes | None:
    try:
        return b"".join(bytes(entry["bytes"]) for entry in entries if isinstance(entry["bytes"], list))
    except (KeyError, TypeError, ValueError):
        return None


def _named_id(name: Any) -> int | None:
    digits = name.removeprefix(_TOKEN) if isinstance(name, str) and name.startswith(_TOKEN) else ""
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 12 else None


def _id_list(value: Any) -> tuple[int, ...] | None:
    return tuple(value) if isinstance(value, list) and all(map(_is_id, value)) else None


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MAX_ID


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < _MAX_ID else None


def _content(value: Any) -> str:
    """A message's text, or the texts of its parts."""
    parts = value if isinstance(value, list) else ()
    return _text(value) or "".join(_text(_mapping(part).get("text")) for part in parts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
