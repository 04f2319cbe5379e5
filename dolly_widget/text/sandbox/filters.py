"""The filters that a template may use: jinja's, without those that make large values and that no chat needs."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import filters as jinja
from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import escape

from dolly_widget.text.sandbox import traced
from dolly_widget.text.sandbox.bounds import BoundsError, budget
from dolly_widget.text.sandbox.formats import percent
from dolly_widget.text.sandbox.traced import changed, concat, escaped, plain, some_writer, text_of, written_by

_WIDEST = 100


def _require_narrow(width: Any) -> None:
    if (abs(width) if isinstance(width, int) else len(width or "")) > _WIDEST:
        raise BoundsError("makes too large a value")


def _recased(name: str) -> Callable[[Any], str]:
    """jinja's filter of this name, which writes each letter anew."""
    return lambda value: changed(text_of(value), lambda text: str(jinja.FILTERS[name](text)))


def _trim(value: Any, chars: str | None = None) -> str:
    return traced.strip(text_of(value), chars)


def _replace(value: Any, old: Any, new: Any, count: int | None = None) -> str:
    return traced.replace(text_of(value), text_of(old), text_of(new), -1 if count is None else count)


@pass_context
def _join(context: Context, values: Iterable[Any], d: Any = "", attribute: str | int | None = None) -> str:
    if attribute is not None:
        values = map(jinja.make_attrgetter(context.environment, attribute), values)
    return traced.join(text_of(d), map(text_of, values))


def _indent(value: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    _require_narrow(width)
    margin = width if isinstance(width, str) else " " * width
    lines = traced.splitlines(concat((text_of(value), "\n")))
    shown = [concat((margin, line)) if blank or line else line for line in lines[1:]]
    return concat((margin if first else "", traced.join("\n", [*lines[:1], *shown])))


def _round(value: Any, precision: int = 0, method: Any = "common") -> Any:
    _require_narrow(precision)
    return jinja.do_round(value, precision, method)


def _sum(values: Iterable[Any], start: Any = 0) -> Any:
    numbers = list(values)
    if not all(isinstance(number, (int, float)) for number in [*numbers, start]):
        raise TypeError("sum is for numbers")
    return sum(numbers, start)


def _format(value: Any, *args: Any, **kwargs: Any) -> str:
    return percent(text_of(value), kwargs or args)


def _escape(value: Any) -> str:
    return escaped(text_of(value), lambda text: plain(escape(text)))


def _to_json(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    # Source: transformers 5.5, utils/chat_template_utils.py: jinja's own escapes HTML.
    for width in (indent, *(separators or ())):
        _require_narrow(width)

    def dumps(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    if isinstance(value, str):
        return concat(('"', escaped(value, lambda text: dumps(text)[1:-1]), '"'))
    return written_by(dumps(value), some_writer(value))


_AS_THEY_ARE = (
    *("abs", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length", "list"),
    *("map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "unique"),
)
"""Those that give numbers, or values that were there."""
_OURS: dict[str, Callable[..., Any]] = {
    **{name: _recased(name) for name in ("capitalize", "lower", "title", "upper")},
    "e": _escape,
    "escape": _escape,
    "format": _format,
    "indent": _indent,
    "join": _join,
    "replace": _replace,
    "round": _round,
    "safe": text_of,  # nothing is escaped
    "string": text_of,
    "sum": _sum,
    "tojson": _to_json,
    "trim": _trim,
}


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)  # with what jinja noted on it
    def counted(*args: Any, **kwargs: Any) -> Any:
        return budget().made(function(*args, **kwargs), *args, *kwargs.values())

    return counted


def each(values: Any) -> Any:
    """What a loop goes through, counted."""
    return budget().each(values)


FILTERS = {name: _counted(function) for name, function in _OURS.items()} | {
    name: _counted(jinja.FILTERS[name]) for name in _AS_THEY_ARE
}
