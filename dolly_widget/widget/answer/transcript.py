"""What was said before an answer, and what it answers, above it. Knows nothing about models or templates."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets as widgets

from dolly_widget.text import Turn, encodable, markdown_to_html
from dolly_widget.widget.page.layout import show_in, style_sheet

# Answers look as in the output area, whose rules those are.
_STYLES = [Path(__file__).with_name(name) for name in ("answer.css", "transcript.css")]


MAX_SHOWN_TURNS = 200
"""Of a longer chat the end is shown: a history file of a few kB can hold any number of turns."""


class Transcript(widgets.VBox):
    """Shows turns, the newest last and in view; nothing if there are none."""

    def __init__(self) -> None:
        self.turns = widgets.HTML()
        self._turn_html = functools.lru_cache(maxsize=1024)(turn_html)  # its own, freed with it: answers are long
        super().__init__([style_sheet(*_STYLES), self.turns])
        self.add_class("dw-transcript")
        self.show(())

    def show(self, turns: Sequence[Turn]) -> None:
        """Show these turns in place of those before."""
        show_in(self.turns, transcript_html(turns, self._turn_html))
        self.layout.display = None if turns else "none"

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}()"


def turn_html(turn: Turn) -> str:
    """HTML, safe to insert in a page, of one turn; one whose answer is empty is still to be answered."""
    context = _text_html("dw-turn-context", turn.context) if turn.context.strip() else ""
    said = (
        f'<div role="listitem" class="dw-turn-user"><span class="dw-turn-who">You</span>'
        f"{_text_html('dw-turn-text', turn.instruction)}{context}</div>"
    )
    if not turn.answer.strip():
        return said
    return (
        f'{said}<div role="listitem" class="dw-turn-model"><span class="dw-turn-who">Model</span>'
        f'<div class="dw-response"><div class="dw-html" dir="auto">{markdown_to_html(turn.answer)}</div></div></div>'
    )


def transcript_html(turns: Sequence[Turn], turn_html: Callable[[Turn], str] = turn_html) -> str:
    """HTML, safe to insert in a page, of what was said; ``turn_html`` makes that of each turn."""
    if not turns:
        return ""
    # Without the attribute, JupyterLab takes the keys that scroll.
    region = 'class="dw-turns" role="region" tabindex="0" data-lm-suppress-shortcuts="true" aria-label="Conversation"'
    said = "".join(map(turn_html, turns[-MAX_SHOWN_TURNS:]))
    return f'<div {region}><div role="list">{said}</div>{_gap_html(len(turns) - MAX_SHOWN_TURNS)}</div>'


def _gap_html(hidden: int) -> str:
    """How many turns are not shown: the last element, since the style sheet has the order reversed."""
    if hidden <= 0:
        return ""
    return f'<div class="dw-turn-gap">{hidden:,} earlier {"turn is" if hidden == 1 else "turns are"} not shown.</div>'


def _text_html(name: str, text: str) -> str:
    return f'<div class="{name}" dir="auto">{html.escape(encodable(text))}</div>'
