"""Markdown while it grows: pieces of a text in, operations on its HTML out. Pure; knows nothing of pages.

A block is rendered when it has ended, and never again: a paragraph, an item of a list, a row of a table, a line of
code. Only the unfinished end stays a text. The one thing that is taken back is a block whose look a later line changes:
a list whose items prove to stand apart, and code, which gets its colours at its end. At the end, the HTML is that of
``markdown_to_html``. The work is linear in the text: where one block would have to be read again and again to see
whether it has ended, it waits (``_may_parse``).
"""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from dolly_widget.text.characters import REORDERING, utf16_units
from dolly_widget.text.growing_html import GrowingHtml, Operation
from dolly_widget.text.growing_list import GrowingList
from dolly_widget.text.growing_table import GrowingTable
from dolly_widget.text.markdown_math import opens_formula
from dolly_widget.text.markdown_parser import (
    MAX_MARKDOWN_CHARS,
    Env,
    blocks_of,
    normalized,
    parse,
    plain_html,
    render_tokens,
)

if TYPE_CHECKING:
    from markdown_it.token import Token

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r(?!\Z))")
_ENDS = re.compile(r"[\r\n]")
_MAY_INTERRUPT = re.compile(r" {0,3}(?:[#>|:=+*_-]|`{3}|~{3}|\d{1,9}[.)])")
_FENCE = re.compile(r"`{3,}|~{3,}")
_INDENTED = re.compile(r"\t| {1,3}\t| {4}")
_PART_OF_FENCE = re.compile(r" {0,3}(?:`*|~*)[ \t]*")
_CODE_END = "</code></pre>\n"
_ENDED_BY_EMPTY_LINE = {"paragraph_open", "heading_open", "blockquote_open", "hr", "table_open"}
_OF_ONE_LINE = {"heading_open", "hr"}


class _Line(NamedTuple):
    text: str
    units: int
    """Of the text as it came, in which a line may end with two characters."""


