"""The beginning of an answer, as tokens that a reader takes from it, adds to it, or edits as text. Pure."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable

from dolly_widget.engines import endings
from dolly_widget.models import Model
from dolly_widget.text import REPLACEMENT, Label, Prompt, PromptTemplate, Segment, token_label

_SPECIAL_NOTE = "Some of these tokens have no text of their own: editing the text removes or replaces them."
_SPLIT_NOTE = "This text is usually split into other tokens: editing it splits all of it again."


class AnswerSoFar:
    """The ids of an answer's first tokens. They stay as they are until ``edit``: not every one can be written as text.

    Raises ValueError, here and in ``add``, for an id that the model does not have.
    """

    def __init__(self, model: Model, template: PromptTemplate, token_ids: Iterable[int] = ()) -> None:
        self._tokenizer, self._vocab_size = model.tokenizer, model.vocab_size
        self._endings = endings(model, template)
        self.label: Callable[[int], Label] = functools.lru_cache(4096)(functools.partial(token_label, model.tokenizer))
        self.ids = tuple(map(self._checked, token_ids))

    def _checked(self, token_id: int) -> int:
        checked = operator.index(token_id)
        if not 0 <= checked < self._vocab_size:
            raise ValueError(f"There is no token {checked}: the model has {self._vocab_size:,} tokens, counted from 0.")
        return checked

    @property
    def text(self) -> str:
        """Text of the tokens, without those that have none."""
        return self._tokenizer.decode(self.ids)

    def add(self, token_id: int) -> int:
        """Add a token at the end, and return its id."""
        checked = self._checked(token_id)
        self.ids = (*self.ids, checked)
        return checked

    def take_back(self) -> int:
        """Take the last token away, and return its id. ValueError if there is none."""
        if not self.ids:
            raise ValueError("There is no token to take back: the answer has not begun.")
        *rest, last = self.ids
        self.ids = tuple(rest)
        return last

    def edit(self, text: str) -> None:
        """Take the tokens of ``text``, a user's: nothing in it is a control token."""
        self.ids = self._encoded(text)

    def _encoded(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(Prompt([Segment(text, is_template=False)], adds_special_tokens=False)))

    @property
    def has_ended(self) -> bool:
        """Whether an engine would end the answer here."""
        text = self.text if self._endings.texts else ""
        return bool(self.ids and self.ids[-1] in self._endings.ids) or any(stop in text for stop in self._endings.texts)

    @property
    def editing_note(self) -> str:
        """What an edit would change beside what is edited; "" for nothing."""
        text = self.text
        if any(self.label(token_id).is_special for token_id in self.ids) or REPLACEMENT in text:
            return _SPECIAL_NOTE
        return "" if self._encoded(text) == self.ids else _SPLIT_NOTE
