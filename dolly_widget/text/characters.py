"""Characters that cannot be encoded, or cannot be seen. Pure: text in, str out."""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def encodable(text: str) -> str:
    """The text with every lone surrogate as U+FFFD, so that UTF-8 can encode it; surrogate pairs are joined."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def utf16_units(text: str) -> int:
    """The length of the text as JavaScript counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


# Embeddings, overrides and isolates reorder what the reader sees. The harmless marks (LRM, RLM, ALM) stay.
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


NEW_LINE = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"


def visible(text: str) -> str:
    """The text with signs for what could not be seen, or would move what is beside it; a line break stays one."""
    text = CONTROL.sub(_picture, encodable(text)).replace("\r", "\N{SYMBOL FOR CARRIAGE RETURN}")
    text = REORDERING.sub(lambda found: code_point(found[0]), text)
    return text.replace("\n", f"{NEW_LINE}\n")


def visible_lines(text: str) -> str:
    """A text of several lines as it is shown: ``visible``, without the signs at breaks, which are breaks anyway."""
    return visible(text).replace(f"{NEW_LINE}\n", "\n")


def visible_name(text: str) -> str:
    """A name as it is shown: ``visible``, in one line."""
    return visible(text).replace(f"{NEW_LINE}\n", NEW_LINE).replace("\t", "\N{RIGHTWARDS ARROW TO BAR}")


def without_password(name: str) -> str:
    """A name as it is quoted: where it is an address that is not understood, without a user's name and password."""
    return re.sub(r"//.*@", "//…@", name, flags=re.DOTALL)


def _picture(control: re.Match[str]) -> str:
    """Unicode's picture of a control character; U+FFFD for those that have none."""
    return chr(0x2400 + ord(control[0])) if control[0] < " " else REPLACEMENT


def code_point(character: str) -> str:
    """A character's number as Unicode writes it: "U+202E"."""
    return f"U+{ord(character):04X}"
