"""Single tokens as a reader can tell them apart: spaces, line breaks and half characters are shown. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from dolly_widget.tokens import REPLACEMENT, Tokenizer, encodable

# Embeddings, overrides and isolates reorder what the reader sees. The harmless marks (LRM, RLM, ALM) stay.
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NEW_LINE = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"
_SPACES = {" ": "\N{OPEN BOX}", "\n": _NEW_LINE, "\t": "\N{RIGHTWARDS ARROW TO BAR}"}
# What has neither ink nor width by its category, and the letters and signs that are blank all the same.
_UNSEEN = {"Cf", "Cn", "Co", "Zl", "Zp", "Zs"}
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
# Shown by their numbers, as we show something else with them.
_OURS = re.compile("[\u2400-\u2426\u21b5\u21e5\u25cc\u27e8\u27e9\ufffd]")
_BRACKETS = "\N{MATHEMATICAL LEFT ANGLE BRACKET}{}\N{MATHEMATICAL RIGHT ANGLE BRACKET}"


class Label(NamedTuple):
    """A token as it is shown."""

    text: str
    """In a running text: spaces as they are, signs for what would move what is beside it, bytes in brackets."""
    name: str
    """By itself: its spaces are signs as well."""
    is_special: bool
    """Whether it is a control token, or has no text at all."""


def token_label(tokenizer: Tokenizer, token_id: int) -> Label:
    """How to show a token. Ids that have no text, as those that fill up a vocabulary, are shown as such."""
    text = tokenizer.token_text(token_id) if tokenizer.has_token(token_id) else ""
    if not text:
        nothing = _BRACKETS.format(f"id {token_id}")
        return Label(nothing, nothing, True)
    raw = tokenizer.token_bytes(token_id) if REPLACEMENT in text else None
    if raw is not None:
        text = raw.decode("utf-8", "surrogateescape")
    return Label(_with_bytes(text, visible), _with_bytes(text, _signs), tokenizer.is_special(token_id))


def _with_bytes(text: str, show: Callable[[str], str]) -> str:
    """Whole characters as ``show`` has them; bytes of halves, escaped, as two hexadecimal digits each, in brackets."""
    parts = re.split("([\udc80-\udcff]+)", text)
    return "".join(_hex(part) if index % 2 else show(part) for index, part in enumerate(parts))


def visible(text: str) -> str:
    """The text with signs for what could not be seen, or would move what is beside it; a line break stays one."""
    text = CONTROL.sub(_picture, encodable(text)).replace("\r", "\N{SYMBOL FOR CARRIAGE RETURN}")
    text = REORDERING.sub(lambda found: _code_point(found[0]), text)
    return text.replace("\n", f"{_NEW_LINE}\n")


def _picture(control: re.Match[str]) -> str:
    """Unicode's picture of a control character; U+FFFD for those that have none."""
    return chr(0x2400 + ord(control[0])) if control[0] < " " else REPLACEMENT


def _signs(text: str) -> str:
    return "".join(_sign(character, before) for before, character in zip(f" {text}", text, strict=False))


def _sign(character: str, before: str) -> str:
    if character in _SPACES:
        return _SPACES[character]
    category = unicodedata.category(character)
    if category in _UNSEEN or character in _BLANK or _OURS.match(character) or "\x7f" <= character <= "\x9f":
        return _BRACKETS.format(_code_point(character))
    # A mark by itself would sit on what is before it.
    is_alone = category.startswith("M") and unicodedata.category(before)[0] not in "LMNPS"
    return f"\N{DOTTED CIRCLE}{character}" if is_alone else visible(character)


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


def _hex(escaped: str) -> str:
    return _BRACKETS.format(escaped.encode("utf-8", "surrogateescape").hex(" ").upper())


def percent(share: float) -> str:
    """A share of 1 in per cent, two digits after the point; what would round to 0 or to 100 says so."""
    if 0 < share < 0.00005:
        return "<0.01%"
    if 0.99995 <= share < 1 - 1e-9:
        return ">99.99%"
    return f"{100 * share:.2f}%"
