"""A table, pandas' or Polars', and the columns that its rows' answers become. Imports neither library at its top."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any, TypeVar

from dolly_widget.batch.asking import ask_questions
from dolly_widget.batch.cells import as_text, plain
from dolly_widget.batch.fields import FieldTemplate, fill_rows
from dolly_widget.batch.frames import columns_of
from dolly_widget.batch.result import RowResult
from dolly_widget.text import encodable

Frame = TypeVar("Frame")


def ask_column(
    frame: Frame, instruction: str, *, context: str = "", answer: Any = None, into: str = "answer", **options: Any
) -> Frame:
    """Ask ``instruction`` of each row of a table, and return a new table with the answers in the column ``into``.

    ``instruction`` and ``context`` name columns in braces: ``"Is this review positive? {text}"``; ``{{`` and ``}}`` are
    braces. A row that has no value there, or a blank one, is not asked. ``options`` are those of ``ask_many``.

    With ``answer``, the column has values, without it texts; None where there is none, and then ``{into}_error`` says
    why. Where ``answer`` is choices, ``{into}_probability`` is how likely the model took the one that it gave: sorted
    by it, the table has the uncertain rows first. Raises ValueError for a field that is no column, or a column that is
    there already; what ``ask_many`` raises.
    """
    check_names(columns_of(frame), into)
    questions = fill_rows(frame, FieldTemplate(instruction), FieldTemplate(context))
    return with_results(frame, ask_questions(questions, answer=answer, **options), into)


def check_names(columns: Sequence[str], into: str) -> None:
    """Raise ValueError where a column that the answers become is there already."""
    for name in names(into):
        if name in columns:
            raise ValueError(f"There is a column {name!r} already: choose another name with into, or drop it first.")


def names(into: str) -> tuple[str, str, str]:
    """The columns of answers: the answer, its probability, its error."""
    return into, f"{into}_probability", f"{into}_error"


def answer_columns(results: Sequence[RowResult], into: str) -> dict[str, list[Any]]:
    """What the results are in a table: columns by their names. There are probabilities where any result has some."""
    answer, probability, error = names(into)
    is_typed = any(each.value is not None for each in results)
    columns: dict[str, list[Any]] = {
        answer: [None if each.error else _storable(each.value if is_typed else each.text) for each in results]
    }
    if any(each.probabilities for each in results):
        columns[probability] = [(each.probabilities or {}).get(each.value, math.nan) for each in results]
    return {**columns, error: [encodable(each.error) for each in results]}


def _storable(value: Any) -> Any:
    """The value; neither Arrow nor Polars takes a text with a lone surrogate."""
    return encodable(value) if isinstance(value, str) else value


def with_results(frame: Frame, results: Sequence[RowResult], into: str) -> Frame:
    """A new table: ``frame``, and a result for each of its rows in the columns ``into`` and so on.

    Polars has enums as texts, and records as dictionaries; values of several types are texts. Whatever is raised
    carries the results as its ``results``.
    """
    try:
        columns = answer_columns(results, into)
        add = _in_pandas if hasattr(frame, "iloc") else _in_polars
        return add(frame, columns)  # type: ignore[no-any-return]
    except BaseException as exc:
        exc.results = list(results)  # type: ignore[attr-defined]
        raise


def _in_polars(frame: Any, columns: dict[str, list[Any]]) -> Any:
    return frame.with_columns([_polars_series(name, values) for name, values in columns.items()])


def _polars_series(name: str, values: list[Any]) -> Any:
    import polars

    cells = [value if isinstance(value, float) else plain(value) for value in values]  # NaN is a number here
    kinds = {type(each) for each in cells if each is not None}
    if len(kinds) == 1 or kinds <= {int, float}:
        with contextlib.suppress(TypeError, ValueError, OverflowError, polars.exceptions.PolarsError):
            series = polars.Series(name, cells, strict=False)
            if series.null_count() == cells.count(None):  # a whole number that is too large would be lost
                return series
    return polars.Series(name, [as_text(each) for each in cells], dtype=polars.String)


def _in_pandas(frame: Any, columns: dict[str, list[Any]]) -> Any:
    import pandas

    new = frame.copy()
    for name, values in columns.items():
        series = pandas.Series(values, dtype=_pandas_type(values))
        label = name if new.columns.nlevels == 1 else (name, *[""] * (new.columns.nlevels - 1))
        new[label] = series.array  # by place: an index may have a label twice
    return new


def _pandas_type(values: list[Any]) -> str | None:
    """The type of a column; None leaves it to pandas, which would make floats of whole numbers where one is missing."""
    kinds = {type(each) for each in values if each is not None}
    if None in values and kinds == {bool}:
        return "boolean"
    if None in values and kinds == {int}:
        return "Int64" if all(-(2**63) <= each < 2**63 for each in values if each is not None) else "object"
    return None if values else "object"
