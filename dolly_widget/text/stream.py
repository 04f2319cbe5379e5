"""Token ids, or pieces, become text as they come, and nothing is ever taken back. Knows no engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dolly_widget.text.incremental_decoder import IncrementalDecoder
from dolly_widget.text.tokenizer import Tokenizer


class TextStream:
    """Turns ids, as they come, into text that never has to be taken back.

    Held back until decided: what the decoder holds back, white space that may prove to be the end of the answer (it is
    then dropped, unless ``keeps_space``), and the beginning of a stop string. ``text`` is the concatenation of all
    pieces so far.
    """

    def __init__(self, tokenizer: Tokenizer, stop_strings: Iterable[str] = (), *, keeps_space: bool = False) -> None:
        self._tokenizer = tokenizer
        self._decoder = IncrementalDecoder(tokenizer)
        self._stop_strings, self._keeps_space = tuple(stop_strings), keeps_space
        self.text = ""
        self.is_stopped = False

    def fresh(self) -> TextStream:
        """Another one for a text of its own, with the same stop strings."""
        return TextStream(self._tokenizer, self._stop_strings, keeps_space=self._keeps_space)

    def push(self, token_ids: Sequence[int]) -> str:
        """Take further ids; return the piece of text that is now certain, often "" or a word."""
        self._decoder.push(token_ids)
        return self._publish(self._decoder.text)

    def flush(self) -> str:
        """Return what was held back, white space at the end aside. Call once, when no more ids will come."""
        self._decoder.flush()
        return self._publish(self._decoder.text, is_last=True)

    def _publish(self, decoded: str, is_last: bool = False) -> str:
        if self.is_stopped:
            return ""
        cut = self._first_stop(decoded)
        self.is_stopped = cut is not None
        certain = decoded[:cut] if self.is_stopped or is_last else decoded[: self._undecided_from(decoded)]
        certain = certain if self._keeps_space else certain.rstrip()
        piece = certain[len(self.text) :]
        self.text += piece
        return piece

    def _first_stop(self, decoded: str) -> int | None:
        # A stop string can begin no earlier than in what was held back.
        found = [decoded.find(stop, len(self.text)) for stop in self._stop_strings]
        return min((place for place in found if place >= 0), default=None)

    def _undecided_from(self, decoded: str) -> int:
        """Where the longest ending of ``decoded`` starts that may still grow into a stop string."""
        lengths = (
            length
            for stop in self._stop_strings
            for length in range(min(len(stop) - 1, len(decoded)), 0, -1)
            if decoded.endswith(stop[:length])
        )
        return len(decoded) - max(lengths, default=0)


class PieceStream(TextStream):
    """A ``TextStream`` for an answer that comes as text in the first place."""

    def __init__(self, stop_strings: Iterable[str] = ()) -> None:
        self._stop_strings, self._keeps_space = tuple(stop_strings), False
        self._received = self.text = ""
        self.is_stopped = False

    def fresh(self) -> TextStream:
        """Another one for a text of its own, with the same stop strings."""
        return PieceStream(self._stop_strings)

    def push(self, token_ids: Sequence[int]) -> str:
        """Take ids, whose text comes apart from them."""
        return ""

    def push_text(self, piece: str) -> str:
        """Take a further piece; return what is now certain."""
        self._received += piece
        return self._publish(self._received)

    def flush(self) -> str:
        """Return what was held back, white space at the end aside. Call once, when no more will come."""
        return self._publish(self._received, is_last=True)
