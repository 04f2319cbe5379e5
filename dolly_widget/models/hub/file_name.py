"""What a file of a repository may be named, to become one on this machine. Knows no repository."""

from __future__ import annotations


def is_file_name(name: str) -> bool:
    """Whether it can be the name of a file in a directory, on every system, and is what it looks like."""
    is_plain = set(name).isdisjoint('/\\:*?"<>|') and name == name.strip(" .") and ".." not in name
    return is_plain and name.isprintable() and 0 < len(name.encode()) <= 200
