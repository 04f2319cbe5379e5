"""A template whose fields are the columns of a table, and the questions of its rows. Knows no engine.

A field is a column's name and nothing more: no attribute, index or format of it is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dolly_widget.batch.frames import columns_of, text_of, texts_of
from dolly_widget.batch.questions import Question

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")

# What an error says of columns.
_MOST_NAMES, _NAME_CHARS = 20, 80


class FieldTemplate:
    """A text with fields: ``FieldTemplate("Is this positive? {text}")``; ``{{`` and ``}}`` stand for braces.

    Raises ValueError for a brace that is none of these.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = tuple(_parts(text))
        self.names = tuple(dict.fromkeys(part for part, is_field in self._parts if is_field))
        """The columns that it needs, in their order."""

    def __repr__(self) -> str:
        return f"FieldTemplate({self.text!r})"

    def check(self, columns: Iterable[str]) -> None:
        """Raise ValueError, naming the field and the columns, where there is no such column."""
        known = list(columns)
        unknown = [name for name in self.names if name not in known]
        if unknown:
            raise ValueError(f"There is no column {', '.join(map(_named, unknown[:_MOST_NAMES]))}: {_choose(known)}.")

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with the values in it, which are not searched for fields. ValueError for a field without one."""
        self.check(values)
        return "".join(values[part] if is_field else part for part, is_field in self._parts)


def _choose(columns: list[str]) -> str:
    if not columns:
        return "the table has no columns"
    more = f" and {len(columns) - _MOST_NAMES:,} more" if len(columns) > _MOST_NAMES else ""
    return f"choose from {', '.join(map(_named, columns[:_MOST_NAMES]))}{more}"


def _named(column: str) -> str:
    return repr(column if len(column) <= _NAME_CHARS else f"{column[: _NAME_CHARS - 1]}…")


def _parts(text: str) -> Iterable[tuple[str, bool]]:
    """Stretches of the text, and names of fields, which are marked."""
    end = 0
    for found in _PART.finditer(text):
        yield text[end : found.start()], False
        end = found.end()
        if found[0] in ("{{", "}}"):
            yield found[0][0], False
        elif found[1]:
            yield found[1], True
        else:
            raise ValueError(
                f"The brace {found[0]!r} at place {found.start() + 1} names no column: write {{name}} for a column, "
                "and {{ or }} for a brace."
            )
    yield text[end:], False


def fill_rows(frame: Any, template: FieldTemplate | str, context: FieldTemplate | str = "") -> list[Question]:
    """The question of each row of a table, pandas' or Polars'; an error in the place of one that lacks a value.

    Raises ValueError for a field that is no column, and where no field is named at all.
    """
    templates = [each if isinstance(each, FieldTemplate) else FieldTemplate(each) for each in (template, context)]
    names = _needed(templates, columns_of(frame))
    columns = [texts_of(frame, name) for name in names]
    return [_filled(templates, dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]


def questions_of_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], template: FieldTemplate, context: FieldTemplate
) -> list[Question]:
    """The same for rows that are values by the names of ``columns``, some of which may be missing."""
    names = _needed((template, context), columns)
    return [_filled((template, context), {name: text_of(row.get(name)) for name in names}) for row in rows]


def _needed(templates: Iterable[FieldTemplate], columns: Sequence[str]) -> list[str]:
    """The columns that the templates name, which have to be there."""
    names = list(dict.fromkeys(name for each in templates for name in each.names))
    if not names:
        raise ValueError("The instruction names no column: put one in braces, as in 'Is this positive? {text}'.")
    for each in templates:
        each.check(columns)
    return names


def _filled(templates: Iterable[FieldTemplate], values: Mapping[str, str]) -> Question:
    """The question of one row: the templates of its instruction and its context, filled."""
    for name, value in values.items():
        if not value.strip():
            return ValueError(f"{name!r} is empty in this row.")
    instruction, context = (each.fill(values) for each in templates)
    return (instruction, context) if instruction.strip() else ValueError("The instruction is empty.")
