"""What ``answer=`` says becomes a ``Shape``: a grammar, and a function from the text to a value."""

from __future__ import annotations

import datetime
import enum
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dolly_widget.text.shapes.choices import choices_grammar, choices_of
from dolly_widget.text.shapes.grammar import whole, whole_numbers
from dolly_widget.text.shapes.patterns import pattern_grammar
from dolly_widget.text.shapes.plain import LARGEST, date_grammar, number_grammar
from dolly_widget.text.shapes.types import is_record, typed
from dolly_widget.text.shapes.work import check_work


@dataclass(frozen=True)
class Shape:
    """A set of texts that an answer may be, and what each means."""

    parse: Callable[[str], Any] = field(compare=False, repr=False)
    """The value of a whole text. Raises ValueError for a text that is not of this shape."""
    grammar: str = field(repr=False)
    """Of the whole answer, in xgrammar's EBNF, whose first rule is ``root``."""
    choices: Mapping[str, Any] | None = None
    """Of an answer that is one of a few texts: each text and its value, in the order given."""
    source: Any = field(default=None, compare=False)
    """What was given as ``answer=``."""
    is_json: bool = False
    """Whether the answer is a JSON text."""
    schema: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    """Of a JSON text, its schema; None for any other shape."""

    def is_whole(self, text: str) -> bool:
        """Whether ``text`` is of this shape, and no longer one that begins with it can be."""
        if self.choices is not None:
            return text in self.choices and not any(each.startswith(text) for each in self.choices if each != text)
        if not self.is_json or text[-1:] not in ("}", "]", '"'):  # a number may go on
            return False
        try:
            self.parse(text)
        except ValueError:
            return False
        return True


def shape_of(answer: Any) -> Shape:
    """The shape that ``answer=`` means. Raises ValueError, naming the part, for what an answer cannot be held to.

    - a list or tuple of choices: texts, numbers, ``True`` and ``False`` (written "yes" and "no"), or members of an
      ``Enum``; a ``Literal``; ``bool``; an ``Enum`` class, whose members are written as their value if that is a text,
      else as their name
    - ``int``, ``float`` (up to 15 digits on each side of the point), ``datetime.date`` (written 2026-11-29)
    - a pattern of ``re``, which the whole answer matches: without looking around, references and word boundaries;
      a part is repeated up to 200 times, or any number of times
    - a dataclass or a ``TypedDict`` of ``str``, ``int``, ``float``, ``bool``, ``date``, ``Literal``, ``Enum``, lists,
      further such classes, and each of them or None; all its fields are written, in their order
    - a pydantic model, whose own validation makes the value
    - a JSON schema as a dictionary: the types ``object`` (``properties``, in this order, and no others; ``required``),
      ``array`` (``items``, ``minItems``, ``maxItems``), ``string`` (``minLength``, ``maxLength``, ``pattern`` from ^ to
      $, ``format`` date), ``integer`` and ``number`` (``minimum``, ``maximum``, whole numbers; for integers exclusive
      ones, too), ``boolean``, ``null``, several of them; ``enum``, ``const``, ``anyOf``, and ``$ref`` without recursion

    Characters that a pattern does not name (``.``, ``[^a]``), and those of a text with limits, go up to U+07FF.
    A shape may be so large that its grammar is read in about a second, since nothing else runs meanwhile: see ``work``.
    JSON is written as ``json.dumps`` does, without free white space. Lists and texts without a limit end where the
    model ends them; where it does not, the answer is incomplete at max_new_tokens. The answer has its shape from its
    first token: a model that reasons before it answers does not.
    """
    if isinstance(answer, Shape):
        return answer
    shape = _shape_of(answer)
    check_work(shape.grammar)
    return shape


def _shape_of(answer: Any) -> Shape:
    if isinstance(answer, re.Pattern):
        return Shape(str, f"root ::= {whole(pattern_grammar(answer))}", source=answer)
    if isinstance(answer, Mapping):
        return _of_schema(answer, answer)
    if (choices := _choices(answer)) is not None:
        return Shape(_look_up(choices), f"root ::= {choices_grammar(choices)}", choices, answer)
    for kind, grammar, parse in _PLAIN:
        if answer is kind:
            return Shape(parse, f"root ::= {whole(grammar())}", source=answer)
    if hasattr(answer, "model_json_schema") and hasattr(answer, "model_validate_json"):
        return _of_schema(answer.model_json_schema(), answer, answer.model_validate_json)
    if is_record(answer):
        kind = typed(answer)
        return _of_schema(kind.schema, answer, make=kind.make)
    if answer is str:
        raise ValueError("Any answer is a str: leave answer= out, or give a pattern of re.")
    raise ValueError(
        f"{str(answer)[:60]!r} is no shape of an answer: give a list of choices, a pattern of re, a JSON schema, a "
        "dataclass or pydantic model, bool, int, float or date."
    )


_PLAIN: tuple[tuple[Any, Callable[[], str], Callable[[str], Any]], ...] = (
    (int, lambda: whole_numbers(-LARGEST, LARGEST), int),
    (float, number_grammar, float),
    (datetime.date, date_grammar, datetime.date.fromisoformat),
)


def _choices(answer: Any) -> dict[str, Any] | None:
    if answer is bool:
        return choices_of([True, False])
    if typing.get_origin(answer) is typing.Literal:
        return choices_of(typing.get_args(answer))
    if isinstance(answer, type) and issubclass(answer, enum.Enum):
        return choices_of(answer)
    if isinstance(answer, Sequence) and not isinstance(answer, str | bytes):
        return choices_of(answer)
    return None


def _look_up(choices: Mapping[str, Any]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        if text not in choices:
            raise ValueError(f"{text[:40]!r} is none of the choices")
        return choices[text]

    return parse


def _of_schema(
    schema: Mapping[str, Any],
    source: Any,
    validate: Callable[[str], Any] | None = None,
    make: Callable[[Any], Any] = lambda value: value,
) -> Shape:
    # Not at the top: it makes a dozen classes, and every start of a widget would wait for them.
    from dolly_widget.text.shapes.schema import read_json, read_schema, schema_grammar

    node = read_schema(schema)

    def parse(text: str) -> Any:
        value = read_json(text, node)
        try:
            return validate(text) if validate else make(value)
        except ValueError:
            raise
        except Exception as exc:  # of a class of the user's
            name = getattr(source, "__name__", "Its class")
            raise ValueError(f"{name} refuses it ({type(exc).__name__}: {exc})") from exc

    return Shape(parse, schema_grammar(node), source=source, is_json=True, schema=schema)
