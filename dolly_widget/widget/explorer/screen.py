"""What a SamplingExplorer consists of: its controls, how they are arranged, and what each shows.

Knows nothing about models and jobs: the widget says when to show what.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import traitlets

from dolly_widget.sampling import SHAPING
from dolly_widget.text import Label
from dolly_widget.widget.explorer.bars import CandidateBars
from dolly_widget.widget.explorer.beginning import AnswerSoFar
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.access import Access
from dolly_widget.widget.page.kernel_notice import KernelNotice
from dolly_widget.widget.page.layout import show_in, style_sheet
from dolly_widget.widget.settings.panel import SamplingPanel

_SHOWN_TOKENS = 80


class ExplorerParts:
    """What every explorer has, by name: the table, and what is done with it."""

    def __init__(self, on_choose: Callable[[int, int], None]) -> None:
        self.sample = widgets.Button(description="Sample one token", icon="random")
        self.step = widgets.Button(description="Step on", icon="step-forward", button_style="primary")
        self.back = widgets.Button(description="Step back", icon="step-backward")
        self.draw = widgets.Button(description="1,000 draws", icon="bar-chart")
        self.message = widgets.HTML(layout={"display": "none"})
        self.load = widgets.Button(icon="download", layout={"display": "none", "width": "auto"})
        self.bars = CandidateBars(on_choose)
        buttons = widgets.HBox([self.sample, self.step, self.back, self.draw])
        self.main = widgets.VBox([buttons, self.message, self.load, self.bars])
        self.main.add_class("dw-main")
        buttons.add_class("dw-buttons")

    def show_message(self, message_html: str) -> None:
        """Show an error or a hint; "" for none."""
        show_in(self.message, message_html)

    def show_load(self, description: str) -> None:
        """Show the button that loads the model; "" takes it away."""
        self.load.description = description
        self.load.layout.display = None if description else "none"


class StandaloneParts(ExplorerParts):
    """The controls of an explorer by itself, ``owner``, and ``children`` for it: texts and settings as well."""

    def __init__(self, owner: Any, on_choose: Callable[[int, int], None]) -> None:
        super().__init__(on_choose)
        self.model = widgets.HTML()
        self.instruction = widgets.Textarea(placeholder="What the model should do", rows=2, tooltip="Instruction")
        self.context = widgets.HTML(layout={"display": "none"})
        self.heading = widgets.HTML()
        self.tokens = widgets.HTML()
        self.answer = widgets.Textarea(
            placeholder="The answer so far: write here, or step on", rows=2, tooltip="Answer so far"
        )
        self.answer_note = widgets.HTML(layout={"display": "none"})
        self.settings = SamplingPanel(owner, SHAPING)
        self.children = self._arranged()
        traitlets.link((owner, "instruction"), (self.instruction, "value"))
        traitlets.link((owner, "text"), (self.answer, "value"))

    def _arranged(self) -> tuple[widgets.Widget, ...]:
        instruction = widgets.HTML(_heading_html("Instruction"))
        answer = (self.heading, self.tokens, self.answer, self.answer_note)
        texts = widgets.VBox([instruction, self.instruction, self.context, *answer])
        columns = widgets.Box([self.main, self.settings])
        texts.add_class("dw-texts")
        columns.add_class("dw-columns")
        return KernelNotice(), style_sheet(), Access(), self.model, texts, columns

    def show_model(self, name: str, device: str) -> None:
        """Say which model's distribution this is."""
        name = html.escape(name)
        self.model.value = f'<div class="dw-model"><b>What comes next</b> · {name} · {html.escape(device)}</div>'

    def show_prompt(self, context: str, *, is_fixed: bool) -> None:
        """Say that there is a context, which is not shown; whether the instruction is part of a prompt that stays."""
        words = len(context.split())
        note = f"With a context of {words} {'word' if words == 1 else 'words'}."
        show_in(self.context, messages.note_html(note) if words else "")
        self.instruction.disabled = is_fixed

    def show_answer(self, answer: AnswerSoFar) -> None:
        """Show the answer so far as tokens, and a note about editing it."""
        ids = answer.ids
        count = "no tokens yet" if not ids else "1 token" if len(ids) == 1 else f"{len(ids):,} tokens"
        shown = f", the last {_SHOWN_TOKENS} of them" if len(ids) > _SHOWN_TOKENS else ""
        self.heading.value = _heading_html(f"Answer so far · {count}{shown}")
        tokens = "".join(_token_html(token_id, answer.label(token_id)) for token_id in ids[-_SHOWN_TOKENS:])
        show_in(self.tokens, f'<div class="dw-tokens">{tokens}</div>' if tokens else "")
        note = answer.editing_note
        show_in(self.answer_note, messages.note_html(note) if note else "")


def _heading_html(text: str) -> str:
    return f'<div class="dw-heading">{html.escape(text)}</div>'


def _token_html(token_id: int, label: Label) -> str:
    special = " dw-is-special" if label.is_special else ""
    return f'<bdi class="dw-token{special}" title="id {token_id}">{html.escape(label.name)}</bdi>'
