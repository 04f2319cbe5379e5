"""What a comparison came to, as plain values, and how it is shown: as data, as text, as HTML. Runs nothing.

What a model wrote is shown, never obeyed. All styles are inline, so that any front end shows the table, also in a saved
notebook; colours are tints of what the page has, so that it suits a light one and a dark one.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from dolly_widget.engines import GenerationResult
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import in_bytes, number, output_html, visible, visible_lines

_UNKNOWN = "–"
SERVER = "server"
"""The precision of a model that another machine runs: it is not known here."""


@dataclass(frozen=True)
class ComparisonRow:
    """One answer, what gave it, and how it compares with the first."""

    label: str
    """What differs from the other rows: "temperature 0.2", "INT4"."""
    model: str
    """"demo", a model's id, or the name of its directory."""
    precision: str
    """What most weights are stored in: "INT8", "INT4", "FP16"; "server" where they are a server's."""
    device: str
    engine: str
    params: SamplingParams
    result: GenerationResult | None
    """None where there is an error. The time to first token in it may be that of a prompt that was known already."""
    tokens: tuple[str, ...]
    """What each token adds to the text: "" for special ones, and for all but the last that share a character."""
    first_difference: int | None
    """Place of the first token that is not as in the first answer, counted from 0; None where all are."""
    compared_by: str
    """"tokens"; "characters" where the tokenizer is not that of the first answer."""
    departure: str
    """The difference in words; "" for the first answer."""
    ttft_s: float
    """Time to first token of the model: median seconds for prompts as long as this one and unlike any before."""
    size_bytes: int | None
    """Size of the weights on disk; None where they are a server's."""
    memory_bytes: int | None
    """Private memory of the process that the model took; None where that is not known, as for an engine given."""
    error: str = ""
    """Why there is no answer."""
    speed_alone: float | None = None
    """Of an answer that was written together with others of its model: ``tokens_per_s`` of one that was written alone.
    None where this one was."""

    @property
    def tokens_per_s(self) -> float:
        """Tokens per second after the first one, of an answer alone: this one's, or else ``speed_alone``.

        NaN where there was no second token.
        """
        if self.result is None:
            return math.nan
        return self.result.tokens_per_s if self.speed_alone is None else self.speed_alone

    @property
    def text(self) -> str:
        """The answer."""
        return self.result.text if self.result else ""

    def as_dict(self) -> dict[str, Any]:
        """The row for JSON or a data frame: one level, the settings by their names, None where there is no number."""
        result, fields = self.result, asdict(self)
        del fields["params"], fields["result"]
        fields |= asdict(self.params) | {"tokens": list(self.tokens), "tokens_per_s": self.tokens_per_s}
        fields |= {"text": self.text, "new_tokens": result.new_tokens if result else None}
        fields |= {"finish_reason": result.finish_reason if result else None}
        return {
            name: None if isinstance(value, float) and math.isnan(value) else value for name, value in fields.items()
        }


