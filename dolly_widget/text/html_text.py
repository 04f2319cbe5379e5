"""What a reader of an HTML page sees of it, as text: nothing that is a script, a style or a head. Runs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

_CHUNK_CHARS = 1 << 16
_UNSEEN = {"script", "style", "template", "noscript", "svg", "math", "head", "iframe", "object"}
# fmt: off
_BLOCKS = {
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol",
    "p", "pre", "section", "table", "tbody", "thead", "title", "tr", "ul",
}
# fmt: on


class _Page(HTMLParser):
    """Collects what a reader of a page sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen: list[str] = []
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in _UNSEEN and tag != "head":
            self._unseen.append(tag)
        elif tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("- ")
        elif tag in ("td", "th"):
            self.parts.append("\t")
        self._pre += tag == "pre"

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        elif tag in _BLOCKS:
            self.parts.append("\n")
        self._pre -= tag == "pre" and self._pre > 0

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data if self._pre else re.sub(r"\s+", " ", data))


def html_text(source: str, check: Callable[[], None]) -> str:
    """The text of a page. ``check`` is called now and then, and may raise to end it."""
    page = _Page()
    for start in range(0, len(source), _CHUNK_CHARS):
        check()
        page.feed(source[start : start + _CHUNK_CHARS])
    check()
    page.close()
    lines = [re.sub(r"[ \t]*\t[ \t]*", "\t", line).strip() for line in "".join(page.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
