"""The prompt as the model sees it, folded away to a line that counts its tokens. Knows no template."""

from __future__ import annotations

from collections.abc import Callable

import traitlets

from dolly_widget.errors import PromptTooLongError, error_text
from dolly_widget.models import Model
from dolly_widget.text import Prompt, Tokenizer
from dolly_widget.widget.ask.prompt_view import PromptView
from dolly_widget.widget.page.fold import Fold


class PromptPanel(Fold):
    """Says how many tokens a prompt has, and how many the model has room for; opened, it shows them.

    Tokens are counted at once, at every call: a tenth of a second for 100,000 characters. What is seen of them is made
    only while the panel is open.
    """

    count = traitlets.Int(0, help="Tokens of the prompt; 0 where they are not known.")
    surplus = traitlets.Int(0, help="Tokens that prompt and answer have more than the model has places for.")

    def __init__(self) -> None:
        self.view = PromptView()
        self._model: Model | None = None
        self._prompt: Prompt | None = None
        self.max_new_tokens = 0
        self._error = ""
        super().__init__("Prompt", self.view)
        self.add_class("dw-prompt-panel")
        self.observe(lambda _: self._refresh(), "is_open")

    def load(self, model: Model | None) -> None:
        """Count with the tokenizer of another model, for its positions; None where it has no files here."""
        self._model = model
        self._refresh()

    def show(self, prompt: Prompt | None, max_new_tokens: int) -> None:
        """Show what the model is given, and up to how many tokens it may answer; None: there is no prompt."""
        self._prompt, self.max_new_tokens, self._error = prompt, max_new_tokens, ""
        self._refresh()

    def show_rendered(self, render: Callable[[], Prompt | None], max_new_tokens: int) -> None:
        """Show what ``render`` returns, or why it fails; None changes nothing."""
        try:
            prompt = render()
        except Exception as exc:  # a user's own template may fail in any way, and at any time
            self.show_error(error_text(exc))
        else:
            if prompt is not None:
                self.show(prompt, max_new_tokens)

    def show_error(self, text: str) -> None:
        """Say why there can be no prompt: a template refuses it."""
        self._prompt, self._error = None, text
        self._refresh()

    def _refresh(self) -> None:
        tokenizer = None if self._prompt is None else self.tokenizer
        if self._prompt is None:
            self._say("Prompt · cannot be made" if self._error else "Prompt", self._error)
            self.view.clear(self._error)
        elif tokenizer is None:
            self._say("Prompt")
            self._fill_with_text(self._prompt)
        else:
            self._count(tokenizer, self._prompt)

    @property
    def tokenizer(self) -> Tokenizer | None:
        """What counts; None where the model has no files here."""
        try:
            return None if self._model is None else self._model.tokenizer
        except (OSError, ValueError):
            self._model = None  # nor will it be there at the next keystroke
            return None

    @property
    def _limit(self) -> int | None:
        return None if self._model is None else self._model.info.max_positions

    def _fill_with_text(self, prompt: Prompt) -> None:
        if self.is_open:
            self.view.show_text(prompt)

    def _count(self, tokenizer: Tokenizer, prompt: Prompt) -> None:
        pieces = tokenizer.pieces(prompt) if self.is_open else None
        count = len(tokenizer.encode(prompt) if pieces is None else pieces)
        limit = self._limit
        note = _too_long(count, self.max_new_tokens, limit)
        self._say(_line(count, self.max_new_tokens, limit), note)
        surplus = 0 if limit is None else max(0, count + self.max_new_tokens - limit)
        with self.hold_trait_notifications():
            self.count, self.surplus = count, surplus
        if pieces is not None:
            self.view.show_pieces(pieces, note)

    def _say(self, line: str, note: str = "") -> None:
        self.title = line
        (self.add_class if note else self.remove_class)("dw-is-over")

    def __repr__(self) -> str:
        """Say little, and the same in every run: notebooks save it."""
        return f"{type(self).__name__}({self.title!r})"


def _line(count: int, max_new_tokens: int, limit: int | None) -> str:
    if limit is None:
        return f"Prompt · {count:,} {'token' if count == 1 else 'tokens'}"
    line = f"Prompt · {count:,} + up to {max_new_tokens:,} of {limit:,} tokens"
    surplus = count + max_new_tokens - limit
    return f"{line}: {surplus:,} too many" if surplus > 0 else line


def _too_long(count: int, max_new_tokens: int, limit: int | None) -> str:
    """What to do about a prompt that leaves no room for the answer; "" where it does."""
    if limit is None or count + max_new_tokens <= limit:
        return ""
    return str(PromptTooLongError(count, max_new_tokens, limit))
