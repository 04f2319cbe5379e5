"""How candidates are shown: columns, figures in words, lengths of bars; and all of it as safe HTML, for any page.

Pure. `candidates` has the data; the widget draws the same table in the page.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dolly_widget.lens.candidates import Candidate, Candidates
from dolly_widget.sampling import CONFIDENCE, SETTINGS, SamplingParams, shaping
from dolly_widget.text import Label, output_html, percent

# Lengths that a whole bar may stand for: a round one says more than the largest probability.
_SCALES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Column:
    """A column's heading, and what its figures are."""

    name: str
    help: str


_COLUMNS = (
    Column("Model alone", "The model's own probability: temperature 1, no penalties, no filters."),
    Column("Before filters", "Probability after penalties and temperature, before top-k, top-p and min-p."),
    Column(
        "Cumulative",
        "Sum of the probabilities down to this row, of the tokens that top-k keeps: top-p is compared with it.",
    ),
    Column("Drawn with", "Probability of being drawn, after all settings; or what cut the token."),
)


def _draws_column(total: int) -> Column:
    return Column(f"In {_times(total)}", "How often it was drawn; the mark shows the expected number.")


@dataclass(frozen=True)
class Cell:
    """A figure, and the bar beside it."""

    text: str
    length: float | None = None
    """Of the bar, 0 to 1; None if there is none."""
    tick: float | None = None
    """Where the bar would end if it were as expected, 0 to 1."""
    title: str = ""
    """More about it, for those who ask."""
    is_words: bool = False
    """Whether it is no figure."""


@dataclass(frozen=True)
class Row:
    """A candidate."""

    rank: str
    name: str
    token_id: int
    is_special: bool
    cut_by: str
    is_drawn: bool
    cells: tuple[Cell, ...]
    word: str = ""
    """The likeliest whole word that it is a part of; "" where it is none."""
    is_written: bool = False
    """Whether it is the one that stands in an answer there."""


@dataclass(frozen=True)
class Table:
    """What is to be shown, in the order of reading."""

    summary: str
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    others: str
    """What the last row is about; "" if there is none."""
    others_cells: tuple[Cell, ...]


def table(
    candidates: Candidates,
    *,
    drawn_id: int | None = None,
    written_id: int | None = None,
    asked: SamplingParams | None = None,
    words: Mapping[int, str] = MappingProxyType({}),
    limits: str = "",
) -> Table:
    """Say how to show ``candidates``, with the token ``drawn_id`` as the one that was drawn.

    ``written_id`` is the one that stands in an answer there.
    ``asked`` are the settings that a user made, if the engine makes something else of them: a note says so. ``words``
    are the whole words that tokens are a part of, by id, as ``whole_words`` finds them. ``limits`` says what is not
    known of the probabilities.
    """
    whole = _scale(candidates)
    others, draws = candidates.others, candidates.draws
    total = None if draws is None else draws.total
    columns = _COLUMNS if total is None else (*_COLUMNS, _draws_column(total))
    rows = tuple(
        Row(
            rank=f"{row.rank:,}",
            name=row.label.name,
            token_id=row.token_id,
            is_special=row.label.is_special,
            cut_by=row.cut_by,
            is_drawn=row.token_id == drawn_id,
            cells=tuple(_cells(row, whole, total)),
            word=words.get(row.token_id, ""),
            is_written=row.token_id == written_id,
        )
        for row in candidates.rows
    )
    rest = (percent(others.model), percent(others.before), "", percent(others.after))
    counts = () if others.draws is None else (f"{others.draws:,}",)
    return Table(
        summary=summary(candidates, asked),
        notes=(*_draws_note(candidates), *_bound_note(candidates, asked), *_scale_note(whole), *filter(None, [limits])),
        columns=columns,
        rows=rows,
        others=_others(candidates) if others.count else "",
        others_cells=tuple(Cell(text) for text in (*rest, *counts)),
    )


def _cells(row: Candidate, whole: float, total: int | None) -> Iterator[Cell]:
    yield Cell(percent(row.model), row.model / whole)
    yield Cell(percent(row.before), row.before / whole)
    # Beyond the border, only a figure: long bars there would draw the eye to what is cut.
    yield Cell(percent(row.cumulative), min(1.0, row.cumulative) if row.is_kept else None)
    yield (
        Cell(f"✕ {_REASONS.get(row.cut_by, f'cut by {row.cut_by}')}", is_words=True)
        if row.cut_by
        else Cell(percent(row.after), row.after / whole)
    )
    if total is not None and row.draws is not None:
        title = f"{row.after * total:,.1f} expected"
        length, tick = min(1.0, row.draws / total / whole), row.after / whole
        yield Cell(f"{row.draws:,}", length, tick, title) if row.is_kept else Cell("0")


_REASONS = {"greedy": "not the first", "probability 0": "probability 0"}


def _scale(candidates: Candidates) -> float:
    largest = max((max(row.model, row.before, row.after) for row in candidates.rows), default=1.0)
    return next(scale for scale in _SCALES if scale >= min(largest, 1.0))


