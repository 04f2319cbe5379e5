"""Text from stdin: bounded, and a terminal is told that it is waited for."""

from __future__ import annotations

import io
import sys
from typing import Any

from dolly_widget.cli.command import CommandError
from dolly_widget.cli.terminal import tell

MAX_CHARS = 4_000_000
"""More than any model reads at once."""
_END_KEYS = "Ctrl+Z and Enter" if sys.platform == "win32" else "Ctrl+D"


def is_piped() -> bool:
    """Whether stdin is something else than a terminal."""
    return sys.stdin is not None and not sys.stdin.isatty()


def read_stdin(what: str) -> str:
    """All of stdin; ``what`` it is to be, such as "instruction". Raises CommandError where there is none, or too much.

    Bytes that are no text become U+FFFD.
    """
    if sys.stdin is None:
        raise CommandError(f"There is no stdin to read the {what} from: give it as an argument.")
    if not is_piped():
        tell(f"Type the {what}, and end it with {_END_KEYS} on a line of its own:", sys.stderr)
    replace_unknown_characters(sys.stdin)
    text = sys.stdin.read(MAX_CHARS + 1)
    if len(text) > MAX_CHARS:
        raise CommandError(f"The {what} on stdin has more than {MAX_CHARS:,} characters: give a part of it.")
    return text


def replace_unknown_characters(*streams: Any) -> None:
    """Let what cannot be read or written be a sign instead of an error."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
