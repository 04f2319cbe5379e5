"""Markdown that is still being written, cut where a block of it has ended. Knows no terminal.

A block is what stands by itself: a paragraph, a heading, a fence, a table, and each item of a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from dolly_widget.text import MAX_MARKDOWN_CHARS, markdown_tokens

if TYPE_CHECKING:
    from markdown_it.token import Token

# Up to here, the rest is parsed at each line. A longer one must have grown by so much before it is parsed once more:
# the whole costs no more than some parses of it.
_SHORT = 1_000
_GROWTH = 1.25


class Block(NamedTuple):
    """The source of a block."""

    source: str
    number: int | None = None
    """Of an item of a numbered list: which it is."""
    goes_on: bool = False
    """Whether the list goes on behind it."""


class MarkdownBlocks:
    """Takes a text piece by piece, and hands out its blocks as they end."""

    def __init__(self) -> None:
        self.rest = ""
        """What has not ended yet."""
        self._next_look = 0
        self._number: int | None = None

    def add(self, piece: str) -> list[Block]:
        """The blocks that end with this piece."""
        self.rest = self.rest + piece if self.rest else piece.lstrip("\n")
        if "\n" not in piece or len(self.rest) < self._next_look:
            return []
        blocks = self._taken(self.rest.rfind("\n") + 1, keeps_last=len(self.rest) <= MAX_MARKDOWN_CHARS)
        self._next_look = 0 if blocks or len(self.rest) < _SHORT else int(len(self.rest) * _GROWTH)
        return blocks

    def end(self) -> list[Block]:
        """The blocks that were left: the text has ended."""
        return self._taken(len(self.rest), keeps_last=False)

    def _taken(self, end: int, *, keeps_last: bool) -> list[Block]:
        """Take the blocks out of the first ``end`` characters: all, or all but the last, which may go on."""
        text = self.rest[:end]
        if len(text) > MAX_MARKDOWN_CHARS:  # one block; it is shown as it is
            self.rest = self.rest[end:]
            return [Block(text)]
        lines = text.split("\n")  # as Markdown counts them, not as splitlines does
        starts = list(self._starts(text))
        kept = starts.pop() if keeps_last and starts else _Start(len(lines))
        ends = [*(start.line for start in starts[1:]), kept.line]
        blocks = [
            Block("\n".join(lines[start.line : end]), start.number, start.goes_on)
            for start, end in zip(starts, ends, strict=bool(starts))
        ]
        if blocks:
            self._number = kept.number
            self.rest = ("\n".join(lines[kept.line :]) + self.rest[len(text) :]).lstrip("\n")
        return blocks

    def _starts(self, text: str) -> Iterator[_Start]:
        """Where the blocks of ``text`` begin."""
        number = self._number  # the rest of a list: what it says itself may be less, as in "1. 1. 1."
        tokens = [token for token in markdown_tokens(text) if token.map]
        for top in (token for token in tokens if token.level == 0):
            if top.type == "bullet_list_open":
                yield from _items(tokens, top, None)
            elif top.type == "ordered_list_open":
                yield from _items(tokens, top, int(top.attrs.get("start", 1)) if number is None else number)
            else:
                yield _Start(_line_of(top))
            number = None


class _Start(NamedTuple):
    line: int
    number: int | None = None
    goes_on: bool = False


def _items(tokens: list[Token], top: Token, number: int | None) -> Iterator[_Start]:
    """Where the items of a list begin."""
    _, end = top.map or (0, 0)
    lines = [_line_of(each) for each in tokens if each.type == "list_item_open" and each.level == 1]
    lines = [line for line in lines if _line_of(top) <= line < end]
    for place, line in enumerate(lines):
        yield _Start(line, None if number is None else number + place, place < len(lines) - 1)


def _line_of(token: Token) -> int:
    return token.map[0] if token.map else 0
