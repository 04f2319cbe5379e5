"""The subset of JSON schema that decoding is held to; whatever is outside is named, with its path."""

import re

import pytest

from dolly_widget.text.shapes import shape_of
from dolly_widget.text.shapes.schema import read_json, read_schema


def an_object(**fields):
    return {"type": "object", "properties": fields}


def nested(depth):
    schema = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({}, "$ has the type None"),
        ({"type": "object"}, "$ is an object without 'properties'"),
        (an_object(x={"oneOf": []}), "$.properties.x uses 'oneOf'"),
        (an_object(x={"type": "integer", "multipleOf": 3}), "$.properties.x uses 'multipleOf'"),
        ({"type": "array"}, "$ is an array without 'items'"),
        ({"type": "array", "items": an_object(x={"type": "tuple"})}, "$.items.properties.x has the type 'tuple'"),
        ({"type": "array", "items": {"type": "null"}, "uniqueItems": True}, "$ uses 'uniqueItems'"),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 500}, "$ uses 'maxItems' with 500"),
        ({"type": "array", "items": {"type": "null"}, "minItems": 3, "maxItems": 2}, "no value fits"),
        ({"type": "string", "maxLength": 5000}, "$ uses 'maxLength' with 5,000"),
        ({"type": "string", "minLength": -1}, "$ uses 'minLength' with -1"),
        ({"type": "string", "format": "email"}, "$ uses 'format' with 'email'"),
        ({"type": "string", "pattern": "a"}, "does not begin with ^"),
        ({"type": "string", "pattern": "^(?=a)$"}, "$ uses 'pattern', which looks ahead"),
        ({"type": "string", "pattern": '^"$'}, "$ uses 'pattern', which asks for a character"),
        ({"type": "string", "pattern": "^a$", "maxLength": 3}, "beside another limit"),
        ({"type": "number", "minimum": 0.5}, "$ uses 'minimum' with 0.5"),
        ({"type": "number", "exclusiveMinimum": 0}, "$ uses 'exclusiveMinimum'"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "no value fits"),
        ({"type": "integer", "minimum": 10**20}, "$ uses 'minimum' beyond"),
        ({"enum": []}, "$ uses 'enum' without a list"),
        ({"enum": [[1]]}, "$ uses 'enum' with [1]"),
        ({"const": float("nan")}, "$ uses 'const' with nan"),
        ({"const": "\ud800"}, "half a character"),
        ({1: 2, "x": 3}, "$ has the name 1, which is no text"),
        ({"type": "object", "properties": {1: {"type": "null"}, "x": {"type": "null"}}}, "$.properties has the name 1"),
        ({"type": "integer", "enum": ["a"]}, "$ has the value 'a', which is not of its type integer: correct one"),
        ({"type": "integer", "enum": [1, True]}, "$ has the value True"),
        (
            {"type": ["string", "null"], "enum": ["a", None, 1.5]},
            "$ has the value 1.5, which is not of its type string",
        ),
        ({"type": "object", "const": "a"}, "$ has the value 'a'"),
        ({"type": "tuple", "const": "a"}, "$ has the type 'tuple'"),
        ({"type": None, "const": "a"}, "$ has the type None"),
        ({"anyOf": []}, "$ uses 'anyOf' without"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "array", "items": {"$ref": "#/$defs/A"}}}}, "have no end"),
        ({"$ref": "http://example.com"}, "which is not in the schema"),
        ({**an_object(x={"type": "null"}), "additionalProperties": {"type": "null"}}, "'additionalProperties' with a"),
        ({**an_object(x={"type": "null"}), "required": ["y"]}, "'required' with a field"),
        ({"type": "array", "items": 3}, "$.items must be an object"),
        (nested(17), "nested more than 16 deep"),
        (an_object(**{f"f{n}": {"type": "null"} for n in range(600)}), "more than 500 parts"),
    ],
)
def test_what_is_not_supported_is_named_with_its_path(schema, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        shape_of(schema)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer", "minimum": -3, "exclusiveMaximum": 12}, ["-3", "11"], ["12", "-4", "1.5", "true", '"1"']),
        ({"type": "number", "maximum": 2}, ["2", "-1.5"], ["2.5", "true"]),
        ({"type": "string", "minLength": 1, "maxLength": 2}, ['"a"', '"ab"'], ['""', '"abc"', "1"]),
        ({"type": ["boolean", "null"]}, ["true", "null"], ["0", '"null"']),
        ({"type": "number", "enum": [1, 2.5]}, ["1", "2.5"], ["2"]),
        ({"type": ["integer", "null"], "enum": [1, None]}, ["1", "null"], ["2"]),
        ({"type": "boolean", "const": True}, ["true"], ["1"]),
        ({"enum": [1, "a"]}, ["1", '"a"'], ["true", "1.0", '"b"']),
        ({"type": "array", "items": {"type": "null"}, "minItems": 1, "maxItems": 2}, ["[null]"], ["[]", "[1]"]),
        (
            {**an_object(a={"type": "null"}), "required": ["a"]},
            ['{"a": null}'],
            ["{}", '{"a": 1}', '{"a": null, "b": 1}'],
        ),
        ({"type": "string", "format": "date"}, ['"2024-02-29"'], ['"2023-02-29"', '"x"']),
    ],
)
def test_a_value_is_checked_against_all_that_is_supported(schema, good, bad):
    node = read_schema(schema)
    for text in good:
        read_json(text, node)
    for text in [*bad, "", "{", "[" * 10_000]:
        with pytest.raises(ValueError, match=r"^\$|^it is no JSON|isoformat|month"):
            read_json(text, node)
