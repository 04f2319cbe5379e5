"""The operators of a template, for values of a bounded size."""

from __future__ import annotations

import operator
from typing import Any

from dolly_widget.text.sandbox.bounds import BoundsError, budget
from dolly_widget.text.sandbox.formats import percent
from dolly_widget.text.sandbox.traced import concat, repeat

_MOST_BITS = 4096


def add(left: Any, right: Any) -> Any:
    """``left + right``."""
    if isinstance(left, str) and isinstance(right, str):
        return concat((left, right))
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        budget().allow(len(left) + len(right))
    return left + right


def multiply(left: Any, right: Any) -> Any:
    """``left * right``."""
    if isinstance(right, (str, list, tuple)):
        left, right = right, left
    if isinstance(right, int) and isinstance(left, (str, list, tuple)):
        budget().allow(len(left) * right)
        return repeat(left, right) if isinstance(left, str) else left * right
    if isinstance(left, int) and isinstance(right, int):
        _require_bits(left.bit_length() + right.bit_length())
    return left * right


def power(left: Any, right: Any) -> Any:
    """``left ** right``."""
    if isinstance(left, int) and isinstance(right, int):
        _require_bits(left.bit_length() * abs(right))
    return left**right


def modulo(left: Any, right: Any) -> Any:
    """``left % right``."""
    return percent(left, right) if isinstance(left, str) else left % right


def _require_bits(bits: int) -> None:
    if bits > _MOST_BITS:
        raise BoundsError("makes too large a number")


OPERATORS = {
    "+": add,
    "-": operator.sub,
    "*": multiply,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": power,
    "%": modulo,
}
