"""An exchange as the plain values of JSON, and back. What comes back is untrusted: each value's type is checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from dolly_widget.engines import FINISH_REASONS, EngineSetup, GenerationResult
from dolly_widget.history.exchange import Exchange, as_label
from dolly_widget.sampling import SamplingParams, recorded
from dolly_widget.text import ChatTemplate, Prompt, PromptTemplate, Segment, ServerTemplate, Turn

_T = TypeVar("_T")
_TEMPLATES = {kind.__name__: kind for kind in (PromptTemplate, ChatTemplate, ServerTemplate)}


def is_plain_template(template: object) -> bool:
    """Whether ``template`` is nothing but its fields, so that JSON can hold it: not an object of your own."""
    return type(template) in _TEMPLATES.values()


def to_data(exchange: Exchange, after: int | None = None) -> dict[str, Any]:
    """All of an exchange but ``model_dir``, which means nothing elsewhere. NaN, which JSON has not, becomes None.

    ``after`` is the place of the exchange that it goes on from: the turns up to there need no second telling.
    """
    return {
        "instruction": exchange.instruction,
        "context": exchange.context,
        "system": exchange.system,
        "params": _fields_of(exchange.params),
        "result": _fields_of(exchange.result),
        "prompt": {
            "segments": [list(segment) for segment in exchange.prompt],
            "adds_special_tokens": exchange.prompt.adds_special_tokens,
        },
        "setup": None if exchange.setup is None else _fields_of(exchange.setup),
        "template_name": exchange.template_name,
        "model_title": exchange.model_title,
        "instead_of": exchange.instead_of,
        "left_out": exchange.left_out,
        "answered_at": exchange.time_text or None,
        "label": exchange.label,
        "turns": [list(turn) for turn in exchange.turns] if after is None else {"after": after},
    }


def _fields_of(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.compare}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, PromptTemplate):
        return {"kind": type(value).__name__, **_fields_of(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)  # a WeightFormat


def from_data(data: Any, read_turns: Callable[[Any], tuple[Turn, ...]]) -> Exchange:
    """The exchange of ``to_data``. Raises ValueError, TypeError or KeyError, with a reason, for anything else."""
    params = recorded(_values(SamplingParams, data["params"]))  # as they were, whatever is in the range today
    result = replace(_read(GenerationResult, data["result"]), is_greedy=params.is_greedy)  # older files do not say it
    _check_result(result)
    return Exchange(
        _text(data["instruction"]),
        _text(data["context"]),
        params,
        result,
        _prompt(data["prompt"]),
        setup=None if data["setup"] is None else _read(EngineSetup, data["setup"]),
        template_name=_text(data["template_name"]),
        turns=read_turns(data["turns"]),
        model_title=_text(data.get("model_title", "")),
        instead_of=_text(data.get("instead_of", "")),
        left_out=_left_out(data.get("left_out", 0)),
        system=_text(data.get("system", "")),
        answered_at=_or_none(_time)(data.get("answered_at")),
        label=as_label(_text(data.get("label", ""))),
    )


def _read(kind: type[_T], data: dict[str, Any]) -> _T:
    return kind(**_values(kind, data))


def _values(kind: type[Any], data: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.compare and (field.name in _mapping(data) or field.default is MISSING):
            values[field.name] = _READERS[str(field.type)](data[field.name])
    return values


def _left_out(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("left_out is not a number of turns")
    return value


def _time(value: Any) -> datetime:
    time = datetime.fromisoformat(re.sub("Z$", "+00:00", _text(value)))  # Python 3.10 knows no Z
    if time.tzinfo is None:
        raise ValueError("answered_at has no time zone")
    return time.astimezone(timezone.utc)


def _check_result(result: GenerationResult) -> None:
    if result.finish_reason not in FINISH_REASONS:
        raise ValueError(f"finish_reason is {result.finish_reason!r}")
    if not 0 <= result.prefix_tokens <= len(result.token_ids):
        raise ValueError(f"prefix_tokens is {result.prefix_tokens}")


def _prompt(data: Any) -> Prompt:
    segments = [Segment(_text(text), _truth(is_template)) for text, is_template in _listed(data["segments"])]
    return Prompt(segments, _truth(data["adds_special_tokens"]))


def _of(kind: type[_T]) -> Callable[[Any], _T]:
    def check(value: Any) -> _T:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"{str(value)[:40]!r} is not of type {kind.__name__}")
        return value

    return check


_text, _whole, _truth, _listed, _mapping = _of(str), _of(int), _of(bool), _of(list), _of(dict)


def _number(value: Any) -> float:
    """A number, or NaN for None."""
    number = math.nan if value is None else float(value if isinstance(value, float) else _whole(value))
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _or_none(read: Callable[[Any], _T]) -> Callable[[Any], _T | None]:
    return lambda value: None if value is None else read(value)


def _each(read: Callable[[Any], _T]) -> Callable[[Any], tuple[_T, ...]]:
    return lambda value: tuple(map(read, _listed(value)))


def _pair(read: Callable[[Any], _T]) -> Callable[[Any], tuple[str, _T]]:
    def check(value: Any) -> tuple[str, _T]:
        name, content = _listed(value)
        return _text(name), read(content)

    return check


def _property(value: Any) -> Any:
    """A value of ``ov_config``."""
    if isinstance(value, float):
        return _number(value)
    return value if value is None or isinstance(value, bool | int) else _text(value)


def _template(data: Any) -> PromptTemplate:
    return _read(_TEMPLATES[_text(_mapping(data)["kind"])], data)


# By the annotation of a field.
_READERS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "int": _whole,
    "bool": _truth,
    "float": _number,
    "str | None": _or_none(_text),
    "int | None": _or_none(_whole),
    "tuple[str, ...]": _each(_text),
    "tuple[int, ...]": _each(_whole),
    "tuple[tuple[str, str], ...]": _each(_pair(_text)),
    "tuple[tuple[str, Any], ...]": _each(_pair(_property)),
    "PromptTemplate | None": _or_none(_template),
    "WeightFormat": _text,  # EngineSetup makes one of it, or refuses
}
