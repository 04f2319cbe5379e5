"""The values of cells, as files and tables of one type a column can hold them. Imports no library of tables."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections.abc import Mapping
from typing import Any

from dolly_widget.batch.questions import is_missing
from dolly_widget.text import encodable


def plain(value: Any) -> Any:
    """The value, made of texts, numbers, lists and dictionaries; None where there is none, as for NaN.

    An enum's member is the text that it is written as, a record a dictionary, and an array a list. Half a character is
    U+FFFD. Anything else, such as a date, stays as it is.
    """
    if isinstance(value, enum.Enum):
        return plain(value.value if isinstance(value.value, str) else value.name)
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Mapping):
        return {encodable(str(name)): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):  # pydantic's
        return plain(value.model_dump())
    if hasattr(value, "tolist"):
        return _out_of_numpy(value)
    return None if is_missing(value) else value


def _out_of_numpy(value: Any) -> Any:
    """An array as a list; one number as Python's."""
    kind = value.dtype.kind
    if kind in "mM":  # those in nanoseconds would become whole numbers
        value = value.astype(f"{kind}8[us]")
    items = value.tolist()
    if isinstance(items, list):
        return [plain(each) for each in items]
    return None if is_missing(items) else items


def json_text(value: Any, *, is_ascii: bool = False) -> str:
    """A value that is ``plain`` as JSON. What JSON has no number for is null, and what it has no type for a text."""
    return json.dumps(_finite(value), default=str, ensure_ascii=is_ascii, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_text(value: Any) -> str | None:
    """A value as text; None where there is none."""
    value = plain(value)
    if value is None or isinstance(value, str):
        return value
    return json_text(value) if isinstance(value, list | dict) else str(value)
