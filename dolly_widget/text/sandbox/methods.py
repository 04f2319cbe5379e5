"""The methods that a template may call: those of texts, lists and dictionaries that make nothing large."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from dolly_widget.text.sandbox import traced
from dolly_widget.text.sandbox.bounds import budget
from dolly_widget.text.sandbox.formats import format_text
from dolly_widget.text.sandbox.traced import changed, plain, some_writer, written_by


class Method:
    """A function, or a method with what it belongs to, that a template may call."""

    def __init__(self, function: Callable[..., Any], *bound: Any) -> None:
        self._function, self._bound = function, bound

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self._function(*self._bound, *args, **kwargs)


def _recased(name: str) -> Callable[[str], str]:
    return partial(_recase, name)


def _recase(name: str, text: str) -> str:
    return changed(text, getattr(str, name))


def _padded(name: str) -> Callable[..., str]:
    def pad(text: str, width: int, *fill: str) -> str:
        budget().allow(width)
        return written_by(getattr(str, name)(plain(text), width, *fill), some_writer([text, *fill]))

    return pad


def _join(separator: str, parts: Iterable[Any]) -> str:
    parts = list(parts)
    for index, part in enumerate(parts):
        if not isinstance(part, str):
            raise TypeError(f"sequence item {index}: expected str instance, {type(part).__name__} found")
    return traced.join(separator, parts)


_TEXT: dict[str, Callable[..., Any]] = {
    **{name: getattr(str, name) for name in ("startswith", "endswith", "count", "find", "rfind", "index", "rindex")},
    **{name: getattr(str, name) for name in dir(str) if name.startswith("is")},
    **{name: _recased(name) for name in ("lower", "upper", "title", "capitalize", "swapcase", "casefold")},
    **{name: _padded(name) for name in ("ljust", "rjust", "center", "zfill")},
    "strip": traced.strip,
    "lstrip": traced.lstrip,
    "rstrip": traced.rstrip,
    "split": traced.split,
    "rsplit": traced.rsplit,
    "splitlines": traced.splitlines,
    "partition": traced.partition,
    "rpartition": traced.rpartition,
    "replace": traced.replace,
    "removeprefix": traced.removeprefix,
    "removesuffix": traced.removesuffix,
    "join": _join,
    "format": format_text,
}
_SEQUENCE: dict[str, Callable[..., Any]] = {
    "index": lambda values, *args: values.index(*args),
    "count": lambda values, value: values.count(value),
}
_MAPPING: dict[str, Callable[..., Any]] = {
    "get": lambda mapping, *args: mapping.get(*args),
    "keys": lambda mapping: list(mapping.keys()),
    "values": lambda mapping: list(mapping.values()),
    "items": lambda mapping: list(mapping.items()),
    "copy": lambda mapping: dict(mapping),
}
METHODS: dict[type, dict[str, Callable[..., Any]]] = {str: _TEXT, list: _SEQUENCE, tuple: _SEQUENCE, dict: _MAPPING}


def methods_of(value: Any) -> dict[str, Callable[..., Any]] | None:
    """The methods of a value that a template may call, by name; None for a value of no such type."""
    return next((methods for kind, methods in METHODS.items() if isinstance(value, kind)), None)
