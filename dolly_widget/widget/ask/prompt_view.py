"""A prompt as a model sees it: its tokens, in colours that tell the template's text from the user's. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets

from dolly_widget.text import Piece, Prompt, encodable, visible
from dolly_widget.widget.page.control import Control

MAX_SHOWN_TOKENS = 800
"""Of a longer prompt the beginning and the end are shown."""
MAX_SHOWN_CHARS = 4_000
"""Of each stretch of a prompt whose tokens are not known."""


class PromptView(Control):
    """Shows tokens, or whole stretches of text where they are not known, with a legend below. Copies as it was."""

    scripts = ("../page/scrolling.js", "prompt_view.js")
    styles = ("prompt_view.css",)
    only_shows = True

    stretches: traitlets.List[list[str]] = traitlets.List(help="What is shown, as [kind, text, tooltip].").tag(
        sync=True
    )
    count = traitlets.Unicode("", help="How many tokens there are, in words.").tag(sync=True)
    note = traitlets.Unicode("", help="What is wrong with the prompt.").tag(sync=True)

    def show_pieces(self, pieces: Sequence[Piece], note: str = "") -> None:
        """Show the tokens of a prompt, as ``Tokenizer.pieces`` gives them."""
        half = MAX_SHOWN_TOKENS // 2
        shown = (
            [_token(piece) for piece in pieces]
            if len(pieces) <= MAX_SHOWN_TOKENS
            else [
                *map(_token, pieces[:half]),
                _gap(len(pieces) - 2 * half, "tokens"),
                *map(_token, pieces[-half:]),
            ]
        )
        self._show(shown, f"{len(pieces):,} {'token' if len(pieces) == 1 else 'tokens'}", note)

    def show_text(self, prompt: Prompt, note: str = "") -> None:
        """Show a prompt whose tokens are not known."""
        self._show([stretch for segment in prompt for stretch in _text(*segment)], "", note)

    def clear(self, note: str = "") -> None:
        """Show no prompt."""
        self._show([], "", note)

    def _show(self, stretches: list[list[str]], count: str, note: str) -> None:
        with self.hold_sync():
            self.stretches, self.count, self.note = stretches, count, encodable(note)

    def _facts(self) -> str:
        return repr(self.count)


def _token(piece: Piece) -> list[str]:
    kind = "special" if piece.is_special else "template" if piece.is_template else "user"
    return [kind, _shown(piece.text), f"id {piece.token_id}"]


def _text(text: str, is_template: bool) -> list[list[str]]:
    kind, half = "template-text" if is_template else "user-text", MAX_SHOWN_CHARS // 2
    if len(text) <= MAX_SHOWN_CHARS:
        return [[kind, _shown(text), ""]]
    first, last = _shown(text[:half]), _shown(text[-half:])
    return [[kind, first, ""], _gap(len(text) - 2 * half, "characters"), [kind, last, ""]]


def _gap(number: int, what: str) -> list[str]:
    return ["gap", f"… {number:,} {what} more …", ""]


def _shown(text: str) -> str:
    """With signs for what could not be seen; those of line breaks are the page's, which does not copy them."""
    return "\n".join(visible(line) for line in text.split("\n"))
