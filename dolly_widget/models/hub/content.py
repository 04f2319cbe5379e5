"""The hub's names for contents: SHA-256 of what it keeps in LFS or Xet storage, Git's blob id of the rest."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_CONTENT_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def is_content_id(text: str) -> bool:
    """Whether it is 40 hex digits (a Git blob's) or 64 (a SHA-256)."""
    return _CONTENT_ID.fullmatch(text) is not None


def content_id(path: Path, like: str) -> str:
    """The name of a file's content, of the kind of ``like``. Reads every byte.

    Git's is the SHA-1 of "blob ", the size in decimal, a zero byte and the content:
    https://git-scm.com/book/en/v2/Git-Internals-Git-Objects.
    """
    if len(like) == 64:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
