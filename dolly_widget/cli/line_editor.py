"""The lines that are typed at a prompt, with the keys and the history of readline where there is one."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from dolly_widget.cli.piped import MAX_CHARS, is_piped

_MAX_LINES = 1_000
_MAX_BYTES = 1_000_000
_CONTINUED = "\\"


def history_path() -> Path:
    """Where the questions of earlier chats are kept, for this user alone."""
    import platformdirs

    return platformdirs.user_state_path("dolly-widget", False) / "chat_history"


class LineEditor:
    """Reads one entry after the other: from a terminal with a prompt, from anything else as it is."""

    def read(self, prompt: str) -> str | None:
        r"""The next entry, None at the end of the input. A line that ends with ``\`` goes on in the next one."""
        entry = ""
        while (line := self._line(prompt)) is not None:
            entry += line
            if not line.endswith(_CONTINUED):
                return entry
            entry, prompt = f"{entry.removesuffix(_CONTINUED)}\n", "… "
        return entry or None

    def _line(self, prompt: str) -> str | None:
        if is_piped():
            line = sys.stdin.readline(MAX_CHARS)
            return line.rstrip("\r\n") if line else None
        try:
            return input(prompt)
        except EOFError:
            print()  # the prompt's line ends
            return None


@contextlib.contextmanager
def remembered_lines() -> Iterator[None]:
    """Let a terminal's earlier entries come back with the arrow keys: also those of the chats before."""
    readline = None if is_piped() else _readline()
    if readline is None:
        yield
        return
    path = history_path()
    with contextlib.suppress(OSError):  # there is none, or another program's
        if path.stat().st_size <= _MAX_BYTES:
            readline.read_history_file(path)
    try:
        yield
    finally:
        readline.set_history_length(_MAX_LINES)
        with contextlib.suppress(OSError):  # a home that cannot be written
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            readline.write_history_file(path)


def _readline() -> ModuleType | None:
    try:
        import readline
    except ImportError:  # Windows: its console has keys and a history of its own
        return None
    return readline
