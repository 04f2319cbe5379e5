"""Token ids become text as they come: the pieces, joined, are what all ids at once decode to. Knows no engine."""

from __future__ import annotations

from collections.abc import Sequence

from dolly_widget.text.characters import REPLACEMENT
from dolly_widget.text.tokenizer import Tokenizer


class IncrementalDecoder:
    """Decodes ids as they come, a few at a time. ``text`` is the concatenation of all pieces so far.

    Held back until decided: half a UTF-8 character, and a run of byte tokens (``<0xE4>``), which decodes to U+FFFD
    throughout where one of its bytes turns out to be wrong (``ByteFallback`` of the tokenizers library).
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._whole = 0  # ids[:whole] end with no run of bytes
        self._start = self._read = 0  # ids[start:read] are decoded already, and kept as context for the next ones
        self._settled = ""
        self.text = ""

    def push(self, token_ids: Sequence[int]) -> str:
        """Take further ids; return the piece of text that is now certain."""
        for token_id in token_ids:
            # What has no text must not stand as the context: some decoders treat the first token of a text otherwise.
            if self._tokenizer.has_text(token_id):
                self._ids.append(token_id)
                self._whole = self._whole if self._tokenizer.is_byte(token_id) else len(self._ids)
        if self._whole == self._read:
            return ""
        context = self._tokenizer.decode(self._ids[self._start : self._read])
        window = self._tokenizer.decode(self._ids[self._start : self._whole])
        if not window.startswith(context):  # a decoder that joins tokens: the next one may tell
            return ""
        window = window[len(context) :]
        if window.endswith(REPLACEMENT):
            return self._grow(self._settled + window[:-1])
        self._start, self._read = self._read, self._whole
        self._settled += window
        return self._grow(self._settled)

    def flush(self) -> str:
        """Return what was held back. Call once, when no more ids will come."""
        return self._grow(self._tokenizer.decode(self._ids))

    def _grow(self, text: str) -> str:
        piece = text[len(self.text) :]
        self.text += piece
        return piece