def _others(candidates: Candidates) -> str:
    count, kept = candidates.others.count, candidates.others.kept
    name = "1 other" if count == 1 else f"{count:,} others"
    return f"… {name}" if kept == 0 else f"… {name}, {kept:,} of them kept"


def summary(candidates: Candidates, asked: SamplingParams | None = None) -> str:
    """One line: how many tokens can be drawn, the entropy, the settings; as they were ``asked``, if that is told."""
    can = f"{candidates.kept:,} of {candidates.vocab_size:,} tokens can be drawn"
    return " · ".join([can, f"entropy {candidates.entropy:.2f} bits", *_settings(asked or candidates.params)])


def _settings(params: SamplingParams) -> Iterator[str]:
    """What shapes the probabilities, in words; settings that are off are left out."""
    for name, value in shaping(params).items():
        setting = SETTINGS[name]
        if name == "temperature":
            yield "greedy" if params.is_greedy else setting.in_words(value)
        elif value != setting.off and (setting.counts_when_greedy or not params.is_greedy):
            yield setting.in_words(value)


def _draws_note(candidates: Candidates) -> Iterator[str]:
    draws = candidates.draws
    if draws is None:
        return
    largest = f"{100 * draws.largest_difference:.1f} percentage points"
    chance = f"{100 * draws.expected_difference:.1f}"
    yield (
        f"{_times(draws.total).capitalize()}: the largest difference between frequency and probability is {largest}; "
        f"by chance alone it is at most {chance} in {100 * CONFIDENCE:.0f} of 100 repetitions. "
        "A mark shows where each bar is expected to end."
    )


def _bound_note(candidates: Candidates, asked: SamplingParams | None) -> Iterator[str]:
    bound = candidates.params.top_k
    if asked is not None and asked.top_k != bound and 0 < bound < candidates.vocab_size:
        yield f"This engine never draws from more than the {bound:,} likeliest tokens."


def _scale_note(whole: float) -> Iterator[str]:
    if whole < 1:
        yield f"A full bar is {whole:.0%}; in the cumulative column, 100%."


def _times(total: int) -> str:
    return f"{total:,} {'draw' if total == 1 else 'draws'}"


def quoted(label: Label) -> str:
    """A token in a sentence, its spaces as they are: for screen readers too."""
    return f"“{label.name if label.is_special else label.text.rstrip(chr(10))}”"


# Static HTML


def candidates_to_html(candidates: Candidates, *, drawn_id: int | None = None) -> str:
    """The candidates as a table of safe HTML, its styles inside: for a saved page or a script without a front end."""
    shown = table(candidates, drawn_id=drawn_id)
    names = ("#", "Token", *(column.name for column in shown.columns))
    head = "".join(f'<th scope="col" style="{_HEAD}">{_text(name)}</th>' for name in names)
    notes = "".join(f'<p style="margin: 4px 0; font-size: 12px">{_text(note)}</p>' for note in shown.notes)
    return output_html(
        f'<div style="font-family: system-ui, sans-serif; font-size: 13px">'
        f'<table style="border-collapse: collapse; font-variant-numeric: tabular-nums">'
        f'<caption style="text-align: left; padding: 4px 0">{_text(shown.summary)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(_html_rows(shown))}</tbody></table>{notes}</div>"
    )


_HEAD = "text-align: left; padding: 2px 8px; border-bottom: 1px solid #999; font-weight: 600"
_CELL = "text-align: left; padding: 2px 8px; white-space: nowrap"
_BORDER = "border-top: 2px solid currentColor"
_KEPT = "#0072b2"
_CUT = "repeating-linear-gradient(135deg, #888 0 2px, transparent 2px 5px)"


def _html_rows(shown: Table) -> Iterator[str]:
    was_cut = not shown.rows or bool(shown.rows[0].cut_by)
    for row in shown.rows:
        style = _BORDER if row.cut_by and not was_cut else ""
        was_cut = bool(row.cut_by)
        name = f"<bdi>{_text(row.name)}</bdi>"
        name = name if row.cut_by else f"<b>{name}</b>"
        drawn = " ← drawn" if row.is_drawn else ""
        cells = "".join(_html_cell(cell, row.cut_by) for cell in row.cells)
        yield (
            f'<tr style="{style}"><td style="{_CELL}">{_text(row.rank)}</td>'
            f'<th scope="row" title="id {row.token_id}" style="{_CELL}; font-weight: 400">{name}{drawn}</th>'
            f"{cells}</tr>"
        )
    if shown.others:
        cells = "".join(_html_cell(cell, "") for cell in shown.others_cells)
        yield f'<tr><td></td><th scope="row" style="{_CELL}; font-weight: 400">{_text(shown.others)}</th>{cells}</tr>'


def _html_cell(cell: Cell, cut_by: str) -> str:
    bar = ""
    if cell.length:
        background = _CUT if cut_by else _KEPT
        size = f"display: inline-block; height: 9px; margin-right: 6px; width: {max(1.0, 90 * cell.length):.1f}px"
        bar = f'<span style="{size}; background: {background}"></span>'
    title = f' title="{_text(cell.title)}"' if cell.title else ""
    return f'<td style="{_CELL}"{title}>{bar}{_text(cell.text)}</td>'


def _text(text: Any) -> str:
    return html.escape(str(text))
