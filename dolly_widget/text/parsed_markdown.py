"""Markdown's tokens, for a renderer of another kind than HTML, such as a terminal's. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dolly_widget.text.markdown import MAX_MARKDOWN_CHARS
from dolly_widget.text.markdown_code import HIGHLIGHTED, MAX_HIGHLIGHTED_CHARS
from dolly_widget.text.markdown_parser import parse

if TYPE_CHECKING:
    from markdown_it.token import Token


def markdown_tokens(text: str) -> list[Token]:
    """What ``markdown_to_html`` renders of the first MAX_MARKDOWN_CHARS of a text.

    The characters that an entity such as ``&#8238;`` stands for are in it: whoever shows them makes them harmless.
    """
    return parse(text[:MAX_MARKDOWN_CHARS], {})


def is_coloured(language: str, code: str) -> bool:
    """Whether code is given to Pygments: of a language that it is known to be quick with, and not too much of it."""
    return language in HIGHLIGHTED and len(code) <= MAX_HIGHLIGHTED_CHARS
