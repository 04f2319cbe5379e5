"""What can be asked for with ``answer=``, what its texts mean, and what is refused by name."""

import datetime
import enum
import re
from dataclasses import dataclass
from typing import Literal, Optional, TypedDict, Union

import pytest

from dolly_widget.text.shapes import shape_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


@dataclass
class Item:
    name: str
    count: int


@dataclass
class Order:
    items: list[Item]
    colour: Colour
    due: datetime.date
    note: Optional[str]  # noqa: UP045  # as people write it, too
    express: bool
    kind: Literal["new", "used"]
    price: float | None


class Place(TypedDict):
    town: str
    people: int


@dataclass
class Chain:
    next: "Chain | None"


@pytest.mark.parametrize(
    ("answer", "choices"),
    [
        (["yes", "no"], {"yes": "yes", "no": "no"}),
        (("no", "none", "n"), {"no": "no", "none": "none", "n": "n"}),
        ([1, 2.5, "x"], {"1": 1, "2.5": 2.5, "x": "x"}),
        ([True, False], {"yes": True, "no": False}),
        (bool, {"yes": True, "no": False}),
        (Literal["a", "b"], {"a": "a", "b": "b"}),
        (Colour, {"red": Colour.RED, "blue": Colour.BLUE}),
        ([Colour.BLUE], {"blue": Colour.BLUE}),
        (Size, {"SMALL": Size.SMALL, "LARGE": Size.LARGE}),
    ],
)
def test_choices_are_texts_with_values_in_their_order(answer, choices):
    shape = shape_of(answer)
    assert list(shape.choices.items()) == list(choices.items())
    assert {text: shape.parse(text) for text in choices} == choices
    with pytest.raises(ValueError, match="none of the choices"):
        shape.parse("maybe")


@pytest.mark.parametrize(
    ("answer", "text", "value"),
    [
        (int, "-42", -42),
        (float, "2.50", 2.5),
        (datetime.date, "2024-02-29", datetime.date(2024, 2, 29)),
        (re.compile("a+"), "aa", "aa"),
        ({"type": "array", "items": {"type": "integer"}}, "[1, 2]", [1, 2]),
        (Place, '{"town": "Oslo", "people": 3}', {"town": "Oslo", "people": 3}),
        (
            Order,
            '{"items": [{"name": "hat", "count": 2}], "colour": "blue", "due": "2026-01-31", "note": null, '
            '"express": true, "kind": "used", "price": 3}',
            Order([Item("hat", 2)], Colour.BLUE, datetime.date(2026, 1, 31), None, True, "used", 3),
        ),
    ],
)
def test_a_text_becomes_a_value_of_the_type(answer, text, value):
    assert shape_of(answer).parse(text) == value


def test_a_shape_is_its_own():
    shape = shape_of(["a", "b"])
    assert shape_of(shape) is shape


def test_texts_of_which_each_begins_the_next_are_choices():
    texts = ["a" * count for count in range(1, 1001)]
    shape = shape_of(texts)
    assert shape.grammar.count('"a"') == 1000
    assert shape.parse(texts[-1]) == texts[-1]


def test_what_begins_alike_is_written_once():
    grammar = shape_of(["no", "none", "nobody", "yes", "n"]).grammar
    assert grammar == 'root ::= ("n" ("o" (("ne" | "body"))?)? | "yes")'


@pytest.mark.parametrize("error", [AssertionError("negative"), TypeError("negative"), KeyError("negative")])
def test_whatever_a_class_raises_is_a_value_error_of_its_text(error):
    @dataclass
    class Picky:
        n: int

        def __post_init__(self):
            raise error

    shape = shape_of(Picky)
    with pytest.raises(ValueError, match=rf"Picky refuses it \({type(error).__name__}: '?negative'?\)"):
        shape.parse('{"n": 1}')
    assert not shape.is_whole('{"n": 1}')


def test_a_pydantic_model_makes_the_value_itself():
    class Model:
        """What pydantic's classes have of it."""

        @staticmethod
        def model_json_schema():
            return {
                "$defs": {"Town": {"type": "object", "properties": {"n": {"type": "string"}}, "required": ["n"]}},
                "title": "Model",
                "type": "object",
                "properties": {"town": {"$ref": "#/$defs/Town"}},
                "required": ["town"],
            }

        @staticmethod
        def model_validate_json(text):
            return "validated", text

    text = '{"town": {"n": "Oslo"}}'
    assert shape_of(Model).parse(text) == ("validated", text)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ([], "There are no choices: name at least one."),
        (["a", "a"], "The choice 'a' is there twice: name each once."),
        ([1, True], "The choice 'yes' is there twice"),
        (["1", 1], "The choice '1' is there twice"),
        (["a", ""], "A choice is empty"),
        ([" a"], "begins or ends with white space"),
        (["a\nb"], "cannot be seen"),
        ([None], "None is no choice"),
        ([["a"]], "is no choice"),
        ([f"x{n}" for n in range(1001)], "There are 1,001 choices"),
        (str, "Any answer is a str"),
        ("positive", "is no shape of an answer: give a list of choices"),
        (object(), "is no shape of an answer"),
        (complex, "is no shape of an answer"),
        (Chain, "or in itself"),
    ],
)
def test_what_is_no_shape_is_refused_in_a_sentence(answer, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        shape_of(answer)


def test_a_field_whose_type_is_not_supported_is_named():
    @dataclass
    class Bad:
        name: str
        when: datetime.timedelta

    @dataclass
    class Either:
        either: Union[int, str]  # noqa: UP007

    with pytest.raises(ValueError, match=r"Bad\.when has the type timedelta"):
        shape_of(Bad)
    with pytest.raises(ValueError, match=r"Either\.either has the type"):
        shape_of(Either)
