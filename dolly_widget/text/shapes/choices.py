"""Answers that are one of a few texts, each with a value."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any

from dolly_widget.text.shapes.grammar import one_of

_MOST, _LONGEST = 1_000, 1_000


def choices_of(values: Iterable[Any]) -> dict[str, Any]:
    """Each choice's text and value, in order. Raises ValueError for an empty list, duplicates, and other mistakes."""
    choices: dict[str, Any] = {}
    for value in values:
        text = _text(value)
        if text in choices or value in choices.values():
            raise ValueError(f"The choice {text!r} is there twice: name each once.")
        choices[text] = value
    if not choices:
        raise ValueError("There are no choices: name at least one.")
    if len(choices) > _MOST:
        raise ValueError(f"There are {len(choices):,} choices: at most {_MOST:,} are supported.")
    return choices


def choices_grammar(texts: Iterable[str]) -> str:
    """One of the texts, wholly."""
    return one_of(texts)


def _text(value: Any) -> str:
    if isinstance(value, enum.Enum):
        # A colour is called red, whatever number stands for it.
        text = value.value if isinstance(value.value, str) else value.name
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, str | int | float):
        text = str(value)
    else:
        raise ValueError(f"{value!r} is no choice: give texts, numbers, True and False, or members of an Enum.")
    if not text.strip():
        raise ValueError("A choice is empty: give each a text.")
    if text != text.strip():
        raise ValueError(f"The choice {text!r} begins or ends with white space: leave it out.")
    if len(text) > _LONGEST or not text.isprintable():
        raise ValueError(f"The choice {text[:40]!r} is too long, or has characters that cannot be seen: shorten it.")
    return text
