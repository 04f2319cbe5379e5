"""Single tokens as a reader can tell them apart: spaces, line breaks and half characters are shown. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from dolly_widget.text.characters import NEW_LINE, REPLACEMENT, code_point, visible
from dolly_widget.text.tokenizer import Tokenizer

_SPACES = {" ": "\N{OPEN BOX}", "\n": NEW_LINE, "\t": "\N{RIGHTWARDS ARROW TO BAR}"}
# What has neither ink nor width by its category, and letters and signs that are blank although their category has ink.
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


def _signs(text: str) -> str:
    return "".join(_sign(character, before) for before, character in zip(f" {text}", text, strict=False))


def _sign(character: str, before: str) -> str:
    if character in _SPACES:
        return _SPACES[character]
    category = unicodedata.category(character)
    if category in _UNSEEN or character in _BLANK or _OURS.match(character) or "\x7f" <= character <= "\x9f":
        return _BRACKETS.format(code_point(character))
    # A mark by itself would sit on what is before it.
    is_alone = category.startswith("M") and unicodedata.category(before)[0] not in "LMNPS"
    return f"\N{DOTTED CIRCLE}{character}" if is_alone else visible(character)


def _hex(escaped: str) -> str:
    return _BRACKETS.format(escaped.encode("utf-8", "surrogateescape").hex(" ").upper())
