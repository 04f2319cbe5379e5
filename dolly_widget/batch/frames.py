"""The columns of a table, pandas' or Polars', as texts. Imports neither library: a table brings its own."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from dolly_widget.batch.questions import is_missing
from dolly_widget.text import encodable


def columns_of(frame: Any) -> list[str]:
    """The names of a table's columns, as a template writes them; levels of a name are joined by a dot."""
    if not hasattr(frame, "columns"):
        raise TypeError(f"{type(frame).__name__} is no table: give a DataFrame of pandas or Polars.")
    return [_name(each) for each in frame.columns]


def _name(column: Any) -> str:
    return ".".join(map(str, column)) if isinstance(column, tuple) else str(column)


def texts_of(frame: Any, name: str) -> list[str]:
    """A column as texts; "" where there is no value. ValueError where several columns have that name."""
    places = [place for place, each in enumerate(columns_of(frame)) if each == name]
    if len(places) > 1:
        raise ValueError(f"Several columns are called {name!r}: rename one.")
    return [text_of(value) for value in _values(frame, places[0])]


def _values(frame: Any, place: int) -> Iterable[Any]:
    if hasattr(frame, "iloc"):
        return frame.iloc[:, place].tolist()  # type: ignore[no-any-return]
    return frame.to_series(place).to_list()  # type: ignore[no-any-return]


def text_of(value: Any) -> str:
    """The value of a cell as text; "" where there is none."""
    if is_missing(value):
        return ""
    if isinstance(value, datetime.datetime) and value.timetz() == datetime.time():
        return value.date().isoformat()
    return encodable(str(value))
