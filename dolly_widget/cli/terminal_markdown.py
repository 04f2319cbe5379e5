"""Markdown as a terminal shows it, with colours. What a model writes is shown, never obeyed: it sets no colours, moves
no cursor, and its links show where they lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dolly_widget.cli.terminal import printable
from dolly_widget.text import MAX_MARKDOWN_CHARS, is_coloured, markdown_tokens

if TYPE_CHECKING:
    from markdown_it.token import Token
    from rich.console import RenderableType

_CODE = ("fence", "code_block")
# What rich takes from a line for each quotation around it, and what must be left.
_INDENT, _LEAST_COLUMNS = 4, 16
_WORD = re.compile(r"[\w+#.-]{0,20}")
_LEAVES = {"text", "code_inline", "hardbreak", "hr", "inline", *_CODE}
# What rich knows; in anything else, it would leave out the text.
_NESTED = frozenset(
    """paragraph heading blockquote bullet_list ordered_list list_item table thead tbody tr th td em strong s
    link""".split()  # noqa: SIM905
)


def rendered(source: str, columns: int, number: int | None = None) -> RenderableType:
    """A block of Markdown for rich's console; ``number`` is that of the first item, where it is a numbered list.

    What is too long, or nested too deeply for the ``columns`` that there are, is shown as it is.
    """
    from rich.markdown import Markdown
    from rich.text import Text

    tokens = [] if len(source) > MAX_MARKDOWN_CHARS else markdown_tokens(source)
    if not tokens or _INDENT * max(token.level for token in tokens) > columns - _LEAST_COLUMNS:
        return Text(printable(source).rstrip("\n"))
    markdown = Markdown("", hyperlinks=False)
    markdown.parsed = list(_shown(tokens))
    for token in markdown.parsed[:1]:
        if token.type == "ordered_list_open" and number is not None:
            token.attrs["start"] = number
    return markdown


def _shown(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens as rich is to see them: all of their text, and nothing in it that a terminal would obey."""
    for token in tokens:
        token.content = printable(token.content)
        if token.type in _CODE:
            _name_language(token)
        elif token.type == "softbreak":
            token.type = "hardbreak"
        elif token.type == "math":  # its source is as good as it gets
            token.content = f"$${token.content}$$" if token.meta.get("is_display") else f"${token.content}$"
        elif token.type in ("heading_open", "heading_close"):
            token.tag = f"h{max(1, int(token.tag[1]) - 2)}"  # a page shifts them
        elif token.type in ("th_open", "td_open"):
            token.attrs["style"] = str(token.attrs.get("class", "")).replace("dw-", "text-align:")
        if token.children:
            token.children = list(_shown(_without_bare_links(token.children)))
        elif token.nesting == 0 and token.type not in _LEAVES:
            token.type, token.tag = "text", ""  # whatever else the parser knows: rich would leave it out
        if token.nesting == 0 or token.type.rpartition("_")[0] in _NESTED:
            yield token


def _name_language(token: Token) -> None:
    """Leave a name that Pygments may be asked for, or none; another text behind a fence's mark is shown in it."""
    info = token.info.strip()
    language = info.split()[0].lower() if info else ""
    if not _WORD.fullmatch(info):
        token.content = f"{printable(info)}\n{token.content}"
    token.info = language if is_coloured(language, token.content) else ""


def _without_bare_links(tokens: list[Token]) -> Iterator[Token]:
    """The tokens without links whose text is the address: rich would show it twice."""
    bare = {
        place: place + 2
        for place, token in enumerate(tokens[:-2])
        if token.type == "link_open" and tokens[place + 2].type == "link_close"
        if tokens[place + 1].content in _spellings(str(token.attrs.get("href")))
    }
    ends = set(bare.values())
    yield from (token for place, token in enumerate(tokens) if place not in bare and place not in ends)


def _spellings(url: str) -> tuple[str, str]:
    """An address as it is, and without how it is fetched."""
    return url, re.sub(r"^(?:https?://|mailto:)", "", url)
