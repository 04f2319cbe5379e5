"""A small file that is written whole or not at all. Knows nothing of what is in it."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Put ``text`` in the place of what was in the file. Raises OSError, and then the file is as it was."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path.resolve())  # last: nobody reads half a file; a link stays one
    finally:
        beside.unlink(missing_ok=True)
