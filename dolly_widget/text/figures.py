"""Numbers in words for a reader: figures, percentages, bytes. Pure: values in, str out."""

from __future__ import annotations

import math

_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def in_bytes(count: float) -> str:
    """A number of bytes in words: "5.7 GB", powers of ten as disks and the hub count them."""
    for unit, size in _UNITS:
        if count >= size:
            return f"{count / size:.{0 if count >= 100 * size else 1}f} {unit}"
    return f"{count:.0f} bytes"


def in_round_bytes(count: float) -> str:
    """A number of bytes in words, two digits of it: "93 MB", "5.7 GB"."""
    unit, size = next(((unit, size) for unit, size in _UNITS if count >= size), _UNITS[-1])
    return f"{count / size:.{0 if count >= 9.95 * size else 1}f} {unit}"


def number(value: float) -> str:
    """Three digits or more; a dash where there is no number."""
    if math.isnan(value):
        return "-"
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def rate(tokens_per_s: float) -> str:
    """How fast tokens come."""
    return f"{tokens_per_s:,.{0 if tokens_per_s >= 100 else 1}f} tokens/s"


def percent(share: float) -> str:
    """A share of 1 in per cent, two digits after the point; what would round to 0 or to 100 says so."""
    if 0 < share < 0.00005:
        return "<0.01%"
    if 0.99995 <= share < 1 - 1e-9:
        return ">99.99%"
    return f"{100 * share:.2f}%"
