"""What a commit and a revision can be: both become parts of paths, and come from a hub, a file or a user."""

from __future__ import annotations

import re

from dolly_widget.errors import ModelError

_COMMIT = re.compile("[0-9a-f]{40}")
# git-check-ref-format(1), less what no file of Windows can be called.
_PART = r'(?!\.)[^\s~^:?*\[\\/"<>|]+(?<!\.lock)(?<!\.)'
_REVISION = re.compile(f"{_PART}(?:/{_PART})*")
_LONGEST = 200


def is_commit(value: object) -> bool:
    """Whether it is the full name of a Git commit: 40 hex digits."""
    return isinstance(value, str) and _COMMIT.fullmatch(value) is not None


def check_revision(revision: str) -> str:
    """Return the name of a branch, tag or commit. Raises ModelError for what Git would not take as one."""
    is_name = _REVISION.fullmatch(revision) and ".." not in revision and "@{" not in revision and revision.isprintable()
    if not is_name or len(revision) > _LONGEST:
        raise ModelError(f"{revision[:80]!a} is not a revision: give the name of a branch, a tag, or a commit.")
    return revision
