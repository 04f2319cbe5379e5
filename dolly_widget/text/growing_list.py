"""A list at the top of a growing text: each item's HTML once the item has ended. Pure. See growing_markdown.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dolly_widget.text.markdown_parser import Env, blocks_of, parse, render_tokens

if TYPE_CHECKING:
    from markdown_it.token import Token

_EMPTY_LINE = re.compile(r"\n[ \t]*(?:\n|\Z)")
_MARKER = re.compile(r"( {0,3})([-+*]|\d{1,9}[.)])( *)(?=(\S)?)")


class GrowingList:
    """Items that have ended, as HTML. ``is_loose`` once an empty line stands between two of them, or in one."""

    def __init__(self, first_line: str, env: Env) -> None:
        marker = _MARKER.match(first_line)
        assert marker is not None
        self._sentinel = f"{marker[2]} x\n"
        self._env = env
        self._env_before = dict(env)
        self._source: list[str] = []
        self._opening = ""
        self.closing = ""
        self.is_loose = False

    @staticmethod
    def indent_of(line: str) -> int:
        """Where the content of an item begins, so that a line indented as far is in it; 99 where tabs are between."""
        marker = _MARKER.match(line)
        if marker is None or not marker[4]:
            return 99 if "\t" in line else len(line) - len(line.lstrip(" ")) + 2
        width = len(marker[1]) + len(marker[2])
        return width + (len(marker[3]) if len(marker[3]) <= 4 else 1)

    def add(self, item: Sequence[str], is_last: bool) -> tuple[str, bool]:
        """Take an item that has ended: HTML, and whether it is of all items so far, in place of what there was.

        The HTML is without the list's own tags: they are ``opening`` and ``closing``.
        """
        source = "".join(item)
        was_loose, is_first = self.is_loose, not self._source
        self._source.append(source)
        # Behind the last item no empty line counts; behind another one it does, which the item after it shows.
        text = source.rstrip() if is_last else source
        if not was_loose and _EMPTY_LINE.search(text):
            self.is_loose = not _last_paragraph(
                parse(f"{text.rstrip(chr(10))}\n{_gap(text)}{self._sentinel}", {})
            ).hidden
        if self.is_loose and not was_loose and not is_first:
            self._env.clear()
            self._env.update(self._env_before)
            return self._render("".join(self._source)), True
        return self._render(source), False

    @property
    def opening(self) -> str:
        """The list's tag; known once there is an item."""
        return self._opening

    def _render(self, source: str) -> str:
        tokens = parse(source, self._env)
        end = blocks_of(tokens)[0].end
        for token in tokens[:end]:
            if token.level == 2 and token.type in ("paragraph_open", "paragraph_close"):
                token.hidden = not self.is_loose
        if not self._opening:
            self._opening = render_tokens(tokens[:1], self._env)
            self.closing = render_tokens([tokens[end - 1]], self._env)
        return render_tokens(tokens[1 : end - 1], self._env)


def _gap(text: str) -> str:
    """The empty lines at its end."""
    return "\n" * max(0, len(text) - len(text.rstrip("\n")) - 1)


def _last_paragraph(tokens: Sequence[Token]) -> Token:
    return next(token for token in reversed(tokens) if token.type == "paragraph_open")