@dataclass(frozen=True)
class Comparison:
    """Answers to one instruction, side by side. A notebook shows it as a table, ``print`` as text."""

    instruction: str
    context: str
    seed: int
    """The seed of all rows whose settings name no other, and which are not greedy."""
    rows: tuple[ComparisonRow, ...]

    def as_dicts(self) -> list[dict[str, Any]]:
        """A dictionary for each row, for JSON or ``pandas.DataFrame``.

        Texts are as they were: in a CSV file of them, a cell can begin with ``=``, which a spreadsheet computes.
        """
        return [row.as_dict() for row in self.rows]

    def __repr__(self) -> str:
        # The same in every run: nbval compares it.
        return f"Comparison({self.instruction!r}, {len(self.rows)} {'row' if len(self.rows) == 1 else 'rows'})"

    @property
    def _origin(self) -> str:
        return "greedy" if all(row.params.is_greedy for row in self.rows) else f"seed {self.seed}"

    def __str__(self) -> str:
        """A table of the figures, and the answers below it."""
        lines = [("", *(title for title, _ in _FIGURES))]
        lines += [(visible(row.label), *(show(row) for _, show in _FIGURES)) for row in self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = "\n".join(_line(line, widths) for line in lines)
        answers = "\n\n".join(_as_text(row) for row in self.rows)
        asked, notes = visible_lines(self.instruction), " ".join(_notes(self.rows))
        return f"{asked} ({self._origin})\n\n{table}\n\n{answers}\n\n{notes}"

    def _repr_html_(self) -> str:
        """The table, safe to insert in a page."""
        return output_html(
            f'<div class="dolly-comparison" style="overflow-x: auto; color: inherit"><table style="{_TABLE}">'
            f'<caption style="{_CAPTION}"><b dir="auto">{_escaped(self.instruction)}</b>'
            f' <span style="{_QUIET}; white-space: nowrap">{self._origin}</span></caption>'
            f"{_html_head()}<tbody>{''.join(_html_rows(self.rows))}</tbody></table>"
            f'<div style="{_NOTE}">{html.escape(" ".join(_notes(self.rows)))}</div></div>'
        )


def _bytes(count: int | None) -> str:
    return _UNKNOWN if count is None else in_bytes(count)


def _time(seconds: float) -> str:
    if math.isnan(seconds):
        return _UNKNOWN
    return f"{seconds:.2f} s" if seconds >= 1 else f"{number(seconds * 1000)} ms"


def _speed(row: ComparisonRow) -> str:
    return _UNKNOWN if math.isnan(row.tokens_per_s) else number(row.tokens_per_s)


# Of an answer; and of a model, which are the same for all settings.
_Show = Callable[[ComparisonRow], str]
_OF_AN_ANSWER: tuple[tuple[str, _Show], ...] = (
    ("tokens", lambda row: f"{row.result.new_tokens:,}" if row.result else _UNKNOWN),
    ("tokens/s", _speed),
)
_OF_A_MODEL: tuple[tuple[str, _Show], ...] = (
    ("first token", lambda row: _time(row.ttft_s)),
    ("size", lambda row: _bytes(row.size_bytes)),
    ("memory", lambda row: _bytes(row.memory_bytes)),
)
_FIGURES = (*_OF_AN_ANSWER, *_OF_A_MODEL)


def _model(row: ComparisonRow) -> tuple[object, ...]:
    """What rows of one loaded model have in common."""
    return row.model, row.precision, row.device, row.engine, str(row.ttft_s), row.size_bytes, row.memory_bytes


def _notes(rows: Sequence[ComparisonRow]) -> Iterator[str]:
    """How to read the figures."""
    yield (
        "First token: the model's median time for new prompts of this length. "
        "Memory: what the model added to this process."
    )
    if any(row.precision == SERVER for row in rows):
        yield "Of a server, times are measured here, network included; that to the first token is the answer's own."
    if any(row.speed_alone is not None for row in rows):
        yield "Tokens/s: of an answer written alone; those that were then written together have the figure of that one."
    if any(row.memory_bytes is None for row in rows):
        yield f"{_UNKNOWN} means unknown."
    if any(row.compared_by == "characters" for row in rows):
        yield "Answers of models with another tokenizer than the first one's are compared by their characters."
    if any(row.model == "demo" for row in rows):
        yield "The demonstration model is tiny: its figures and answers say nothing about a large one."


def _remarks(row: ComparisonRow) -> str:
    """Remarks on an answer beside its text."""
    cut = "cut at max_new_tokens" if row.result and row.result.finish_reason == "length" else ""
    notes = row.result.notes if row.result else ()
    return " · ".join(part for part in (row.departure, cut, *notes) if part)


# --- text -----------------------------------------------------------------------------------------------------------


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = cells
    aligned = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
    return "  ".join(aligned).rstrip()


def _as_text(row: ComparisonRow) -> str:
    remarks = _remarks(row)
    heading = visible_lines(row.label + (f" ({remarks})" if remarks else ""))
    body = row.error or row.text or "(nothing)"
    return "\n".join([heading, *(f"  {line}" for line in visible_lines(body).splitlines())])


# --- HTML -----------------------------------------------------------------------------------------------------------

_LINE = "1px solid rgba(128, 128, 128, 0.35)"
_CELL = f"padding: 6px 10px; border: 0; border-bottom: {_LINE}; vertical-align: top; color: inherit; background: none"
_PLAIN = "background: none; color: inherit"
_TABLE = (
    "border-collapse: collapse; border: 0; margin: 0; width: 100%; max-width: 1100px; table-layout: auto; "
    "color: inherit; font-size: 13px; line-height: 1.5"
)
_CAPTION = "caption-side: top; text-align: start; padding: 2px 10px 6px; color: inherit; font-size: 14px"
_HEAD = f"{_CELL}; text-align: right; font-weight: 600; white-space: nowrap"
_WIDE = "; text-align: start; width: 100%; min-width: 22em"
_LABEL = f"{_CELL}; text-align: left; font-weight: 600; white-space: nowrap"
_ANSWER = f"{_CELL}; text-align: start; min-width: 22em"
_NUMBER = f"{_CELL}; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums"
_QUIET = "opacity: 0.7"
_TEXT = "white-space: pre-wrap; overflow-wrap: anywhere"
_NOTE = "max-width: 1080px; padding: 6px 10px; font-size: 12px; line-height: 1.4; opacity: 0.7; color: inherit"
# A frame too: colour alone would not do for all readers.
_MARK = (
    "color: inherit; background: rgba(230, 159, 0, 0.25); outline: 1.5px solid rgb(200, 130, 0); border-radius: 2px; "
    "padding: 0 1px; margin: 0 1px"
)


def _html_head() -> str:
    heads = "".join(
        f'<th scope="col" style="{_HEAD}{_WIDE if title == "answer" else ""}">{title}</th>'
        for title in ("answer", *(title for title, _ in _FIGURES))
    )
    return f'<thead><tr style="{_PLAIN}"><td style="{_CELL}"></td>{heads}</tr></thead>'


def _html_rows(rows: Sequence[ComparisonRow]) -> Iterator[str]:
    for _, group in groupby(rows, _model):
        of_one_model = list(group)
        for index, row in enumerate(of_one_model):
            cells = "".join(_figure(show(row)) for _, show in _OF_AN_ANSWER)
            if index == 0:
                span = f' rowspan="{len(of_one_model)}"' if len(of_one_model) > 1 else ""
                cells += "".join(_figure(show(row), span) for _, show in _OF_A_MODEL)
            label = _escaped(row.label).replace(", ", ",<br>")
            head = f'<th scope="row" style="{_LABEL}">{label}</th>'
            yield f'<tr style="{_PLAIN}">{head}<td style="{_ANSWER}">{_answer(row)}</td>{cells}</tr>'


def _figure(shown: str, span: str = "") -> str:
    return f'<td{span} style="{_NUMBER}">{html.escape(shown)}</td>'


def _answer(row: ComparisonRow) -> str:
    remarks = _remarks(row)
    below = f'<div style="{_QUIET}; font-size: 12px; margin-top: 2px">{_escaped(remarks)}</div>' if remarks else ""
    if row.error:
        return f'<div style="{_TEXT}"><b>No answer:</b> {_escaped(row.error)}</div>'
    body = _marked(row) if row.departure else _escaped(row.text)
    return f'<div dir="auto" style="{_TEXT}">{body or "(nothing)"}</div>{below}'


def _marked(row: ComparisonRow) -> str:
    """The answer, quiet as far as it is as the first one, and the token framed in which it departs."""
    common, token, rest = _parts(row.tokens, row.first_difference)
    quiet = f'<span style="{_QUIET}">{_escaped(common)}</span>' if common else ""
    if row.first_difference is None:
        return quiet
    # The sign stays at a line break: without it, the frame would be empty.
    shown = (
        html.escape(visible(token)) if token else f"<i>{'end' if row.first_difference < len(row.tokens) else 'cut'}</i>"
    )
    return f'{quiet}<mark style="{_MARK}">{shown}</mark>{_escaped(rest)}'


def _parts(tokens: Sequence[str], place: int | None) -> tuple[str, str, str]:
    """The text before the token at a place, that token's, and the text after it."""
    if place is None:
        return "".join(tokens).rstrip(), "", ""
    # What shares a character is shown with the last that does.
    end = next((index for index in range(place, len(tokens)) if tokens[index]), len(tokens))
    return "".join(tokens[:place]), "".join(tokens[place : end + 1]), "".join(tokens[end + 1 :]).rstrip()


def _escaped(text: str) -> str:
    return html.escape(visible_lines(text))
