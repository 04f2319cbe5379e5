"""The child process that renders a chat template for the first time: `python -m dolly_widget.text.first_rendering`.

It reads a template, as JSON, from stdin, and ends when that is rendered, or has failed: whoever started it renders then
what it has rendered. It says nothing but its exit code: 0, or another than Python's own where memory was too little.
"""

from __future__ import annotations

import sys
from contextlib import suppress

from dolly_widget.text.chat_template import ChatTemplate, render_first
from dolly_widget.text.json_text import parse_json

_TAKES_TOO_MUCH = 77
_MOST_BYTES = 2**31
_LONGEST_CPU_S = 20
"""A child whose parent was killed ends by itself."""


def main() -> None:
    """Render the template of stdin."""
    request = parse_json(sys.stdin.read())
    _limit_itself()
    try:
        render_first(ChatTemplate(source=request["source"], special_tokens=request["special_tokens"]))
    except ValueError as exc:  # the parent renders, and fails, as we do
        if isinstance(exc.__cause__, MemoryError):
            sys.exit(_TAKES_TOO_MUCH)


def _limit_itself() -> None:
    with suppress(ImportError):  # Windows has no such limits
        import resource

        for what, most in ((resource.RLIMIT_AS, _MOST_BYTES), (resource.RLIMIT_CPU, _LONGEST_CPU_S)):
            with suppress(ValueError, OSError):  # a lower limit is set already
                resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
