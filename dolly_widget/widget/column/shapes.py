"""The shapes of an answer that a column can be given, as a person chooses them. Knows no page."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

TEXT, CHOICES, PATTERN = "text", "choices", "pattern"


def _choices(text: str) -> list[str]:
    choices = list(dict.fromkeys(part for each in text.split(",") if (part := each.strip())))
    if len(choices) < 2:
        raise ValueError("Give two choices or more, with commas between them: positive, negative.")
    return choices


def _pattern(text: str) -> re.Pattern[str]:
    if not text.strip():
        raise ValueError("Give a regular expression that the whole answer matches, such as [A-Z]{2}[0-9]{4}.")
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as exc:
        raise ValueError(f"The pattern is no regular expression: {exc}.") from exc


_ANSWERS: dict[str, Callable[[str], Any]] = {
    TEXT: lambda _: None,
    CHOICES: _choices,
    "bool": lambda _: bool,
    "int": lambda _: int,
    "date": lambda _: datetime.date,
    PATTERN: _pattern,
}
KINDS = tuple(_ANSWERS)


def answer_of(kind: str, details: str) -> Any:
    """Return what ``shape_of`` takes; None: any text.

    ``details`` are the choices, or the pattern. Raises ValueError for what is neither.
    """
    return _ANSWERS[kind](details)
