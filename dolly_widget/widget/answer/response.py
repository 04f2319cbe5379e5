"""The output area: an answer that streams in as text and ends as HTML. Knows nothing about models or threads."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import traitlets

from dolly_widget.text import encodable, markdown_to_html
from dolly_widget.widget.page.control import Control

_SHOWN_CHARS = 40
_ANSWER = {"text", "html", "code", "note", "is_streaming"}


def _utf16_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


class ResponseView(Control):
    """Shows one answer. Set `text` and `is_streaming` while it is written, then call `finish`.

    While it streams, a text that begins with the one before goes to the page as what is new alone: ``{"append": "…",
    "at": 17}``, counted in UTF-16 units, as JavaScript does. The state has it whole, for pages to come and for what is
    saved. A page that lost something says ``{"event": "lost"}``, and is sent all of the answer.

    The reader's selection and scroll position survive every update; the view follows the end of the text only while
    the reader is there. It grows with the text and shrinks only when it is cleared or gets another width, so that what
    is below never moves up. A screen reader hears a streaming answer in sentences, once, wherever it is shown.
    """

    scripts = (
        "../page/scrolling.js",
        "response_growing.js",
        "response_spoken.js",
        "response_copy.js",
        "rendered.js",
        "response_safe.js",
        "response_place.js",
        "response.js",
    )
    styles = ("response.css", "answer.css")

    text = traitlets.Unicode("", help="The answer so far, as plain text.").tag(sync=True)
    html = traitlets.Unicode("", help='Safe HTML of the finished answer, "" without one.').tag(sync=True)
    code = traitlets.Unicode("", help='A Python cell that asks the same; "" without one.').tag(sync=True)
    note = traitlets.Unicode("", help="How the answer ended, a line below it; not copied.").tag(sync=True)
    is_streaming = traitlets.Bool(False, help="Whether more text is to come.").tag(sync=True)
    placeholder = traitlets.Unicode("The answer appears here.", help="Shown while there is no answer.").tag(sync=True)
    label = traitlets.Unicode("Response", help="The name that a screen reader announces.").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._sent = ""  # the text that the pages have
        self._sending = threading.RLock()  # the worker adds while the kernel's thread sends all
        super().__init__(**traits)
        self.on_msg(self._on_page)

    def send_state(self, key: str | Iterable[str] | None = None) -> None:
        """Send these traits, or all, to the page; of a text that only grew while it streams, what is new."""
        names = {key} if isinstance(key, str) else set(self.keys if key is None else key)
        if "is_streaming" in names:  # what keeps no pieces, such as nbclient, has the whole text at the end
            names.add("text")
        if "text" not in names:
            super().send_state(names)
            return
        with self._sending:
            sent, self._sent = self._sent, self.text
            if names == {"text"} and self.is_streaming and self._sent.startswith(sent):
                self.send({"append": self._sent[len(sent) :], "at": _utf16_units(sent)})
            else:
                super().send_state(names)

    def _on_page(self, widget: Any, content: Any, buffers: Any) -> None:
        if content == {"event": "lost"}:
            self.send_state(_ANSWER)

    def begin(self) -> None:
        """Make room for an answer that is to come, in one message to the page: the area keeps its height."""
        self._show("", "", is_streaming=True)

    def finish(self, text: str, *, code: str = "", note: str = "") -> None:
        """Show the whole answer, rendered as Markdown, in one message to the page.

        ``code`` is what "Copy as code" copies; ``note`` says below the answer, as text, how it ended.
        """
        self._show(text, markdown_to_html(text), code=code, note=note)

    def clear(self) -> None:
        """Show the placeholder again."""
        self._show("", "")

    def _show(self, text: str, html: str, *, code: str = "", note: str = "", is_streaming: bool = False) -> None:
        with self.hold_sync():
            self.text, self.html, self.code, self.note = text, html, code, note
            self.is_streaming = is_streaming

    @traitlets.validate("text", "html", "code", "note", "placeholder", "label")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])

    def _facts(self) -> str:
        text = self.text if len(self.text) <= _SHOWN_CHARS else self.text[: _SHOWN_CHARS - 1] + "…"
        return f"{text!r}{', streaming' if self.is_streaming else ''}"
