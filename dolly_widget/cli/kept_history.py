"""The answers of a page of ``dolly-widget app``, kept over a reload in the app's own folder. Knows no widget.

Voilà starts a kernel for each page, also for one that is loaded again. So a kernel keeps its answers in a file with
its own id, and the page puts that id into its address: the next kernel, of the same address, begins with a copy of that
file. An id is drawn at random and known to nobody else, and the folder is the user's own, and goes with the app.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from urllib.parse import parse_qs

from dolly_widget.history import History
from dolly_widget.runtime import write_whole

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_FILES = 100


def kept_history(folder: Path, own_id: str, query: str) -> Path:
    """The file of the kernel ``own_id``, for ``DollyWidget(history=…)``, which keeps its answers there.

    ``query`` is that of its page's address, which names an earlier kernel: its answers are there already.
    """
    path = _path(folder, own_id)
    path.parent.mkdir(exist_ok=True)
    named = parse_qs(query, max_num_fields=20).get("conversation", [""])[0]
    if _ID.fullmatch(named) and (earlier := _path(folder, named)).is_file():
        with contextlib.suppress(ValueError):  # it was never whole: the page begins anew
            write_whole(path, History.from_json(earlier).to_json())
    _remove_oldest(path.parent)
    return path


def _path(folder: Path, kernel_id: str) -> Path:
    return folder / "conversations" / f"{kernel_id}.json"


def _remove_oldest(folder: Path) -> None:
    """A page that is loaded again and again leaves a file each time."""
    with contextlib.suppress(OSError):  # another page does the same just now
        files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in files[:-_MOST_FILES]:
            path.unlink()
