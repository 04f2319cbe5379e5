"""The answers of a page of ``dolly-widget app``, kept over a reload in the app's own folder. Knows no widget.

Voilà starts a kernel for each page, also for one that is loaded again. So a kernel writes its answers to a file with
its own id, and the page puts that id into its address: the next kernel, of the same address, begins with that file. An
id is drawn at random and known to nobody else, and the folder is the user's own, and goes with the app.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from dolly_widget.history import History
from dolly_widget.runtime import write_whole

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_FILES = 100


class KeptHistory:
    """The file of the kernel ``own_id``; ``query`` is that of its page's address, which names an earlier kernel."""

    def __init__(self, folder: Path, own_id: str, query: str) -> None:
        self._path = _path(folder, own_id)
        named = parse_qs(query, max_num_fields=20).get("conversation", [""])[0]
        self._earlier = _path(folder, named) if _ID.fullmatch(named) else None
        self.history = self._read()
        """What the page begins with."""

    def follow(self, widget: Any) -> None:
        """Keep what a widget has answered so far, and each answer from now on."""
        _remove_oldest(self._path.parent)
        self.keep(widget.history)

        def on_status(change: Any) -> None:
            if change["new"] == "idle":
                self.keep(widget.history)

        widget.observe(on_status, "status")

    def keep(self, history: History) -> None:
        """Write the file, whole or not at all."""
        self._path.parent.mkdir(exist_ok=True)
        write_whole(self._path, history.to_json())

    def _read(self) -> History:
        if self._earlier is not None and self._earlier.is_file():
            with contextlib.suppress(ValueError):  # it was never whole: the page begins anew
                return History.from_json(self._earlier)
        return History()


def _path(folder: Path, kernel_id: str) -> Path:
    return folder / "conversations" / f"{kernel_id}.json"


def _remove_oldest(folder: Path) -> None:
    """A page that is loaded again and again leaves a file each time."""
    with contextlib.suppress(OSError):  # another page does the same just now
        files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in files[:-_MOST_FILES]:
            path.unlink()