class GrowingMarkdown:
    """``push`` pieces of a text as they come, then ``finish`` once; ``html`` is of the first ``at`` UTF-16 units."""

    def __init__(self) -> None:
        self.at = 0
        self._html = GrowingHtml()
        self._env: Env = {}
        self._tail = ""  # a line that has not ended
        self._size = self._spent = 0
        self._is_full = False
        self._queue: deque[_Line] = deque()
        self._lines: list[_Line] = []
        self._code_part = ""
        self._begin_anew()

    @property
    def html(self) -> str:
        """Safe HTML of what has ended."""
        return str(self._html)

    def push(self, piece: str) -> list[Operation]:
        """Take a piece; return what it changes."""
        self._tail += piece
        start = 0
        may_end = not self._is_full and (_ENDS.search(piece) or self._tail[: -len(piece)].endswith("\r"))
        while may_end and not self._is_full and (line := _LINE.match(self._tail, start)):
            start = line.end()
            self._read(line[0])
        self._tail = self._tail[start:]
        if self._fence and not self._is_full:
            self._show_part_of_code()
        return self._html.taken()

    def finish(self) -> list[Operation]:
        """Take the end of the text; return what it changes. Call once."""
        if self._tail and not self._is_full:
            tail, self._tail = self._tail, ""
            self._read(tail)
        if self._is_full:
            self._html.close()
            rest = "".join(line.text for line in self._lines) + self._code_part + normalized(self._tail)
            self._html.append(plain_html(rest) if rest else "")
        else:
            while self._lines or self._queue or self._fence:
                self._end()
        return self._html.taken()

    # Lines

    def _read(self, line: str) -> None:
        text = self._code_part + normalized(line)
        if self._size + len(text) > MAX_MARKDOWN_CHARS:
            self._is_full = True
            self._tail, self._code_part = line + self._tail, ""
            return
        self._size += len(text)
        self._queue.append(_Line(text, utf16_units(line)))
        self._run()

    def _run(self) -> None:
        while self._queue:
            self._lines.append(self._queue.popleft())
            self._take()

    def _begin_anew(self) -> None:
        """No block is open, and no line waits."""
        self._html.close()
        self._lines = []
        self._take: Callable[[], None] = self._take_first
        self._awaited: set[str] = set()  # what closes the blocks of formulas
        self._fence = ""
        self._code_part = ""
        self._code: list[str] = []
        self._kind = ""

    def _commit(self, count: int) -> None:
        """The first lines are shown."""
        self.at += sum(line.units for line in self._lines[:count])
        del self._lines[:count]

    def _leave(self) -> None:
        """The block has ended; the lines that are left begin another one."""
        rest = self._lines
        self._begin_anew()
        self._queue.extendleft(reversed(rest))

    def _source(self, count: int | None = None) -> str:
        return "".join(line.text for line in self._lines[:count])

    def _parsed(self) -> list[Token]:
        """The waiting lines, to look at: nothing is taken from the budgets."""
        return parse(self._source(), dict(self._env))

    def _may_parse(self) -> bool:
        """Whether all work so far, and reading the waiting lines once more, stays linear in the text."""
        size = sum(len(line.text) for line in self._lines)
        if self._spent + size > 4 * self._size + 2_000:
            return False
        self._spent += size
        return True

    # Blocks of which nothing is shown yet

    def _take_first(self) -> None:
        """The first line of a block, and the second one where the first may be the head of a table."""
        first = self._lines[0].text
        if len(self._lines) == 1:
            if not first.strip(" \t\n"):
                self._commit(1)
            elif "|" not in first:
                self._begin(first)
            return
        tokens = self._parsed()
        if tokens[0].type == "table_open" and tokens[0].map == [0, 2]:
            self._begin_table()
            return
        self._queue.appendleft(self._lines.pop())
        self._begin(first)

    def _begin(self, first: str) -> None:
        token = parse(first, dict(self._env))[0]
        self._kind, self._take = token.type, self._take_more
        if token.type in _OF_ONE_LINE:
            self._render_lines(1)
        elif token.type == "fence" and (fence := _FENCE.match(first)):
            self._begin_fence(fence[0])
        elif token.type.endswith("list_open"):
            self._list = GrowingList(first, self._env)
            self._indent, self._take = GrowingList.indent_of(first), self._take_list
        else:
            self._is_in_formula(first, False)

    def _take_more(self) -> None:
        line = self._lines[-1].text
        is_empty = not line.strip(" \t\n")
        if self._is_in_formula(line, is_empty):
            return
        if self._kind == "code_block":
            if not is_empty and not _INDENTED.match(line):
                self._settle()
        elif self._kind == "fence":
            if line.lstrip().startswith(("```", "~~~")) and self._may_parse():
                self._settle()
        elif is_empty or (self._may_end(line) and self._may_parse()):
            self._settle()

    def _is_in_formula(self, line: str, is_empty: bool) -> bool:
        """Whether to wait for the end of a formula, in which lines mean nothing else."""
        self._awaited = set() if is_empty else {each for each in self._awaited if each not in line}
        self._awaited |= opens_formula(line)
        return bool(self._awaited)

    def _may_end(self, line: str) -> bool:
        if self._kind == "blockquote_open":
            return not line.lstrip(" ").startswith(">")
        return _MAY_INTERRUPT.match(line) is not None

    def _settle(self) -> None:
        """Render the blocks that have ended; the last one may go on."""
        blocks = blocks_of(self._parsed())
        kind = blocks[-1].kind
        is_ended = kind in _OF_ONE_LINE or (kind in _ENDED_BY_EMPTY_LINE and not self._lines[-1].text.strip(" \t\n"))
        count = len(self._lines) if is_ended else blocks[-1].first_line
        if count:
            self._render_lines(count)

    def _render_lines(self, count: int) -> None:
        tokens = parse(self._source(count), self._env)
        for block in blocks_of(tokens):
            self._html.append(render_tokens(tokens[block.start : block.end], self._env))
        self._commit(count)
        self._leave()

    # Code

    def _begin_fence(self, fence: str) -> None:
        first = self._lines[0].text
        self._fence, self._take, self._code = fence, self._take_code, [first]
        self._html.append(render_tokens(parse(first, {}), {}))
        self._commit(1)

    def _take_code(self) -> None:
        line = self._lines[0].text
        self._code.append(line)
        part, self._code_part = self._code_part, ""
        if not part and re.fullmatch(rf" {{0,3}}{self._fence[0]}{{{len(self._fence)},}}[ \t]*\n?", line):
            self._end_code()
            return
        self._show_code(line[len(part) :])
        self._commit(1)

    def _show_code(self, code: str) -> None:
        self._html.insert(html.escape(REORDERING.sub("", code)), _CODE_END)

    def _show_part_of_code(self) -> None:
        """Show what there is of a line, unless it may be the fence that ends the code."""
        part = self._tail.removesuffix("\r")
        line = self._code_part + normalized(part)
        if not part or _PART_OF_FENCE.fullmatch(line) or self._size + len(line) > MAX_MARKDOWN_CHARS:
            return
        self._show_code(normalized(part))
        self._code_part = line
        self.at += utf16_units(part)
        self._tail = self._tail[len(part) :]

    def _end_code(self) -> None:
        """Now that all of it is there, it gets its colours."""
        self._html.replace(render_tokens(parse("".join(self._code), self._env), self._env))
        self._commit(len(self._lines))
        self._leave()

    # Tables

    def _begin_table(self) -> None:
        self._table = GrowingTable(self._source(), self._env)
        self._take = self._take_row
        self._html.append(self._table.head)
        self._commit(2)
        if self._table.is_full:
            self._leave()

    def _take_row(self) -> None:
        row = self._table.row(self._lines[0].text)
        if row is None:
            self._leave()
            return
        self._html.insert(*row)
        self._commit(1)
        if self._table.is_full:
            self._leave()

    # Lists

    def _take_list(self) -> None:
        line = self._lines[-1].text
        is_empty = not line.strip(" \t\n")
        if len(self._lines) == 1 or self._is_in_formula(line, is_empty) or is_empty:
            return
        text = line.expandtabs(4)
        if len(text) - len(text.lstrip(" ")) < self._indent and self._may_parse():
            self._settle_list()

    def _settle_list(self, is_end: bool = False) -> None:
        """Render the items that have ended; ``is_end``: all of them have."""
        tokens = self._parsed()
        blocks = blocks_of(tokens)
        ends = len(blocks) > 1 or is_end
        list_end = blocks[1].first_line if len(blocks) > 1 else len(self._lines)
        starts = [token.map[0] for token in tokens if token.type == "list_item_open" and token.level == 1 and token.map]
        starts = [start for start in starts if start < list_end]
        bounds = [*starts, list_end] if ends else starts
        for start, end in pairwise(bounds):
            self._show_item([line.text for line in self._lines[start:end]], is_last=ends and end == list_end)
        self._commit(bounds[-1])
        if ends:
            self._leave()
        elif self._lines:
            self._indent = GrowingList.indent_of(self._lines[0].text)

    def _show_item(self, item: Sequence[str], is_last: bool) -> None:
        is_first = not self._list.opening
        items, is_all = self._list.add(item, is_last)
        opening, closing = self._list.opening, self._list.closing
        if is_first:
            self._html.append(f"{opening}{items}{closing}")
        elif is_all:
            self._html.replace(f"{opening}{items}{closing}")
        else:
            self._html.insert(items, closing)

    # The end of the text

    def _end(self) -> None:
        """Render what waits, or the first block of it."""
        if self._fence:
            if self._code_part:
                self._code.append(self._code_part)
            self._end_code()
        elif self._take == self._take_list:
            self._settle_list(is_end=True)
        else:
            self._render_lines(len(self._lines))
        self._run()
