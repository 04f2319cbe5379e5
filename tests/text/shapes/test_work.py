"""A grammar that the library would read for long is refused, whatever it is made of; a usual one is not."""

import random
import re
import string

import pytest

from dolly_widget.text.shapes import shape_of


def texts(count, length):
    pick = random.Random(count)
    return ["".join(pick.choices(string.ascii_lowercase, k=length)) for _ in range(count)]


def object_of(count, schema, *, are_required=True):
    names = [f"f{place}" for place in range(count)]
    required = names if are_required else []
    return {"type": "object", "properties": dict.fromkeys(names, schema), "required": required}


def distinct(count):
    fields = {f"f{place}": {"type": "string", "maxLength": 200 - place} for place in range(count)}
    return {"type": "object", "properties": fields, "required": list(fields)}


@pytest.mark.parametrize(
    "answer",
    [
        re.compile(".{0,200}" * 100),
        re.compile(".{0,200}" * 10),
        re.compile("x.{0,199}y" * 10),
        re.compile(".{0,2}" * 50),
        re.compile(".?" * 200),
        re.compile("(.?){0,100}"),
        re.compile("(.*.*.*){0,60}"),
        re.compile("(.|..|...)" * 180),
        re.compile("(" * 3 + ".?" * 150 + ")?" * 3),
        texts(1000, 1000),
        {"enum": texts(1000, 180)},
        distinct(10),
        object_of(5, {"type": "string", "pattern": "^" + ".?" * 200 + "$"}),
        object_of(100, {"type": "string"}, are_required=False),
    ],
)
def test_too_much_work_is_refused_with_what_to_reduce(answer):
    with pytest.raises(ValueError, match=r"^This shape is too large .*: give fewer or shorter choices, smaller counts"):
        shape_of(answer)


@pytest.mark.parametrize(
    "answer",
    [
        re.compile(".{0,200}"),
        re.compile(r"(\d{1,3}\.){3}\d{1,3}"),
        re.compile("[a-z]{0,200}@[a-z.]{0,200}"),
        re.compile("a" * 2000),
        re.compile(".*, .*" * 50),
        texts(1000, 50),
        {"type": "array", "items": object_of(10, {"type": "string"}), "maxItems": 200},
        distinct(4),
        object_of(400, {"type": "string"}),
        object_of(40, {"type": "number"}, are_required=False),
        object_of(40, {"type": "number", "minimum": -273, "maximum": 9999}),
        object_of(40, {"type": "string", "format": "date"}),
        {"anyOf": [object_of(20, {"type": ["string", "null"]}), {"type": "integer", "minimum": -7, "maximum": 4096}]},
    ],
)
def test_usual_ones_are_taken(answer):
    assert shape_of(answer).grammar
