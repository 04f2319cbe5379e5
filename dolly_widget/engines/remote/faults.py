"""What goes wrong between here and a server, in one sentence each. Asks nothing.

What a server says is its own: it may be long, hold what cannot be seen, or echo the key. See ``said``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dolly_widget.engines.remote.address import host_of
from dolly_widget.engines.remote.exchange import Head
from dolly_widget.engines.remote.keys import FILE_VARIABLE, VARIABLE
from dolly_widget.engines.remote.lost import LostError
from dolly_widget.engines.remote.passwords import has_user
from dolly_widget.errors import EngineError, ModelError, PromptTooLongError
from dolly_widget.text import parse_json, visible_name

_LONGEST = 300
_LONGEST_NAME = 100
_MOST_NAMES = 8
_MAX_WAIT_S = 86_400
_PATH = "check the address, in which the path /v1 may be missing"


class Refusal(NamedTuple):
    """An answer that is none."""

    status: int
    """Of HTTP; 200 where an error came in the midst of an answer."""
    says: str
    """What the server says, as ``said`` leaves it; "" where it says nothing."""
    value: Any = None
    """The same as it was sent, where it is JSON."""
    is_page: bool = False
    """Whether it is a web page."""
    location: str = ""
    """The host that it sends us to."""
    retry_after_s: float | None = None

    @property
    def passes(self) -> bool:
        """Whether another server, or the same a little later, may answer."""
        return self.status in (429, 502, 503, 504)


class RefusedError(Exception):
    """A refusal on its way to whoever knows what was asked."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.says)


def read_refusal(head: Head, body: bytes, mask: Any) -> Refusal:
    """The refusal that an answer is. ``mask`` takes secrets out of a text."""
    text = mask(body.decode("utf-8", "replace").strip())
    value: Any = None
    is_page = "html" in head.content_type.lower() or text[:200].lower().lstrip().startswith(("<!doctype", "<html"))
    if not is_page:
        try:
            value = without_secrets(parse_json(text), mask)
        except ValueError:
            value = text
    says = said(value, mask)
    return Refusal(head.status, says, value, is_page, _host_in(head.location, mask), _seconds(head.retry_after))


def without_secrets(value: Any, mask: Any) -> Any:
    """The value, or its words alone where a secret is in it, however it was escaped."""
    spelled = json.dumps(value, ensure_ascii=False)
    return value if mask(spelled) == spelled else said(value, mask)


def said(value: Any, mask: Any) -> str:
    """The words of an error, in whichever form: one line that can be seen, bounded, without a full stop."""
    words = mask(_words(value))[: 10 * _LONGEST]
    line = mask(visible_name(" ".join(words.split()))).strip(" .")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()}…"


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        found = next((value[name] for name in ("error", "detail", "message", "msg") if value.get(name)), "")
        where = value.get("loc")
        place = ".".join(map(str, where[:5])) if isinstance(where, list) else ""
        return f"{place}: {_words(found)}" if place else _words(found)
    if isinstance(value, list):
        return "; ".join(filter(None, map(_words, value[:5])))
    return ""


def lost(host: str, error: LostError) -> EngineError:
    """The error of a server that gave no answer."""
    if error.is_slow:
        return EngineError(f"{host} {error.why}: it may be overloaded, or hang; try again, or ask another server.")
    return EngineError(f"{host} {error.why}: {error.advice or 'try again, or look at its log'}.")


