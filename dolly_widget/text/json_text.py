"""JSON from outside: of a file, a hub or another process. Bounded in size and depth; what is wrong is a ValueError."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_DEPTH = 100
"""Lists and objects inside each other. Configurations have fewer than ten; what reads such values may recurse."""
MAX_FILE_BYTES = 128 << 20
"""The largest ``tokenizer.json`` in use has 35 MB."""


def parse_json(text: str | bytes, *, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text. ``parse_constant`` is called with NaN and the infinities, which are floats without it.

    Raises ValueError for anything else than JSON, and for what is nested more than ``MAX_DEPTH`` deep.
    """
    try:
        value = json.loads(text, parse_constant=parse_constant)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if _is_deeper(value, MAX_DEPTH):
        raise ValueError(_TOO_DEEP)
    return value


def read_json(path: Path, max_bytes: int = MAX_FILE_BYTES) -> Any:
    """The value of a JSON file. Raises OSError, and ValueError as ``parse_json`` or for a larger file."""
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"It has more than {max_bytes:,} bytes.")
    return parse_json(content)


_TOO_DEEP = f"It is nested more than {MAX_DEPTH} deep."


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(depth):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
    return bool(level)
