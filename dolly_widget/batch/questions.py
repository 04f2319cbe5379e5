"""What the rows of a table ask: an instruction with its context each, or why a row cannot ask. Knows no engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from dolly_widget.text import encodable

Question: TypeAlias = "tuple[str, str] | ValueError"
"""An instruction and its context ("": none); or the error of a row that has none."""


def questions_of(instructions: Iterable[Any], contexts: Iterable[Any] | None = None) -> list[Question]:
    """The questions of two columns. Raises ValueError for a table, and without a context for each instruction."""
    for name, column in (("instructions", instructions), ("contexts", contexts)):
        if hasattr(column, "columns"):  # its items would be the names of its columns
            raise ValueError(
                f'{name} is a table: give one column, such as df["text"], or ask about each row with df.dolly.ask(…) '
                "after import dolly_widget.pandas."
            )
    if isinstance(instructions, str):
        raise ValueError("instructions is one text: give a list of them, or ask one with load_engine(…).generate.")
    if isinstance(contexts, str):
        raise ValueError("contexts is one text: give a list, with one for each instruction.")
    asked = list(instructions)
    given: Sequence[Any] = [""] * len(asked) if contexts is None else list(contexts)
    if len(given) != len(asked):
        raise ValueError(f"There are {len(asked):,} instructions and {len(given):,} contexts: give one for each.")
    return [_question(*each) for each in zip(asked, given, strict=True)]


def _question(instruction: Any, context: Any) -> Question:
    for name, text in (("instruction", instruction), ("context", context)):
        if not isinstance(text, str) and not (name == "context" and is_missing(text)):
            return ValueError(f"The {name} is no text{'' if is_missing(text) else f' but {str(text)[:40]!r}'}.")
    if not instruction.strip():
        return ValueError("The instruction is empty.")
    return encodable(instruction), encodable(context) if isinstance(context, str) else ""


def is_missing(value: Any) -> bool:
    """Whether a table has no value there: None, NaN, and what pandas has for it (NaT, NA)."""
    if value is None:
        return True
    try:
        return bool(value != value)  # NaN and NaT alone differ from themselves
    except TypeError:  # pandas.NA is neither equal nor different
        return True
    except ValueError:  # an array
        return False