def refused(root: str, refusal: Refusal, *, model: str = "", models: Sequence[str] = (), asked: str = "") -> Exception:
    """The error of a server that refuses, at ``root``. ``models`` are the names that it has; ``asked`` is the path."""
    host = host_of(root)
    status, why = refusal.status, f" ({refusal.says})" if refusal.says else ""
    if 300 <= status < 400:
        where = f"to {refusal.location}" if refusal.location else "elsewhere"
        return EngineError(
            f"{host} redirects {where}, which is not followed, since a key would go there: give that address if you "
            "trust it."
        )
    if refusal.is_page:
        return not_a_server(host)
    if status in (401, 403) and has_user(root):
        return EngineError(
            f"{host} does not let this user in{why}: give the right name and password in the address, as in "
            "http://user:password@host/v1."
        )
    if status == 401:
        return EngineError(f"{host} does not take the key{why}: set {VARIABLE}, or {FILE_VARIABLE}, to the right one.")
    if status == 403:
        return EngineError(f"{host} does not let this key ask{why}: use one that may, or ask its operator.")
    if status == 404 and model and (not asked or "model" in refusal.says.lower()):
        return unknown_model(host, model, models)
    if status == 404 and asked.endswith("/completions") and not asked.endswith("/chat/completions"):
        return EngineError(
            f"{host} has no {asked}{why}: pass template=SERVER_TEMPLATE where it answers chats alone, or {_PATH}."
        )
    if status == 404:
        return EngineError(f"{host} has no {asked or 'such address'}{why}: {_PATH}.")
    if status == 413:
        return ValueError(f"{host} does not take a text of this length{why}: shorten it.")
    if status in (400, 422) and asked.endswith("/chat/completions") and "chat template" in refusal.says.lower():
        return ValueError(f"{host} has no chat template for this model: pass one, such as template=DOLLY.")
    if status in (400, 422):
        return too_long(refusal) or ValueError(f"{host} refuses the question{why or ' without a reason'}: change it.")
    if status == 429:
        when = "in a while" if refusal.retry_after_s is None else f"in {refusal.retry_after_s:.0f} s"
        return EngineError(f"{host} is busy{why}: try again {when}.")
    if status in (502, 503, 504):
        return EngineError(f"{host} is not ready, or has no room{why}: try again in a minute.")
    return EngineError(f"{host} failed with error {status}{why}: try again, or look at its log.")


def not_a_server(host: str) -> EngineError:
    """The error of a web page, or of anything else that no such server answers."""
    return EngineError(f"{host} is no OpenAI-compatible server: {_PATH}.")


def unknown_model(host: str, model: str, models: Sequence[str]) -> ModelError:
    """The error of a model that a server does not have."""
    names = [short_name(name) for name in models if name != model]
    if model in models:  # as it was listed before
        there = f"load it there again, or choose from {_listed(names)}" if names else "load it there again"
        return ModelError(f"{host} no longer has the model {short_name(model)!r}: {there}.")
    there = f"choose from {_listed(names)}" if names else "look up its name there"
    return ModelError(f"{host} has no model {short_name(model)!r}: {there}.")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")


def short_name(name: str) -> str:
    """A name of a server's, fit to be shown."""
    shown = visible_name(name)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:_LONGEST_NAME]}…"


def too_long(refusal: Refusal) -> Exception | None:
    """The error of a prompt that is too long, if that is why; with both numbers where the server names them."""
    error = refusal.value.get("error") if isinstance(refusal.value, Mapping) else None
    if isinstance(error, Mapping) and _is_count(error.get("n_prompt_tokens")) and _is_count(error.get("n_ctx")):
        return PromptTooLongError(error["n_prompt_tokens"], 1, error["n_ctx"])  # llama.cpp
    if not re.search(r"context (length|size|window)|too long|maximum (model )?length", refusal.says, re.IGNORECASE):
        return None
    limit = re.search(r"(?:maximum context length|context (?:size|window|length))\D{0,20}([\d,]{1,12})", refusal.says)
    if limit and (found := _asked_for(refusal.says)):
        prompt, new = found
        longest = int(limit[1].replace(",", ""))
        if prompt + new > longest > 0:
            return PromptTooLongError(prompt, new, longest)
    return ValueError(f"The text is too long for this model ({refusal.says}): shorten it, or allow fewer new tokens.")


def _asked_for(says: str) -> tuple[int, int] | None:
    """The tokens of the prompt and those that may follow, as vLLM and OpenAI write them."""
    apart = re.search(r"([\d,]{1,12}) (?:tokens )?in (?:the|your) (?:messages|prompt|input)", says)
    new = re.search(
        r"([\d,]{1,12}) (?:tokens )?(?:in|for) the (?:completion|output)|requested ([\d,]{1,12}) output", says
    )
    passed = re.search(r"(?:prompt contains|passed|has) (?:at least )?([\d,]{1,12}) (?:input )?tokens", says)
    prompt = apart or passed
    if prompt is None:
        return None
    follows = next(filter(None, new.groups()), "1") if new else "1"
    return int(prompt[1].replace(",", "")), int(follows.replace(",", ""))


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**31


def _host_in(location: str, mask: Any) -> str:
    if "://" not in location and not location.startswith("//"):
        return ""
    host = location.partition("//")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    return short_name(mask(host))


def _seconds(retry_after: str) -> float | None:
    try:
        seconds = float(retry_after)
    except ValueError:  # none, or a date
        return None
    return seconds if 0 <= seconds <= _MAX_WAIT_S else None
