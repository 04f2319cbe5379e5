"""An answer on stdout while it is written: as formatted Markdown in a terminal, as it is anywhere else.

Finished blocks are written once, formatted; only the unfinished one is rewritten.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Protocol, TextIO

from dolly_widget.cli.live_tail import LiveTail
from dolly_widget.cli.markdown_blocks import Block, MarkdownBlocks
from dolly_widget.cli.terminal import printable

_STYLED_SPACE = re.compile(r"(?:\x1b\[[\d;]*m| )*")


class AnswerView(Protocol):
    """Where an answer is shown, piece by piece."""

    def add(self, piece: str) -> None:
        """Show the next piece of text, at once."""
        ...

    def think(self, piece: str) -> None:
        """Show that the model thinks, before its answer; ``piece`` is of no concern to a reader."""
        ...

    def end(self, *, is_broken_off: bool = False) -> None:
        """Show what is left, and end the line. ``is_broken_off``: an error comes next, and no answer may be there."""
        ...


def answer_view() -> AnswerView:
    """A view on stdout."""
    stream = sys.stdout
    return _MarkdownAnswer(stream) if _is_formatted(stream) else _PlainAnswer(stream)


def _is_formatted(stream: TextIO | None) -> bool:
    # https://no-color.org: set, and not empty.
    if stream is None or not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    from rich.console import Console

    return not Console(file=stream).legacy_windows


class _PlainAnswer:
    def __init__(self, stream: TextIO | None) -> None:
        self._is_terminal = stream is not None and stream.isatty()
        self._is_begun = False

    def add(self, piece: str) -> None:
        self._is_begun = True
        print(printable(piece) if self._is_terminal else piece, end="", flush=True)

    def think(self, piece: str) -> None:
        pass  # what is written cannot be taken back here

    def end(self, *, is_broken_off: bool = False) -> None:
        if self._is_begun or not is_broken_off:
            print(flush=True)


class _MarkdownAnswer:
    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        # Asked of stdout for each answer: a window may have another size by then.
        self._console = Console(file=stream, force_terminal=True, highlight=False, emoji=False, markup=False)
        self._tail = LiveTail(self._console.width - 1, self._console.height - 1)
        self._blocks = MarkdownBlocks()
        self._before: Block | None = None
        self._is_thinking = False

    def think(self, piece: str) -> None:
        if not self._is_thinking:
            self._is_thinking = True
            self._write(self._tail.add("Thinking…"))

    def add(self, piece: str) -> None:
        if self._is_thinking:
            self._is_thinking = False
            self._write(self._tail.clear())
        piece = printable(piece)
        was_empty = not self._blocks.rest
        blocks = self._blocks.add(piece)
        if blocks:
            self._write(self._tail.clear() + self._formatted(blocks) + self._tail.add(self._gap() + self._blocks.rest))
        elif self._blocks.rest:
            self._write(self._tail.add(self._gap() + self._blocks.rest if was_empty else piece))

    def end(self, *, is_broken_off: bool = False) -> None:
        written = self._tail.clear() + self._formatted(self._blocks.end())
        self._write(written if self._before or is_broken_off else "\n")

    def _formatted(self, blocks: list[Block]) -> str:
        from dolly_widget.cli.terminal_markdown import rendered

        written = ""
        for block in blocks:
            with self._console.capture() as captured:
                self._console.print(rendered(block.source, self._console.width, block.number))
            written += self._gap() + _trimmed(captured.get())
            self._before = block
        return written

    def _gap(self) -> str:
        """The empty line before the next block, where there is to be one."""
        return "" if self._before is None or self._before.goes_on else "\n"

    def _write(self, text: str) -> None:
        self._console.file.write(text)
        self._console.file.flush()


def _trimmed(text: str) -> str:
    """What rich has rendered, without the empty lines around it, styled or not, and the spaces that fill its lines."""
    lines = [line.rstrip(" ") for line in text.split("\n")]
    filled = [place for place, line in enumerate(lines) if not _STYLED_SPACE.fullmatch(line)]
    return "".join(f"{line}\n" for line in lines[filled[0] : filled[-1] + 1]) if filled else ""
