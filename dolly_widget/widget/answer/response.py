"""The output area: an answer that streams in as text and ends as HTML. Knows nothing about models or threads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import traitlets

from dolly_widget.text import GrowingMarkdown, Operation, encodable, markdown_to_html, utf16_units
from dolly_widget.widget.page.control import Control

_SHOWN_CHARS = 40
_ANSWER = {"text", "html", "rendered", "n_operations", "reasoning", "thought", "code", "note", "is_streaming"}
_WHOLE = {"text", "html", "rendered", "n_operations", "reasoning"}
_BESIDE = ("code", "note", "reasoning", "thought")


class ResponseView(Control):
    """Shows one answer. Set `text`, `reasoning` and `is_streaming` while it is written, then call `finish`.

    While it streams, `html` is of what has ended of `text`, its first `rendered` units of UTF-16, as JavaScript counts;
    the rest is shown as it is. A text that begins with the one before goes to the page as what is new alone:
    ``{"append": "…", "at": 17, "operations": […], "n_before": 3, "rendered": 12}``, where the operations, see
    ``text/growing_markdown.py``, go on from the first three. Of `reasoning` it is ``"thought"`` and ``"thought_at"``.
    The state has all of it, for pages to come and for what is saved. A page that lost something says
    ``{"event": "lost"}``, and is sent all of the answer.

    At the end, nothing is shown anew that was there. The reader's selection and scroll position survive every update:
    what they have selected is not replaced until they let go. The view follows the end of the text only while the
    reader is there; it scrolls itself, or the element of the class ``dw-conversation`` that it is in. A screen reader
    hears a streaming answer in sentences, once, wherever it is shown.
    """

    scripts = (
        "../page/scrolling.js",
        "response_growing.js",
        "response_blocks.js",
        "response_spoken.js",
        "response_copy.js",
        "tools.js",
        "rendered.js",
        "response_safe.js",
        "response_place.js",
        "response.js",
    )
    styles = ("response.css", "answer.css", "tools.css")
    only_shows = True

    text = traitlets.Unicode("", help="The answer so far, as plain text.").tag(sync=True)
    html = traitlets.Unicode("", help="Safe HTML of what has ended of the answer.").tag(sync=True)
    rendered = traitlets.Int(-1, help="How many UTF-16 units of the text the HTML is of; -1: all.").tag(sync=True)
    n_operations = traitlets.Int(0, help="How often the HTML has grown since the answer began.").tag(sync=True)
    reasoning = traitlets.Unicode("", help="What the model thought before the answer, as text.").tag(sync=True)
    thought = traitlets.Unicode("", help="For how long it thought, a line; not known while it does.").tag(sync=True)
    code = traitlets.Unicode("", help='A Python cell that asks the same; "" without one.').tag(sync=True)
    note = traitlets.Unicode("", help="How the answer ended, a line below it; not copied.").tag(sync=True)
    is_streaming = traitlets.Bool(False, help="Whether more text is to come.").tag(sync=True)
    placeholder = traitlets.Unicode("The answer appears here.", help="Shown while there is no answer.").tag(sync=True)
    label = traitlets.Unicode("Response", help="The name that a screen reader announces.").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._sent = self._sent_reasoning = ""  # what the pages have
        self._sent_rendered = -1
        self._growing, self._grown = GrowingMarkdown(), ""
        self._unsent: list[Operation] = []
        self._is_silent = self._is_another = False
        self._sending = threading.RLock()  # the worker adds while the kernel's thread sends all
        super().__init__(**traits)
        self.on_msg(self._on_page)

    def notify_change(self, change: Any) -> None:
        """Before the page and observers hear of a text, its HTML has grown with it."""
        if change["name"] == "is_streaming" and change["new"]:
            self._growing, self._grown = GrowingMarkdown(), ""
        if change["name"] in ("text", "is_streaming") and self.is_streaming and not self._is_silent:
            self._grow(self.text)
        super().notify_change(change)

    def send_state(self, key: str | Iterable[str] | None = None) -> None:
        """Send these traits, or all, to the page; of a text that only grew while it streams, what is new."""
        names = {key} if isinstance(key, str) else set(self.keys if key is None else key)
        with self._sending:
            if self._is_silent:
                return
            if names <= {"text", "reasoning"} and self._has_only_grown:
                self._send_new()
                return
            if "is_streaming" in names or (self.is_streaming and "text" in names):
                names |= _WHOLE  # what keeps no pieces, such as nbclient, has all of it at the end
            if "text" in names:
                self._sent, self._sent_rendered = self.text, self.rendered
                self._unsent, self._is_another = [], False
            if "reasoning" in names:
                self._sent_reasoning = self.reasoning
            super().send_state(names)

    @property
    def _has_only_grown(self) -> bool:
        is_longer = self.text.startswith(self._sent) and self.reasoning.startswith(self._sent_reasoning)
        return self.is_streaming and is_longer and not self._is_another

    def _send_new(self) -> None:
        sent, thought = self._sent, self._sent_reasoning
        message: dict[str, Any] = {"append": self.text[len(sent) :], "at": utf16_units(sent)}
        if self._unsent or self.rendered != self._sent_rendered:
            n_before = self.n_operations - len(self._unsent)
            operations = [{name: value for name, value in each._asdict().items() if value} for each in self._unsent]
            message |= {"operations": operations, "n_before": n_before, "rendered": self.rendered}
        if self.reasoning != thought:
            message |= {"thought": self.reasoning[len(thought) :], "thought_at": utf16_units(thought)}
        self._sent, self._sent_reasoning = self.text, self.reasoning
        self._sent_rendered, self._unsent = self.rendered, []
        self.send(message)

    def _grow(self, text: str, is_end: bool = False) -> None:
        """Let the HTML grow with the text, of which it is sent what is new."""
        with self._sending:
            if not text.startswith(self._grown):
                self._growing, self._grown, self._is_another = GrowingMarkdown(), "", True
                self._set_grown("", 0)
            operations = self._growing.push(text[len(self._grown) :])
            self._grown = text
            if is_end:
                operations += self._growing.finish()
            if operations or self.rendered != self._growing.at:
                self._set_grown(self._growing.html if operations else self.html, self.n_operations + len(operations))
                self._unsent += operations

    def _set_grown(self, html: str, n_operations: int) -> None:
        with self._silently():
            self.html, self.n_operations, self.rendered = html, n_operations, self._growing.at

    @contextlib.contextmanager
    def _silently(self) -> Iterator[None]:
        """What is set goes to the page with the text."""
        self._is_silent = True
        try:
            yield
        finally:
            self._is_silent = False

    def _on_page(self, widget: Any, content: Any, buffers: Any) -> None:
        if content == {"event": "lost"}:
            self.send_state(_ANSWER)

    def begin(self) -> None:
        """Make room for an answer that is to come, in one message to the page."""
        self._show("", "", rendered=0, is_streaming=True)

    def finish(self, text: str, *, code: str = "", note: str = "", reasoning: str = "", thought: str = "") -> None:
        """Show the whole answer, rendered as Markdown: what is new of it, if this is the text that streamed in.

        ``code`` is what "Copy as code" copies; ``note`` says below the answer, as text, how it ended. ``reasoning`` is
        folded above it, below the line ``thought``.
        """
        text, html = encodable(text), markdown_to_html(text)
        self._finish_growing(text, html)
        self._show(text, html, code=code, note=note, reasoning=reasoning, thought=thought)

    def _finish_growing(self, text: str, html: str) -> None:
        """Send the end of what streamed in, so that the page completes what it has."""
        with self._sending:
            if not self.is_streaming or not text.startswith(self._grown):
                return
            with self._silently():
                self.text = text
            self._grow(text, is_end=True)
            if self.html == html and self._has_only_grown:
                self._send_new()

    def clear(self) -> None:
        """Show the placeholder again."""
        self._show("", "")

    def _show(self, text: str, html: str, *, rendered: int = -1, is_streaming: bool = False, **others: str) -> None:
        with self.hold_sync():
            self.is_streaming = False  # what is set is no piece of what streams
            self.text, self.html, self.rendered = text, html, rendered
            self.n_operations = 0 if is_streaming else self.n_operations
            for name in _BESIDE:
                setattr(self, name, others.get(name, ""))
            self.is_streaming = is_streaming

    @traitlets.validate("text", "html", "reasoning", "thought", "code", "note", "placeholder", "label")
    def _encodable(self, proposal: traitlets.Bunch) -> str:
        # A lone surrogate would break the message to the page, and the saved notebook.
        return encodable(proposal["value"])

    def _facts(self) -> str:
        text = self.text if len(self.text) <= _SHOWN_CHARS else self.text[: _SHOWN_CHARS - 1] + "…"
        return f"{text!r}{', streaming' if self.is_streaming else ''}"
