"""Measurements as a table of text. Measures nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from dolly_widget.bench.measuring import Measurement
from dolly_widget.text import number

# Three lines of heading, and how a measurement fills the column.
_COLUMNS: tuple[tuple[tuple[str, str, str], Callable[[Measurement], str]], ...] = (
    (("", "", "model"), lambda row: row.model),
    (("", "", "weights"), lambda row: row.precision),
    (("", "", "device"), lambda row: row.device),
    (("", "", "engine"), lambda row: row.engine),
    (("", "prompt", "tokens"), lambda row: f"{row.prompt_tokens:,}"),
    (("", "load", "s"), lambda row: number(row.load_s)),
    (("first", "token", "ms"), lambda row: number(row.ttft_s * 1000)),
    (("shared", "start", "ms"), lambda row: number(row.shared_ttft_s * 1000)),
    (("per", "token", "ms"), lambda row: number(row.tpot_s * 1000)),
    (("", "p95", "ms"), lambda row: number(row.tpot_p95_s * 1000)),
    (("", "floor", "ms"), lambda row: number(row.floor_s * 1000)),
    (("of", "limit", "%"), lambda row: number(row.floor_share * 100)),
    (("", "tokens", "per s"), lambda row: number(row.tokens_per_s)),
    (("", "memory", "MB"), lambda row: number(math.nan if row.memory_bytes is None else row.memory_bytes / 1e6)),
)
_TEXT_COLUMNS = 4


def table(measurements: Iterable[Measurement]) -> str:
    """The measurements as lines of aligned text, three lines of heading above; columns with numbers have a unit."""
    headings = list(zip(*(heading for heading, _ in _COLUMNS), strict=True))
    rows = [*headings, *(tuple(fill(each) for _, fill in _COLUMNS) for each in measurements)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if index < _TEXT_COLUMNS else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
