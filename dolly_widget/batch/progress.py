"""How far a run is: a bar in a notebook or a terminal. Knows neither engines nor files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dolly_widget.batch.result import RowResult
from dolly_widget.text import rate


class Bar:
    """Rows that are done, the time left, tokens per second, and how many rows have an error."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._started = time.monotonic()
        self._tokens = self._errors = 0

    def add(self, result: RowResult) -> None:
        """Count one more row."""
        self._tokens += result.new_tokens
        self._errors += bool(result.error)
        elapsed_s = max(time.monotonic() - self._started, 1e-9)
        errors = [f"{self._errors:,} with an error"] if self._errors else []
        self._bar.set_postfix_str(", ".join([rate(self._tokens / elapsed_s), *errors]), refresh=False)
        self._bar.update()


@contextmanager
def shown_rows(total: int, done: int, is_wanted: bool) -> Iterator[Bar]:
    """Yield a bar of ``total`` rows, ``done`` of them done before; nothing is shown where nobody would see it."""
    from tqdm.auto import tqdm

    # None: only in a terminal; a notebook's bar takes it for "shown".
    with tqdm(total=total, initial=done, unit="row", disable=None if is_wanted else True) as bar:
        yield Bar(bar)
