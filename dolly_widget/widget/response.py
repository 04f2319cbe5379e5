"""The output area: an answer that streams in as text and ends as HTML. Knows nothing about models or threads."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from dolly_widget.rendering import markdown_to_html
from dolly_widget.tokens import encodable

_SHOWN_CHARS = 40


class ResponseView(anywidget.AnyWidget):
    """Shows one answer. Set `text` and `is_streaming` while it is written, then call `finish`.

    The reader's selection and scroll position survive every update; the view follows the end of the text only while
    the reader is there.
    """

    _esm = Path(__file__).with_name("response.js")
    _css = Path(__file__).with_name("response.css")

    text = traitlets.Unicode("", help="The answer so far, as plain text.").tag(sync=True)
    html = traitlets.Unicode("", help='Safe HTML of the finished answer, "" while there is none.').tag(sync=True)
    is_streaming = traitlets.Bool(False, help="Whether more text is to come.").tag(sync=True)
    placeholder = traitlets.Unicode("The answer appears here.", help="Shown while there is no answer.").tag(sync=True)
    label = traitlets.Unicode("Response", help="The name that a screen reader announces.").tag(sync=True)

    def finish(self, text: str) -> None:
        """Show the whole answer, rendered as Markdown, in one message to the page."""
        html = markdown_to_html(text)
        with self.hold_sync():
            self.text = text
            self.html = html
            self.is_streaming = False

    def clear(self) -> None:
        """Show the placeholder again."""
        with self.hold_sync():
            self.text = ""
            self.html = ""
            self.is_streaming = False

    @traitlets.validate("text", "html", "placeholder", "label")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        text = self.text if len(self.text) <= _SHOWN_CHARS else self.text[: _SHOWN_CHARS - 1] + "…"
        return f"{type(self).__name__}({text!r}{', streaming' if self.is_streaming else ''})"
