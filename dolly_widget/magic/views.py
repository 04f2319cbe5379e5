"""An answer in the output of a cell, as it grows and when it is whole. Knows nothing of engines at work."""

from __future__ import annotations

import html
import sys
from typing import Any, Protocol

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import DisplayHandle, display

from dolly_widget.engines import Engine, GenerationResult, local_model, server_of
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import GrowingMarkdown, markdown_to_html, output_html, reasoning_html, visible_lines


def name_of(engine: Engine) -> str:
    """What a caption calls the model of an engine; "" for one that is not known."""
    model, setup = local_model(engine), getattr(engine, "setup", None)
    if server_of(engine) is not None and setup is not None:
        return str(setup.name)
    if model is None:
        return ""
    return "demo (a small demonstration model)" if model.info.is_demo else model.name


def caption(result: GenerationResult | None, model: str, text: str, params: SamplingParams) -> str:
    """Which model, how much, why it ended and the seed. No times: with a seed it is the same in every run."""
    if result is None:
        parts = [model, "interrupted by an error" if text else "no answer"]
    elif not (result.token_ids or result.text):
        parts = [model, _ENDS["cancelled"]]
    elif not result.token_ids:  # a server that tells no tokens
        parts = [model, _ENDS[result.finish_reason], *result.notes]
    else:
        count = f"{result.new_tokens:,} {'token' if result.new_tokens == 1 else 'tokens'}"
        if result.reasoning:
            count += f", {result.reasoning_tokens:,} of them reasoning"
        how = "greedy" if params.is_greedy else result.origin
        parts = [model, count, _ENDS[result.finish_reason], how, *result.notes]
    return " · ".join(parts)


WRITING = "Writing…"
THINKING = "Thinking…"
_ENDS = {
    "stop": "ended by itself",
    "length": "ended at --max-new-tokens",
    "cancelled": "stopped",
    "broken": "the connection broke",
}


class View(Protocol):
    """Where the answer appears. ``text`` is always the whole text so far."""

    def show(self, text: str, doing: str, notes: list[str]) -> None:
        """Show the text so far, and what is being done."""
        ...

    def finish(self, text: str, caption: str, reasoning: str = "") -> None:
        """Show the answer as it stays; ``reasoning`` is what the model thought before it."""
        ...


def view_of(shell: InteractiveShell) -> View:
    """Where an answer appears that is asked for now."""
    if getattr(shell, "kernel", None) is None:
        return TerminalView()
    return CapturedView() if _is_captured(shell) else NotebookView()


def _is_captured(shell: Any) -> bool:
    """Whether an ``Output`` widget takes what the current message displays (ipywidgets' widget_output.py)."""
    message = shell.get_parent() if hasattr(shell, "get_parent") else {}
    current = message.get("header", {}).get("msg_id")
    module = sys.modules.get("ipywidgets.widgets.widget")
    widgets = list(getattr(module, "_instances", {}).values())  # private: without it, no widget is found
    return bool(current) and any(getattr(widget, "msg_id", None) == current for widget in widgets)


class NotebookView:
    """One output of a cell, which is replaced as the text grows."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None
        self._shown: dict[str, str] = {}
        self._growing, self._grown = GrowingMarkdown(), ""

    def show(self, text: str, doing: str, notes: list[str]) -> None:
        """See ``View``: what has ended is rendered, the rest is the text as it is."""
        so_far = self._so_far(text) if text else ""
        # A console, which cannot replace what it printed, should print something.
        self._publish(output_html(so_far + _quiet(*notes, doing)), text or doing)

    def _so_far(self, text: str) -> str:
        if not text.startswith(self._grown):
            self._growing, self._grown = GrowingMarkdown(), ""
        self._growing.push(text[len(self._grown) :])
        self._grown = text
        rendered, typed = self._growing.html, _as_typed(text)
        # All of it is sent each time: where the markup is more than the text, it waits for the end.
        if not rendered or len(rendered) > 1.5 * len(typed):
            return typed
        rest = text.encode("utf-16-le")[2 * self._growing.at :].decode("utf-16-le")
        return f'<div class="dolly-answer">{rendered}</div>{_as_typed(rest) if rest else ""}'

    def finish(self, text: str, caption: str, reasoning: str = "") -> None:
        """See ``View``: as Markdown."""
        self._publish(_whole(text, caption, reasoning), text)

    def _publish(self, page: str, text: str) -> None:
        # Never text/markdown, which JupyterLab prefers and renders with its HTML and scripts in a trusted notebook.
        bundle = {"text/html": page, "text/plain": visible_lines(text)}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        elif bundle != self._shown:
            self._handle.update(bundle, raw=True)
        self._shown = bundle


class CapturedView:
    """The whole answer, once: an ``Output`` widget takes no updates of what it shows."""

    def show(self, text: str, doing: str, notes: list[str]) -> None:
        """See ``View``: nothing yet."""

    def finish(self, text: str, caption: str, reasoning: str = "") -> None:
        """See ``View``: as Markdown."""
        display({"text/html": _whole(text, caption, reasoning), "text/plain": visible_lines(text)}, raw=True)


def _as_typed(text: str) -> str:
    return f'<div class="dolly-answer" style="white-space: pre-wrap">{html.escape(visible_lines(text))}</div>'


def _whole(text: str, caption: str, reasoning: str) -> str:
    # No times: with a seed, the output is the same in every run.
    thought = reasoning_html(reasoning, "Reasoning")
    return output_html(f'{thought}<div class="dolly-answer">{markdown_to_html(text)}</div>{_quiet(caption)}')


def _quiet(*lines: str) -> str:
    """Small grey lines, in a light and in a dark theme, and where a page allows no styles."""
    return "".join(
        f'<div class="dolly-caption" style="opacity: 0.7"><small>{html.escape(line)}</small></div>' for line in lines
    )


class TerminalView:
    """What was not shown yet, printed: a terminal's IPython has nothing that could be replaced."""

    def __init__(self) -> None:
        self._chars = 0
        self._told: set[str] = set()

    def show(self, text: str, doing: str, notes: list[str]) -> None:
        """See ``View``. A stage is printed once, without its figures."""
        stage = doing.partition(":")[0].rstrip("…") + "…"
        for line in (*notes, stage):
            if not text and line != WRITING and line not in self._told:
                self._told.add(line)
                print(_printable(line), flush=True)
        print(_printable(text[self._chars :]), end="", flush=True)
        self._chars = len(text)

    def finish(self, text: str, caption: str, reasoning: str = "") -> None:
        """See ``View``: what is printed already stays as it is; reasoning is not printed."""
        print(_printable(text[self._chars :]) + ("\n" if text else "") + _printable(caption), flush=True)


def _printable(text: str) -> str:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return visible_lines(text).encode(encoding, "replace").decode(encoding)
