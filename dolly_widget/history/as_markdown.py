"""An exchange as Markdown that keeps to its place, whatever is in its texts. Knows nothing of files or histories."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields
from typing import Any

from dolly_widget.history.answer_markdown import harmless_markdown
from dolly_widget.history.exchange import Exchange
from dolly_widget.sampling import SETTINGS
from dolly_widget.text import Turn, visible_name

_OFF = {name: setting.off for name, setting in SETTINGS.items()}


def to_markdown(number: int, exchange: Exchange, after: int | None = None) -> str:
    """An exchange as a chapter of a Markdown document, with its number and the facts about its answer.

    ``after`` is the place of the exchange that its chat goes on from, counted from 0: the turns stand there already.
    """
    parts = [_heading(number, exchange.label), *_said_before(number, exchange, after)]
    parts += ["**System prompt**", quoted(exchange.system)] if exchange.system.strip() else []
    parts += _asked_markdown(exchange.instruction, exchange.context)
    result = exchange.result
    parts += ["**Reasoning**", quoted(result.reasoning)] if result.reasoning else []
    parts += ["**Answer**", _answer_markdown(result.text), _facts_markdown(exchange)]
    return "\n\n".join(parts)


def _heading(number: int, label: str) -> str:
    return f"## {number} · {label if _is_plain(label) else _code(visible_name(label))}" if label else f"## {number}"


def _is_plain(text: str) -> bool:
    """Whether no reader of Markdown can take it for anything else: letters, digits, and what cannot begin a mark."""
    return all(sign in " ,;?!'" or unicodedata.category(sign)[0] in "LMN" for sign in text)


def _said_before(number: int, exchange: Exchange, after: int | None) -> list[str]:
    if after is None:
        return [_turn_markdown(turn) for turn in exchange.turns]
    return [] if after == number - 2 else [f"*Goes on from answer {after + 1}.*"]


def _turn_markdown(turn: Turn) -> str:
    earlier = [*_asked_markdown(turn.instruction, turn.context), "**Answer**", _answer_markdown(turn.answer)]
    return "\n\n".join(["**Earlier in this chat**", *earlier])


def _asked_markdown(instruction: str, context: str) -> list[str]:
    parts = ["**Instruction**", quoted(instruction)]
    return [*parts, "**Context**", quoted(context)] if context.strip() else parts


def quoted(text: str) -> str:
    """``text`` in a fence that it cannot close: a longer one than any row of backticks in it."""
    fence = "`" * max(3, _longest_row(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def _longest_row(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _code(text: str) -> str:
    """``text`` in one line of code; a row of backticks in it cannot end it."""
    line = " ".join(text.split())
    ticks = "`" * (_longest_row(line) + 1)
    return f"{ticks} {line} {ticks}" if "`" in line else f"`{line}`" if line else ""


def _answer_markdown(text: str) -> str:
    return harmless_markdown(text) or quoted(text)


def _facts_markdown(exchange: Exchange) -> str:
    names = [_code(visible_name(exchange.model_name))] if exchange.model_name else []
    names += [_code(exchange.setup.device)] if exchange.setup is not None else []
    values = {field.name: getattr(exchange.params, field.name) for field in fields(exchange.params)}
    settings = [f"{name} {_value(value)}" for name, value in values.items() if name != "seed" and value != _OFF[name]]
    times = [f"{exchange.time_text[:16].replace('T', ' ')} UTC"] if exchange.time_text else []
    return f"*{' · '.join([*names, ', '.join(settings), exchange.result.statistics, *times])}*"


def _value(value: Any) -> str:
    """The value of a setting; texts, which may be anything, as code."""
    return ", ".join(_code(repr(text)) for text in value) if isinstance(value, tuple) else str(value)
