"""A history: exchanges in their order, to be searched and taken elsewhere as JSON, Markdown or a table. Shows nothing.

What is read from JSON is untrusted: it becomes plain values or an error, and nothing in it is ever run.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from dolly_widget.history.as_json import from_data, to_data
from dolly_widget.history.as_markdown import to_markdown
from dolly_widget.history.chats import SharedTurns, places_before
from dolly_widget.history.exchange import Exchange
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Turn, encodable, parse_json, visible

__all__ = ["Exchange", "History", "Turn"]

KIND = "dolly_widget.history"
VERSION = 1
"""Of the JSON; raised when an older reader would misread it."""


class History(tuple[Exchange, ...]):
    """Exchanges, the oldest first. ``DollyWidget(history=history)`` continues it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} exchange{'' if len(self) == 1 else 's'})"

    def search(self, text: str) -> History:
        """Those that hold all words of ``text``, or parts of words, in any case.

        They may be in label, instruction, context or answer.
        """
        words = text.casefold().split()
        return History(each for each in self if has_words(each, words))

    def to_json(self) -> str:
        """All of every exchange as JSON, in ASCII, for ``from_json``: texts, settings, token ids, times, what answered.

        Each exchange is a line. Times are in seconds; one that was never taken is null.
        """
        pairs = zip(self, places_before(self), strict=True)
        lines = ",\n".join(json.dumps(to_data(*pair), allow_nan=False) for pair in pairs)
        return f'{{"kind": "{KIND}", "version": {VERSION}, "exchanges": [\n{lines}\n]}}\n'

    @classmethod
    def from_json(cls, source: str | Path) -> History:
        """The history of a ``to_json`` text, or of the file of a Path. Raises ValueError for anything else.

        Settings of an earlier version that are out of today's range stay as they were: they are what the answer was
        written with. To ask again with them is refused, in a sentence that names the range.
        """
        name = str(source) if isinstance(source, Path) else "This text"
        data = _parsed(_read(source) if isinstance(source, Path) else source, name)
        exchanges: list[Exchange] = []
        turns = SharedTurns(exchanges)
        for number, each in enumerate(data, 1):
            try:
                exchanges.append(from_data(each, turns.read))
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as exc:
                raise ValueError(
                    f"{name} is damaged at exchange {number} ({_reason(exc)}): export the history again."
                ) from exc
        return cls(exchanges)

    def to_markdown(self) -> str:
        """A document to read: answers in their own Markdown, instructions and contexts quoted as they were typed.

        Nothing breaks out. Images become links, and headings stand below those of the document. An answer that cannot
        be made harmless so is quoted too: one with HTML, links to other than pages and addresses for mail, an unclosed
        fence, or what a reader such as JupyterLab would take for a formula.
        """
        pairs = zip(self, places_before(self), strict=True)
        parts = [to_markdown(number, *pair) for number, pair in enumerate(pairs, 1)]
        return encodable("\n\n".join(["# History", *parts])) + "\n"

    def to_dataframe(self) -> Any:
        """A ``pandas.DataFrame``: a row for each exchange, times in seconds. Raises ImportError without pandas.

        Texts are as they were, but for lone surrogates, which become U+FFFD. A cell can begin with ``=``, ``+``, ``-``
        or ``@``, and a spreadsheet that opens the file of ``to_csv`` computes it: import such columns as text. Jupyter
        shows what is between two ``$`` of a cell as a formula, unless ``pandas.options.display.html.use_mathjax`` is
        False.
        """
        try:
            import pandas
        except ImportError as exc:
            raise ImportError(
                "A DataFrame needs pandas, which is not installed: run  python -m pip install pandas"
            ) from exc
        return pandas.DataFrame([_row(each) for each in self], columns=_COLUMNS)


def has_words(exchange: Exchange, words: list[str]) -> bool:
    """Whether all of ``words``, case-folded, are somewhere in label, instruction, context or answer."""
    if not words:
        return True
    text = "\n".join((exchange.label, exchange.instruction, exchange.context, exchange.result.text)).casefold()
    return all(word in text for word in words)


# JSON

_REASON_CHARS = 200


def _read(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, RuntimeError) as exc:  # RuntimeError: "~nobody", whose home is not known
        reason = getattr(exc, "strerror", None) or str(exc).rstrip(".")
        raise ValueError(f"{path} cannot be read ({reason}): give the path of a file that to_json wrote.") from exc
    except UnicodeDecodeError as exc:
        raise _other_kind(str(path)) from exc


def _reason(exc: Exception) -> str:
    """What is wrong, in one line; what it quotes of the file may be anything, of any length."""
    if isinstance(exc, RecursionError):
        return "a value is nested too deeply"
    text = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc).rstrip(".")
    line = visible(" ".join(text[: 2 * _REASON_CHARS].split()))
    return line if len(line) <= _REASON_CHARS else f"{line[: _REASON_CHARS - 1]}…"


def _parsed(text: str, name: str) -> list[Any]:
    """The exchanges, still unchecked."""
    try:
        data = parse_json(text, parse_constant=_refuse_constant)
    except ValueError as exc:
        raise _other_kind(name) from exc
    if not isinstance(data, dict) or data.get("kind") != KIND or not isinstance(data.get("version"), int):
        raise _other_kind(name)
    if data["version"] > VERSION:
        raise ValueError(
            f"{name} was written by a newer dolly-widget (format {data['version']}, this one knows {VERSION}): "
            "run  python -m pip install --upgrade dolly-widget"
        )
    exchanges = data.get("exchanges")
    if not isinstance(exchanges, list):
        raise ValueError(f"{name} is damaged (it holds no list of exchanges): export the history again.")
    return exchanges


def _other_kind(name: str) -> ValueError:
    return ValueError(f"{name} is not a complete history: give the output of History.to_json, or the Path of its file.")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# The table

_SETUP = ("revision", "weight_format", "device", "engine", "template_name")
_PARAMS = tuple(field.name for field in fields(SamplingParams) if field.name != "seed")
_RESULT = (
    *("seed", "prompt_tokens", "prefix_tokens", "new_tokens", "finish_reason"),
    *("ttft_s", "tpot_s", "tokens_per_s"),
)
_COLUMNS = (
    *("instruction", "context", "system", "answer", "earlier_turns", "label", "answered_at", "model"),
    *(*_SETUP, *_PARAMS, *_RESULT),
)


def _row(exchange: Exchange) -> tuple[Any, ...]:
    """The values of ``_COLUMNS``; None if there is none."""
    values = (
        *(exchange.instruction, exchange.context, exchange.system, exchange.result.text, len(exchange.turns)),
        *(exchange.label, exchange.answered_at, exchange.model_name or None),
        *(getattr(exchange.setup, name, None) or None for name in _SETUP),
        *(getattr(exchange.params, name) for name in _PARAMS),
        None if exchange.params.is_greedy else exchange.result.seed,
        *(getattr(exchange.result, name) for name in _RESULT[1:]),
    )
    # Arrow, which pandas has its texts in, refuses a lone surrogate.
    return tuple(encodable(each) if isinstance(each, str) else each for each in values)
