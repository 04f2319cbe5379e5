"""The answer of one row, or its error: a value, and its line in a file. Knows no engine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from dolly_widget.text import parse_json
from dolly_widget.text.shapes import Shape


@dataclass(frozen=True)
class RowResult:
    """What came of one row."""

    row: int
    """Its place, counted from 0."""
    text: str = ""
    """The answer; of one that ended before it was whole, what there was of it."""
    value: Any = field(default=None, compare=False)
    """The answer as the type that was asked for with ``answer=``; None without."""
    probabilities: dict[Any, float] | None = field(default=None, compare=False)
    """Of an answer that is a choice: how likely the model took each, in the order given; they sum to 1. Else None."""
    error: str = ""
    """Why there is no answer; "" where all is well."""
    finish_reason: str = ""
    """"stop", or "length": max_new_tokens was reached; "" where nothing was generated."""
    seed: int = 0
    """What it was drawn with."""
    prompt_tokens: int = 0
    new_tokens: int = 0

    def __str__(self) -> str:
        """Only the text: what an f-string means by an answer."""
        return self.text

    def to_line(self) -> str:
        """One line of JSON, without its line break. ``value`` is left out: the text says it."""
        facts = {name: getattr(self, name) for name in _PLAIN}
        if self.probabilities is not None:
            facts["probabilities"] = list(self.probabilities.values())
        return json.dumps(facts)

    @classmethod
    def from_line(cls, line: str | bytes, shape: Shape | None = None) -> RowResult:
        """The result of a line that ``to_line`` wrote of an answer of that shape. ValueError for any other line."""
        facts = parse_json(line)
        try:
            plain = {name: _checked(name, facts[name], kind) for name, kind in _PLAIN.items()}
            likely = facts.get("probabilities")
            value = shape.parse(plain["text"]) if shape is not None and not plain["error"] else None
            choices = shape.choices.values() if shape is not None and shape.choices else ()
            probabilities = None if likely is None else dict(zip(choices, map(float, likely), strict=True))
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError("The line is no result of a row.") from exc
        return cls(**plain, value=value, probabilities=probabilities)


_PLAIN: dict[str, type] = {
    "row": int,
    "text": str,
    "error": str,
    "finish_reason": str,
    "seed": int,
    "prompt_tokens": int,
    "new_tokens": int,
}


def _checked(name: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name} is {str(value)[:40]!r}.")
    return value
