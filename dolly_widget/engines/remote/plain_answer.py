"""An answer that comes as text, because its server tells no ids, or because no tokenizer is known here."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from dolly_widget.engines.answer import Answer, OnText, count_of, reasoning_of
from dolly_widget.engines.result import GenerationResult
from dolly_widget.text import PieceStream, ReasoningSplitter


class PlainAnswer(Answer):
    """An ``Answer`` that takes pieces of text, and ids beside them where a server tells those too."""

    def __init__(
        self,
        stop_texts: Sequence[str],
        on_text: OnText,
        cancels: Sequence[threading.Event],
        end_ids: frozenset[int],
        splitter: ReasoningSplitter,
        prefix_text: str = "",
    ) -> None:
        self._pieces = PieceStream(stop_texts)
        super().__init__(self._pieces, on_text, cancels, (), end_ids, splitter)
        self._prefix_text, self._count = prefix_text, 0
        self.pieces = 0
        """Tokens that can be told apart: ids, or pieces of text, each of one token or more."""
        self._has_all_ids = not prefix_text
        self._is_told_apart = False

    def start(self) -> None:
        """See ``Answer.start``."""
        if self._prefix_text:
            self._pass_on(self._pieces.push_text(self._prefix_text))
        super().start()

    @property
    def new_tokens(self) -> int:
        """Number of tokens so far; of the pieces, where the server does not say."""
        return self._count

    @property
    def has_all_ids(self) -> bool:
        """Whether the ids of all that came are known."""
        return self._has_all_ids

    @property
    def has_reasoning(self) -> bool:
        """Whether there is anything that the model has thought."""
        return bool(self._splitter.reasoning)

    def write_text(self, text: str, reasoning: str, token_ids: Sequence[int] | None) -> None:
        """Take a further piece. Raises nothing that ``on_text`` raised, as ``write``."""
        self._has_all_ids = self._has_all_ids and token_ids is not None
        self._ids += token_ids or ()
        tokens = max(1, len(token_ids or ()))
        self.pieces += tokens
        self._count += tokens
        if reasoning:
            self._think(reasoning)
        was_answering = self._splitter.is_answering or self._is_told_apart
        self._pass_on(self._pieces.push_text(text))
        if reasoning or (not was_answering and self._splitter.reasoning):
            self._reasoning_tokens, self._reasoning_s = self._count, time.perf_counter() - self._started
        if not self.error:
            self._call(lambda: count_of(self._on_text)(self._count))

    def _think(self, reasoning: str) -> None:
        """Pass on what the server has told apart already."""
        self._is_told_apart = True
        self._splitter.reasoning += reasoning
        if not self.error:
            self._call(lambda: reasoning_of(self._on_text)(reasoning))

    def count(self, new_tokens: int) -> None:
        """Take the server's own count of the answer's tokens."""
        self._count = new_tokens

    def result(self, prompt_tokens: int, finish_reason: str, seed: int, is_greedy: bool = False) -> GenerationResult:
        """See ``Answer.result``."""
        result = super().result(prompt_tokens, finish_reason, seed, is_greedy)
        if self._has_all_ids and self._ids:
            return result
        return replace(result, token_ids=(), counted_tokens=self._count)
