"""Any JSON object, as the shape of an answer: what ``response_format`` calls "json_object". Knows no engine."""

from __future__ import annotations

from typing import Any

from dolly_widget.text import parse_json
from dolly_widget.text.shapes.shape import Shape

# A little white space between things, as models write it, and no more: one that may go on need never end.
_GRAMMAR = r"""
root ::= object
object ::= "{" space (pair ("," space pair)*)? "}"
pair ::= text ":" space value space
array ::= "[" space (value space ("," space value space)*)? "]"
value ::= object | array | text | number | "true" | "false" | "null"
number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [+-]? [0-9]+)?
text ::= "\"" character* "\""
character ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F])
space ::= (" " | "\n" [ ]*)?
"""


def _parse(text: str) -> Any:
    value = parse_json(text)
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


ANY_OBJECT = Shape(_parse, _GRAMMAR.strip(), source="json_object", is_json=True)
"""A JSON object with any fields."""
