"""Between the column's session and its view: what is shown when, and what a click does. Knows no engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dolly_widget.batch import FieldTemplate, columns_of, texts_of
from dolly_widget.errors import error_text
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import encodable, rate
from dolly_widget.widget.column.shapes import TEXT, answer_of
from dolly_widget.widget.column.tables import find_tables, namespace, snapshot
from dolly_widget.widget.column.view import PAGE_ROWS, ColumnActions, ColumnView
from dolly_widget.widget.session.column import ColumnRun, ColumnSession, ColumnTask, sureness, uncertain_first
from dolly_widget.widget.session.session import Session

MOST_COLUMNS = 100
"""Most columns of a table that are offered as fields; more can be written."""
_SHOWN_CHARS = 240
# A longer name is no field to click on: a shortened one would be none, and all names are one message.
_NAME_CHARS = 80
NO_TABLE = (
    "There is no DataFrame in this notebook yet. Make one in a cell, such as "
    'df = pandas.read_csv("reviews.csv"), then press Look again.'
)


class ColumnController:
    """Owns the session and the view of a column. ``on_title`` gets the line above it."""

    def __init__(
        self,
        session: Session,
        params: Callable[[], SamplingParams],
        variables: Callable[[], Mapping[str, Any]] | None = None,
        *,
        on_title: Callable[[str], None],
    ) -> None:
        self._params, self._variables, self._on_title = params, variables or namespace, on_title
        self._lock = threading.RLock()  # a click comes on one thread, what came of a row on another
        self._cells: tuple[ColumnRun | None, dict[str, list[str]]] = None, {}
        self.session = ColumnSession(session, self.show)
        actions = ColumnActions(look=self.look, start=self._start, stop=self._stop, turn=self.show)
        self.view = ColumnView(actions)
        self.view.observe(self._on_change, ("table", "instruction", "kind", "details", "into"))

    @property
    def table(self) -> Any:
        """A copy of the table, with the answers so far; None before a run."""
        run = self.session.run
        return None if run is None else run.table

    def look(self) -> None:
        """Look for the tables of the notebook."""
        view, found = self.view, find_tables(self._variables())
        view.tables = [_described(name, table) for name, table in found.items()]
        if view.table not in found and not self.session.is_running:
            view.table = next(iter(found), "")  # which is a change: what was told goes
        if not found and not self.session.is_running:
            view.tell(NO_TABLE)
        elif view.note == NO_TABLE:
            view.tell("")
        self._show_button()

    def close(self) -> None:
        """End the run, and wait for that."""
        self.session.close()
        self._cells = None, {}

    def _on_change(self, _: Any) -> None:
        if not self.session.is_running:
            self.session.error = None
            self.view.tell("" if self.view.tables else NO_TABLE)
        self._show_button()

    def refresh(self) -> None:
        """Show what a click would do now: the settings or the model have changed."""
        with self._lock:
            self._show_button()

    # What a person does

    def _start(self, is_trial: bool) -> None:
        view = self.view
        if self.session.is_running:  # a second click
            return
        try:
            task = self._task()
            is_again = not (is_trial or self._missing) and self._is_of_now
            self.session.start(task, is_trial=is_trial, is_again=is_again)
        except (ValueError, RuntimeError) as exc:
            view.tell(str(exc), is_wrong=True)
            return
        view.place, view.order = 0, "trial" if is_trial else "table"
        view.tell("")
        self.show()

    def _stop(self) -> None:
        self.session.stop()
        self.show()

    def _task(self) -> ColumnTask:
        view, found = self.view, find_tables(self._variables())
        if view.table not in found:
            name = view.table
            self.look()
            raise ValueError(f"The table {name!r} no longer exists: choose another one." if found else NO_TABLE)
        table = snapshot(found[view.table])
        into = view.into.strip()
        if not into:
            raise ValueError("Name the column of the answers.")
        columns = columns_of(table)
        if taken := [name for name in (into, f"{into}_probability", f"{into}_error") if name in columns]:
            raise ValueError(f"The table has a column {taken[0]!r} already: name another one for the answers.")
        answer, kind = answer_of(view.kind, view.details), view.kind
        self._settings(kind)  # what is wrong with them is told at once
        return ColumnTask(table, view.instruction, into, lambda: self._settings(kind), answer, self._form)

    @property
    def _form(self) -> tuple[str, ...]:
        view = self.view
        return view.table, view.instruction, view.kind, view.details, view.into

    def _settings(self, kind: str) -> SamplingParams:
        """The settings of now. A label is the likeliest one: equal rows have equal labels."""
        params = self._params()
        return params if kind == TEXT else replace(params, temperature=0)

    @property
    def _is_of_now(self) -> bool:
        """Whether the run is of what a click would ask."""
        run = self.session.run
        if run is None or (run.task.form, run.setup) != (self._form, self.session.setup):
            return False
        try:
            return run.given == self._settings(self.view.kind)
        except ValueError:
            return False

    # What is shown

    def show(self) -> None:
        """Show how the run stands. Called on the worker's thread, too."""
        session, view = self.session, self.view
        with self._lock:
            if session.error is not None and not session.is_running:
                view.tell(error_text(session.error), is_wrong=True)
            view.progress = _progress(session)
            self._show_rows()
            self._show_button()
            run = session.run
            running = f" · {len(run.results):,} of {len(run.questions):,}" if run and session.is_running else ""
            self._on_title(f"Column{running}")
            view.state = _state(session)

    @property
    def _missing(self) -> int:
        run = self.session.run
        return 0 if run is None else len(run.questions) - len(run.results)

    def _show_button(self) -> None:
        run, view = self.session.run, self.view
        if run is not None and run.results and self._is_of_now:
            others = "row" if self._missing == 1 else _rows(self._missing)
            view.run_label = f"Run the other {others}" if self._missing else "Run all again"
        else:
            count = next((each["rows"] for each in view.tables if each["name"] == view.table), 0)
            view.run_label = f"Run all {_rows(count)}" if count > 1 else "Run all rows"

    def _show_rows(self) -> None:
        run, view = self.session.run, self.view
        if run is None:
            return
        order = self._order(run)
        view.place = max(0, min(view.place, (len(order) - 1) // PAGE_ROWS * PAGE_ROWS))
        cells = self._cells_of(run)
        view.listing = {
            "columns": list(cells),
            "into": run.task.into,
            "rows": [_row(run, row, cells) for row in order[view.place : view.place + PAGE_ROWS]],
            "place": view.place,
            "total": len(order),
            "order": view.order,
            "has_order": bool(run.results) and (run.errors > 0 or any(map(sureness, list(run.results.values())))),
        }

    def _order(self, run: ColumnRun) -> Any:
        if self.view.order == "uncertain":
            return uncertain_first(run)
        return sorted(run.results) if self.view.order == "trial" else range(len(run.questions))

    def _cells_of(self, run: ColumnRun) -> dict[str, list[str]]:
        """The texts of the columns that are asked about."""
        if self._cells[0] is not run:
            names = FieldTemplate(run.task.instruction).names
            self._cells = run, {name: texts_of(run.task.table, name) for name in names}
        return self._cells[1]


def _described(name: str, table: Any) -> dict[str, Any]:
    columns = [encodable(each) for each in columns_of(table)[:MOST_COLUMNS] if len(each) <= _NAME_CHARS]
    return {"name": encodable(name), "rows": len(table), "columns": columns}


def _state(session: ColumnSession) -> str:
    if not session.is_running:
        return "ready"
    if session.is_stopping:
        return "stopping"
    return "waiting" if session.pace is None else "running"


def _progress(session: ColumnSession) -> dict[str, Any]:
    pace, run = session.pace, session.run
    if run is None or pace is None:
        return {}
    done, total = pace.before + pace.done, pace.before + pace.rows
    figures = [f"{done:,} of {_rows(total)}"]
    if pace.tokens and pace.seconds > 0:
        figures.append(rate(pace.tokens / pace.seconds))
    if session.is_running and pace.left_s is not None:
        figures.append(f"{_duration(pace.left_s)} left")
    elif not session.is_running:
        figures.append(_duration(pace.seconds))
    if errors := run.errors:
        figures.append(f"{errors:,} {'error' if errors == 1 else 'errors'}")
    return {"done": done, "total": total, "figures": " · ".join(figures)}


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 1 else "under 1 s"
    minutes, hours = seconds / 60, seconds / 3600
    return f"{minutes:.0f} min" if minutes < 100 else f"{hours:.1f} h"


def _row(run: ColumnRun, row: int, cells: Mapping[str, list[str]]) -> dict[str, Any]:
    result = run.results.get(row)
    sure = sureness(result)
    return {
        "row": row + 1,
        "cells": [_shortened(texts[row]) for texts in cells.values()],
        "answer": None if result is None or result.error else _shortened(result.text),
        "error": "" if result is None else _shortened(result.error),
        "is_cut": result is not None and not result.error and result.finish_reason == "length",
        "sure": None if sure is None else round(100 * sure),
    }


def _shortened(text: str) -> str:
    text = encodable(text[: _SHOWN_CHARS + 1])
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"
