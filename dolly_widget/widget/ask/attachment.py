"""Files as context: a button, a place to drop them, and what is to be known of the text. Knows no format and no engine.

The page sends a file in parts of 1 MB: a Jupyter server closes the connection at a message of 10 MB.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import ipywidgets as widgets
import traitlets

from dolly_widget.runtime import Job, Worker
from dolly_widget.text import Prompt, Segment, Tokenizer, encodable, read_document
from dolly_widget.text.documents import MAX_BYTES, SUFFIXES, DocumentError, shown_name, too_large
from dolly_widget.widget.ask.prompt_panel import PromptPanel
from dolly_widget.widget.page.control import Control

_ROUNDS = 5
"""Where a text is cut, tokens may change: it is counted again."""


class _Attached(NamedTuple):
    """What a file has put into the context."""

    name: str
    before: str
    after: str


class Attachment(Control):
    """Puts the text of files into the box ``context``; ``prompt`` counts what the model is given then.

    ``on_attached`` is called when a text is there. What does not fit is said at once, and left out only by a button.
    """

    scripts = ("attachment.js",)
    styles = ("attachment.css",)
    only_shows = True

    accept = traitlets.Unicode(",".join(SUFFIXES), help="Ends of file names that are offered.").tag(sync=True)
    max_bytes = traitlets.Int(MAX_BYTES, help="The largest file that is taken.").tag(sync=True)
    is_reading = traitlets.Bool(False, help="Whether a file is being read.").tag(sync=True)
    note = traitlets.Unicode("", help="What is attached, or what is wrong.").tag(sync=True)
    is_wrong = traitlets.Bool(False, help="Whether the note says what is wrong.").tag(sync=True)
    remedy = traitlets.Unicode("", help="What the button says that makes a text fit; empty where there is none.").tag(
        sync=True
    )
    is_attached = traitlets.Bool(False, help="Whether a text can be removed again.").tag(sync=True)

    def __init__(self, context: widgets.Textarea, prompt: PromptPanel, on_attached: Callable[[], None]) -> None:
        super().__init__()
        self._context, self._prompt, self._on_attached = context, prompt, on_attached
        self._worker = Worker()
        self._name, self._parts, self._upload = "", bytearray(), ""
        self._attached: _Attached | None = None
        self.job: Job[None] | None = None
        """The newest file's."""
        self.on_msg(self._on_page)
        context.observe(self._on_context, "value")
        prompt.observe(self._show, ["count", "surplus"])

    def close(self) -> None:
        """End what is being read."""
        self._worker.close()
        super().close()

    def attach(self, name: str, data: bytes) -> Job[None]:
        """Read a file in the background, and put its text into the context; return the job."""
        self.is_reading = True
        self.job = Job(partial(self._read, name, data), name="dolly-attach", worker=self._worker)
        return self.job

    def remove(self) -> None:
        """Take the text out of the context again, unless it has been edited since."""
        attached, self._attached = self._attached, None
        if attached is not None and self._context.value == attached.after:
            self._context.value = attached.before
        self._show()

    def cut(self) -> None:
        """Leave out the end of the context, as many tokens as do not fit."""
        for _ in range(_ROUNDS):
            tokenizer, surplus = self._prompt.tokenizer, self._prompt.surplus
            if tokenizer is None or surplus <= 0:
                return
            shorter = _without_last(self._context.value, surplus, tokenizer)
            if self._attached is not None:
                self._attached = self._attached._replace(after=shorter)
            self._context.value = shorter

    def _on_page(self, widget: Any, content: dict[str, Any], buffers: list[memoryview]) -> None:
        kind, upload = content.get("kind", ""), str(content.get("id", ""))
        if kind == "begin":
            self._begin(upload, str(content.get("name", "")), content.get("size"))
        elif kind == "part" and upload == self._upload and buffers:
            self._take(bytes(buffers[0]))
        elif kind == "end" and upload == self._upload:
            self._end()
        elif kind in ("remove", "cut"):
            getattr(self, kind)()

    def _begin(self, upload: str, name: str, size: Any) -> None:
        self._upload, self._name, self._parts = upload, name, bytearray()
        if not isinstance(size, int) or not 0 <= size <= MAX_BYTES:
            self._refuse(too_large(name))

    def _take(self, part: bytes) -> None:
        if len(self._parts) + len(part) > MAX_BYTES:  # whatever size it said
            self._refuse(too_large(self._name))
        else:
            self._parts += part

    def _end(self) -> None:
        data, self._parts, self._upload = bytes(self._parts), bytearray(), ""
        self.attach(self._name, data)

    def _refuse(self, exc: Exception) -> None:
        self._upload, self._parts = "", bytearray()
        self._say(str(exc), is_wrong=True)
        self.send({"kind": "heard"})  # the note may be the one that was there

    def _read(self, name: str, data: bytes, stop: threading.Event) -> None:
        """The work of a job."""
        try:
            text = read_document(name, data, stop)
        except DocumentError as exc:
            self._say(str(exc), is_wrong=True)
            return
        finally:
            self.is_reading = False
            self.send({"kind": "heard"})
        before = self._context.value
        after = f"{before.rstrip()}\n\n{text}" if before.strip() else text
        self._attached = _Attached(shown_name(name), before, after)
        self._context.value = after
        self._on_attached()
        self._show()

    def _on_context(self, change: Any) -> None:
        if not change["new"].strip():  # emptied by hand, or asked
            self._attached = None
        self._show()

    def _show(self, change: Any = None) -> None:
        """Say what is attached, and whether it fits."""
        if self._attached is None:
            if not self.is_wrong or change is None:
                self._say("")
            return
        tokenizer, surplus = self._prompt.tokenizer, self._prompt.surplus
        if tokenizer is None:
            self._say(f"{self._attached.name} · {len(self._context.value):,} characters")
            return
        count = len(_ids(self._context.value, tokenizer))
        tokens = f"{count:,} {'token' if count == 1 else 'tokens'}"
        if surplus <= 0:
            self._say(f"{self._attached.name} · {tokens}")
            return
        fits = max(0, count - surplus)
        room = f"{fits:,} fit with max new tokens {self._prompt.max_new_tokens:,}"
        remedy = f"Leave out the last {surplus:,} tokens" if fits else ""
        self._say(f"{self._attached.name} · {tokens}; {room}", is_wrong=True, remedy=remedy)

    def _say(self, note: str, *, is_wrong: bool = False, remedy: str = "") -> None:
        with self.hold_sync():
            self.note, self.is_wrong, self.remedy = encodable(note), is_wrong, remedy
            self.is_attached = self._attached is not None

    def _facts(self) -> str:
        return repr(self.note)


def _ids(text: str, tokenizer: Tokenizer) -> list[int]:
    return tokenizer.encode(Prompt([Segment(text, is_template=False)], adds_special_tokens=False))


def _without_last(text: str, count: int, tokenizer: Tokenizer) -> str:
    """The text without its last ``count`` tokens: its own beginning, whatever a tokenizer makes of it."""
    ids = _ids(text, tokenizer)
    kept = tokenizer.decode(ids[: max(0, len(ids) - count)])
    return text[: min(len(kept), max(0, len(text) - 1))]
