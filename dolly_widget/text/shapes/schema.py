"""A JSON schema becomes nodes: of the subset that decoding can be held to. What is outside is refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dolly_widget.text.json_text import parse_json
from dolly_widget.text.shapes.grammar import MOST_REPEATS
from dolly_widget.text.shapes.nodes import AnyOf, Date, Fields, Items, Matching, Node, Number, OneOf, Rules, Text, Whole
from dolly_widget.text.shapes.plain import LARGEST

_MOST_DEPTH, _MOST_NODES, _MOST_GRAMMAR = 16, 500, 200_000

# They say nothing of which values are valid.
_NOTES = frozenset(
    {
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("$schema", "$id", "$comment", "$defs", "definitions"),
    }
)
_KEYWORDS: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "number": frozenset({"minimum", "maximum"}),
    "boolean": frozenset(),
    "null": frozenset(),
}


def read_schema(schema: Mapping[str, Any]) -> Node:
    """The nodes of a JSON schema. Raises ValueError that names the first part that is not supported."""
    return _Schema(schema).node(schema, "$", 0, ())


def schema_grammar(node: Node) -> str:
    """The whole grammar of the JSON texts that are valid. Raises ValueError for one that is too large."""
    rules = Rules()
    grammar = rules.text(node.grammar(rules))
    if len(grammar) > _MOST_GRAMMAR:
        raise ValueError(f"The schema is too large: its grammar has {len(grammar):,} characters. Ask for less at once.")
    return grammar


class _Schema:
    """One that is read; ``$ref`` leads back to its top."""

    def __init__(self, top: Mapping[str, Any]) -> None:
        self._top, self._count = top, 0

    def node(self, schema: Any, path: str, depth: int, refs: tuple[str, ...]) -> Node:
        self._count += 1
        if depth > _MOST_DEPTH:
            raise ValueError(f"{_short(path)} is nested more than {_MOST_DEPTH} deep: ask for less at once.")
        if self._count > _MOST_NODES:
            raise ValueError(f"The schema has more than {_MOST_NODES} parts, of {_short(path)}: ask for less at once.")
        if not isinstance(schema, Mapping):
            raise ValueError(f"{path} must be an object that says a type, not {_short(repr(schema))}.")
        _check_names(schema, path)
        if "$ref" in schema:
            return self._referred(schema, path, depth, refs)
        for keyword in ("const", "enum"):
            if keyword in schema:
                return self._one_of(schema, keyword, path)
        if "anyOf" in schema:
            return self._any_of(schema, path, depth, refs)
        kind = schema.get("type")
        if isinstance(kind, list) and kind:
            single = [{**_about(schema, each), "type": each} for each in kind]
            self._refuse_unknown(schema, path, {"type"}.union(*(_KEYWORDS.get(str(each), ()) for each in kind)))
            return AnyOf(tuple(self.node(each, path, depth + 1, refs) for each in single))
        if not isinstance(kind, str) or kind not in _KEYWORDS:
            unknown = sorted(set(schema) - _NOTES - {"type"})
            if unknown and "type" not in schema:
                raise ValueError(f"{path} uses {unknown[0]!r} without a 'type' that is supported: {_supported()}.")
            raise ValueError(f"{path} has the type {_short(repr(kind))}: supported are {_supported()}.")
        self._refuse_unknown(schema, path, {"type", *_KEYWORDS[kind]})
        return self._of_type(kind, schema, path, depth, refs)

    def _of_type(self, kind: str, schema: Mapping[str, Any], path: str, depth: int, refs: tuple[str, ...]) -> Node:
        if kind == "object":
            return self._fields(schema, path, depth, refs)
        if kind == "array":
            return self._items(schema, path, depth, refs)
        if kind == "string":
            return self._text(schema, path)
        if kind == "integer":
            return Whole(*self._bounds(schema, path))
        if kind == "number":
            return Number(*self._bounds(schema, path))
        return OneOf((False, True)) if kind == "boolean" else OneOf((None,))

    def _refuse_unknown(self, schema: Mapping[str, Any], path: str, known: set[str]) -> None:
        if unknown := sorted(str(each) for each in set(schema) - known - _NOTES):
            raise ValueError(f"{path} uses {unknown[0]!r}, which an answer cannot be held to: leave it out.")

    def _referred(self, schema: Mapping[str, Any], path: str, depth: int, refs: tuple[str, ...]) -> Node:
        self._refuse_unknown(schema, path, {"$ref"})
        ref = schema["$ref"]
        if ref in refs:
            raise ValueError(f"{path} refers to {ref!r}, which it is a part of: such schemas have no end.")
        target: Any = self._top
        for key in str(ref).removeprefix("#/").split("/"):
            target = target.get(key) if isinstance(target, Mapping) else None
        if target is None or not str(ref).startswith("#/"):
            raise ValueError(f"{path} refers to {ref!r}, which is not in the schema.")
        return self.node(target, path, depth + 1, (*refs, ref))

    def _one_of(self, schema: Mapping[str, Any], keyword: str, path: str) -> Node:
        self._refuse_unknown(schema, path, {keyword, "type"})
        values = schema["enum"] if keyword == "enum" else [schema["const"]]
        if not isinstance(values, list | tuple) or not values or len(values) > 1_000:
            raise ValueError(f"{path} uses 'enum' without a list of 1 to 1,000 values.")
        for value in values:
            is_finite = not isinstance(value, float) or math.isfinite(value)
            if not (value is None or isinstance(value, str | int | float)) or not is_finite:
                raise ValueError(
                    f"{path} uses {keyword!r} with {_short(repr(value))}: texts and numbers are supported."
                )
            _check_characters(value, path)
            _check_type(value, schema, path)
        return OneOf(tuple(values))

    def _any_of(self, schema: Mapping[str, Any], path: str, depth: int, refs: tuple[str, ...]) -> Node:
        self._refuse_unknown(schema, path, {"anyOf"})
        ways = schema["anyOf"]
        if not isinstance(ways, list | tuple) or not ways:
            raise ValueError(f"{path} uses 'anyOf' without a list of schemas.")
        return AnyOf(tuple(self.node(each, f"{path}.anyOf[{i}]", depth + 1, refs) for i, each in enumerate(ways)))

    def _fields(self, schema: Mapping[str, Any], path: str, depth: int, refs: tuple[str, ...]) -> Node:
        fields, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(fields, Mapping) or not fields:
            raise ValueError(f"{path} is an object without 'properties': name its fields.")
        if schema.get("additionalProperties", False) not in (True, False):
            raise ValueError(
                f"{path} uses 'additionalProperties' with a schema, which an answer cannot be held to: name its fields."
            )
        if not isinstance(required, list | tuple) or not set(map(str, required)) <= set(fields):
            raise ValueError(f"{path} uses 'required' with a field that is not in 'properties'.")
        _check_names(fields, f"{path}.properties")
        for name in fields:
            _check_characters(name, path)
        nodes = {
            str(name): self.node(each, f"{path}.properties.{name}", depth + 1, refs) for name, each in fields.items()
        }
        return Fields(nodes, frozenset(map(str, required)))

    def _items(self, schema: Mapping[str, Any], path: str, depth: int, refs: tuple[str, ...]) -> Node:
        if "items" not in schema:
            raise ValueError(f"{path} is an array without 'items': say what it holds.")
        least, most = self._counts(schema, path, "minItems", "maxItems")
        for name, count in (("minItems", least), ("maxItems", most or 0)):
            if count > MOST_REPEATS:
                raise ValueError(f"{path} uses {name!r} with {count:,}: at most {MOST_REPEATS} are supported.")
        return Items(self.node(schema["items"], f"{path}.items", depth + 1, refs), least, most)

    def _text(self, schema: Mapping[str, Any], path: str) -> Node:
        given = sorted({"pattern", "format"} & set(schema))
        if given and len(set(schema) & _KEYWORDS["string"]) > 1:
            raise ValueError(f"{path} uses {given[0]!r} beside another limit: leave one of them out.")
        if "format" in schema:
            if schema["format"] != "date":
                raise ValueError(
                    f"{path} uses 'format' with {_short(repr(schema['format']))}: only 'date' is supported."
                )
            return Date()
        if "pattern" in schema:
            return self._matching(schema["pattern"], path)
        least, most = self._counts(schema, path, "minLength", "maxLength")
        for name, count in (("minLength", least), ("maxLength", most or 0)):
            if count > MOST_REPEATS:
                raise ValueError(f"{path} uses {name!r} with {count:,}: at most {MOST_REPEATS} are supported.")
        return Text(least, most)

    def _matching(self, pattern: Any, path: str) -> Node:
        if not isinstance(pattern, str) or not (pattern.startswith("^") and pattern.endswith("$")):
            raise ValueError(f"{path} uses 'pattern' that does not begin with ^ and end with $: add them.")
        node = Matching(pattern, f"{path} uses 'pattern', which")
        node.grammar(Rules())  # refused now, with its path
        return node

    def _counts(self, schema: Mapping[str, Any], path: str, least: str, most: str) -> tuple[int, int | None]:
        for name in (least, most):
            value = schema.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(f"{path} uses {name!r} with {_short(repr(value))}: give a whole number, 0 or more.")
        if most in schema and schema.get(least, 0) > schema[most]:
            raise ValueError(f"{path} uses {least!r} that is more than {most!r}: no value fits.")
        return schema.get(least, 0), schema.get(most)

    def _bounds(self, schema: Mapping[str, Any], path: str) -> tuple[int, int]:
        found = {}
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            value = schema.get(name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or value != _whole(value):
                raise ValueError(f"{path} uses {name!r} with {_short(repr(value))}: only whole numbers are supported.")
            if abs(value) > LARGEST:
                raise ValueError(f"{path} uses {name!r} beyond {LARGEST:,}: choose one within it.")
            found[name] = int(value)
        least = max(found.get("minimum", -LARGEST), found.get("exclusiveMinimum", -LARGEST - 1) + 1)
        most = min(found.get("maximum", LARGEST), found.get("exclusiveMaximum", LARGEST + 1) - 1)
        if least > most:
            raise ValueError(f"{path} uses a minimum that is more than its maximum: no value fits.")
        return least, most


def _check_names(schema: Mapping[Any, Any], path: str) -> None:
    others = [each for each in schema if not isinstance(each, str)]
    if others:
        raise ValueError(f"{path} has the name {_short(repr(others[0]))}, which is no text: names of JSON are texts.")


def _check_type(value: Any, schema: Mapping[str, Any], path: str) -> None:
    """Raise ValueError for a value that the ``type`` beside it excludes."""
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list | tuple) or not all(isinstance(each, str) and each in _KEYWORDS for each in kinds):
        raise ValueError(f"{path} has the type {_short(repr(schema['type']))}: supported are {_supported()}.")
    if "type" in schema and not {_type_of(value), _wider_type_of(value)} & set(kinds):
        raise ValueError(
            f"{path} has the value {_short(repr(value))}, which is not of its type {' or '.join(kinds)}: "
            "correct one of them."
        )


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "integer" if value == int(value) else "number"


def _wider_type_of(value: Any) -> str:
    kind = _type_of(value)
    return "number" if kind == "integer" else kind


def _check_characters(value: Any, path: str) -> None:
    if isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value):
        raise ValueError(f"{path} has a text with half a character, which nothing can write: {_short(ascii(value))}.")


def _whole(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None


def _about(schema: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    """What a schema of several types says of one of them."""
    return {name: schema[name] for name in _KEYWORDS.get(str(kind), ()) if name in schema}


def _supported() -> str:
    return ", ".join(_KEYWORDS)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def read_json(text: str, node: Node) -> Any:
    """The value of a JSON text. Raises ValueError where it is none, or not of this kind."""
    try:
        value = parse_json(text)
    except ValueError as exc:
        raise ValueError(f"it is no JSON ({exc})") from exc
    node.check(value, "$")
    return value
