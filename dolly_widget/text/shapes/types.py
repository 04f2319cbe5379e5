"""Python types become a JSON schema, and the JSON that is read becomes a value of the type."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Make = Callable[[Any], Any]
"""From JSON that is valid against the schema to the value."""
_MOST_DEPTH = 16


class Typed(NamedTuple):
    """A type, as a schema and a function."""

    schema: Mapping[str, Any]
    make: Make


_PLAIN: Mapping[Any, Typed] = {
    bool: Typed({"type": "boolean"}, bool),
    int: Typed({"type": "integer"}, int),
    float: Typed({"type": "number"}, float),
    str: Typed({"type": "string"}, str),
    datetime.date: Typed({"type": "string", "format": "date"}, datetime.date.fromisoformat),
    type(None): Typed({"type": "null"}, lambda value: None),
}


def is_record(kind: Any) -> bool:
    """Whether this is a class of named fields: a dataclass, or a TypedDict."""
    return isinstance(kind, type) and (dataclasses.is_dataclass(kind) or typing.is_typeddict(kind))


def typed(kind: Any, where: str = "", depth: int = 0) -> Typed:
    """A type that may stand within an answer. Raises ValueError, naming where it stands, for any other."""
    where = where or getattr(kind, "__name__", str(kind))
    if depth > _MOST_DEPTH:
        raise ValueError(f"{where[:60]} is nested more than {_MOST_DEPTH} deep, or in itself: ask for less at once.")
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _optional(kind, arguments, where, depth)
    if origin is list and arguments:
        item = typed(arguments[0], f"{where}[…]", depth + 1)
        return Typed({"type": "array", "items": item.schema}, lambda value: [item.make(each) for each in value])
    if origin is typing.Literal:
        return Typed({"enum": list(arguments)}, lambda value: value)
    if origin is typing.Annotated:
        return typed(arguments[0], where, depth)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return Typed({"enum": [each.value for each in kind]}, kind)
    if is_record(kind):
        return _record(kind, where, depth)
    raise ValueError(
        f"{where} has the type {getattr(kind, '__name__', kind)}, which is not supported: use str, int, float, bool, "
        "date, Literal, an Enum, a list of one of them, a dataclass, or one of them or None."
    )


def _optional(kind: Any, arguments: tuple[Any, ...], where: str, depth: int) -> Typed:
    others = [each for each in arguments if each is not type(None)]
    if len(others) != 1:
        raise ValueError(f"{where} has the type {kind}, which is not supported: use one type, or one type or None.")
    inner = typed(others[0], where, depth + 1)
    schema = {"anyOf": [inner.schema, {"type": "null"}]}
    return Typed(schema, lambda value: None if value is None else inner.make(value))


def _record(kind: Any, where: str, depth: int) -> Typed:
    try:
        hints = typing.get_type_hints(kind)
    except (NameError, TypeError) as exc:
        raise ValueError(f"{where} has a field whose type cannot be found: {exc}.") from exc
    if dataclasses.is_dataclass(kind):
        hints = {each.name: hints[each.name] for each in dataclasses.fields(kind) if each.init}
    if not hints:
        raise ValueError(f"{where} has no fields: give it some.")
    fields = {name: typed(hint, f"{where}.{name}", depth + 1) for name, hint in hints.items()}
    schema = {
        "type": "object",
        "properties": {name: field.schema for name, field in fields.items()},
        "required": list(fields),
    }
    return Typed(schema, lambda value: kind(**{name: field.make(value[name]) for name, field in fields.items()}))
