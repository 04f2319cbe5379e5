"""What ``answer=`` says becomes a ``Shape``: a grammar, and a function from the text to a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Shape:
    """A set of texts that an answer may be, and what each means."""

    parse: Callable[[str], Any] = field(compare=False)
    """The value of a whole text. Raises ValueError for a text that is not of this shape."""
    regex: str = ""
    """A regular expression that the whole answer matches; or ``json_schema`` is set."""
    json_schema: str = ""
    """A JSON schema, as text, that the answer, a JSON text, is valid against."""
    choices: Mapping[str, Any] | None = None
    """Of an answer that is one of a few texts: each text and its value, in the order given."""


def shape_of(answer: Any) -> Shape:
    """The shape that ``answer=`` means: a list of choices, a pattern, a schema, or a type. ValueError for others."""
    if isinstance(answer, Shape):
        return answer
    if isinstance(answer, re.Pattern):
        return Shape(str, regex=answer.pattern)
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        choices = {str(each): each for each in answer}
        return Shape(choices.__getitem__, regex="|".join(map(re.escape, choices)), choices=choices)
    raise ValueError(f"{answer!r} is no shape of an answer.")
