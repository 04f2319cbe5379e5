"""An exchange as Markdown that keeps to its place, whatever is in its texts. Knows nothing of files or histories."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from dolly_widget.history.exchange import Exchange
from dolly_widget.text import Turn, visible_name


def to_markdown(number: int, exchange: Exchange, before: Exchange | None = None) -> str:
    """An exchange as a chapter of a Markdown document, with its number and the facts about its answer.

    The turns of a chat that goes on from the exchange ``before`` stand there already.
    """
    goes_on = before is not None and exchange.turns == before.turns_after
    parts = [f"## {number}", *(() if goes_on else (_turn_markdown(turn) for turn in exchange.turns))]
    parts += _asked_markdown(exchange.instruction, exchange.context)
    parts += ["**Answer**", _answer_markdown(exchange.result.text), _facts_markdown(exchange)]
    return "\n\n".join(parts)


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
    return text if text.strip() and _is_harmless(text) else quoted(text)


def _is_harmless(text: str) -> bool:
    """Whether a Markdown text has no HTML, links to pages and addresses only, and is at its end when it ends."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    # Else what it does not like is not told from text, and other readers may like it.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    end = "end of the answer"
    environment: dict[str, Any] = {}
    blocks = parser.parse(f"{text}\n\n{end}", environment)
    if environment.get("references"):  # they would hold for other answers too
        return False
    if len(blocks) < 3 or (blocks[-3].level, blocks[-2].content) != (0, end):
        return False
    return all(_is_harmless_token(each) for block in blocks for each in (block, *(block.children or ())))


def _is_harmless_token(token: Any) -> bool:
    url = str(token.attrGet("href") or token.attrGet("src") or "")
    has_scheme = re.match(r"[^/?#]*:|[^/?#]*%3a", url, re.IGNORECASE)
    is_link_to_page = not has_scheme or re.match(r"(https?|mailto):", url, re.IGNORECASE)
    return token.type not in ("html_block", "html_inline") and bool(is_link_to_page)


def _facts_markdown(exchange: Exchange) -> str:
    names = [_code(visible_name(exchange.model_name))] if exchange.model_name else []
    names += [_code(exchange.setup.device)] if exchange.setup is not None else []
    values = {field.name: getattr(exchange.params, field.name) for field in fields(exchange.params)}
    settings = [f"{name} {_value(value)}" for name, value in values.items() if name != "seed" and value != ()]
    return f"*{' · '.join([*names, ', '.join(settings), exchange.result.statistics])}*"


def _value(value: Any) -> str:
    """The value of a setting; texts, which may be anything, as code."""
    return ", ".join(_code(repr(text)) for text in value) if isinstance(value, tuple) else str(value)
