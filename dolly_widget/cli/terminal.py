"""What a terminal or a log is shown while a model is prepared, and what a terminal must never be sent."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

from dolly_widget.runtime import OnProgress, Progress
from dolly_widget.text import visible_lines

_USUAL_COLUMNS = 80


def printable(text: str) -> str:
    """Text from outside as a terminal may be sent it: nothing moves the cursor, sets colours or turns text around.

    Control characters, line break and tab aside, and the marks that reorder text are shown as signs.
    """
    return visible_lines(text)


def tell(text: str, stream: TextIO | None = None) -> None:
    """Print a line, or several, for a reader, with signs in place of what could harm a terminal."""
    print(printable(text), file=sys.stdout if stream is None else stream, flush=True)


@contextlib.contextmanager
def shown_progress(stream: TextIO) -> Iterator[OnProgress]:
    """Yield what shows progress on ``stream``: one line that is rewritten in a terminal, some lines elsewhere."""
    if not stream.isatty():
        yield _ProgressLog(stream)
        return
    line = _ProgressLine(stream)
    try:
        yield line
    finally:
        line.clear()


@contextlib.contextmanager
def shown_meanwhile(line: str, stream: TextIO) -> Iterator[None]:
    """Show a line in a terminal as long as the block takes; elsewhere nothing."""
    shown = printable(line)[: _columns(stream) - 1] if stream.isatty() else ""
    print(end=shown, file=stream, flush=True)
    try:
        yield
    finally:
        print(end="\r" + " " * len(shown) + "\r" if shown else "", file=stream, flush=True)


class _ProgressLine:
    """One line that is always rewritten, with messages above it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""
        self._messages: set[str] = set()

    def __call__(self, progress: Progress) -> None:
        if progress.message and progress.message not in self._messages:
            self._messages.add(progress.message)
            self.clear()
            print(printable(progress.message), file=self._stream)
        # A line that wraps could not be rewritten; the last column is left free, since some terminals wrap there.
        self._show(printable(str(replace(progress, message="")))[: _columns(self._stream) - 1])

    def clear(self) -> None:
        """Leave the line empty, with the cursor at its start."""
        self._show("")
        self._stream.write("\r")
        self._stream.flush()

    def _show(self, line: str) -> None:
        if line != self._line:
            self._stream.write("\r" + line + " " * (len(self._line) - len(line)))
            self._stream.flush()
            self._line = line


class _ProgressLog:
    """A line for each stage, each tenth of it, and each message."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = ("", 0)
        self._messages: set[str] = set()

    def __call__(self, progress: Progress) -> None:
        if progress.message and progress.message not in self._messages:
            self._messages.add(progress.message)
            self._print(progress.message)
        stage, tenths = self._shown
        reached = int(10 * _fraction(progress))
        if progress.stage != stage or reached > tenths:
            self._shown = (progress.stage, reached)
            self._print(str(replace(progress, message="")))

    def _print(self, line: str) -> None:
        print(printable(line), file=self._stream, flush=True)


def _fraction(progress: Progress) -> float:
    if progress.fraction is not None:
        return progress.fraction
    return (progress.done_bytes or 0) / progress.total_bytes if progress.total_bytes else 0.0


def _columns(stream: TextIO) -> int:
    # Not shutil.get_terminal_size: that asks stdout, which may be a pipe.
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_COLUMNS
    return _USUAL_COLUMNS
