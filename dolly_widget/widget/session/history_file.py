"""The file that a widget begins with and keeps its answers in. Knows no widget."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from dolly_widget.history import Exchange, History
from dolly_widget.runtime import write_whole

_Version = tuple[int, int]


class HistoryFile:
    """``read`` it once, then ``save`` after each answer and change. One that is not there yet is made with the first.

    Another program's changes are never written over: from then on nothing is saved, and ``problem`` says so.
    """

    problem = ""
    """Why answers are not saved, and what to do; empty while they are."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        with contextlib.suppress(RuntimeError):  # "~nobody", whose home is not known: reading says so
            self._path = self._path.expanduser()
        self._seen: _Version | None = None

    def read(self) -> History:
        """What is in it. Raises ValueError where that is no history, or where there is no such folder."""
        self._seen = self._version()
        if self._seen is None and self._path.parent.is_dir():
            return History()
        return History.from_json(self._path)

    def save(self, exchanges: Sequence[Exchange]) -> None:
        """Write all of them, whole or not at all. Where that fails, ``problem`` says why."""
        try:
            if self._version() != self._seen:
                self.problem = (
                    f"{self._path} was changed by another program, so new answers and changes are not saved in it: "
                    "download them from the history."
                )
                return
            write_whole(self._path, History(exchanges).to_json())
            self._seen, self.problem = self._version(), ""
        except OSError as exc:
            self.problem = (
                f"New answers cannot be saved in {self._path} ({exc.strerror or exc}): download them from the history."
            )

    def _version(self) -> _Version | None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        return stat.st_mtime_ns, stat.st_size
