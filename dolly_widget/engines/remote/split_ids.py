"""The ids of a chunk, those included that a server leaves out. Pure.

llama.cpp holds back the text of a token that ends within a character, and with it the token's id. The next chunk has
all of the text, and the last id alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dolly_widget.engines.remote.chunks import Chunk

if TYPE_CHECKING:
    from dolly_widget.text import Tokenizer

_LONGEST_TOKEN = 256


def ids_of(chunk: Chunk, tokenizer: Tokenizer | None) -> Sequence[int] | None:
    """The ids of a chunk; None where they are not told. Ids that were left out are others with the same text."""
    ids = chunk.token_ids
    if ids is None:
        return None if chunk.text else ()
    spelled, text = chunk.token_bytes, chunk.text.encode()
    if tokenizer is None or not spelled or len(text) <= len(spelled) or not text.endswith(spelled):
        return ids
    missing = list(_spelling(text[: len(text) - len(spelled)], tokenizer))
    return ids if None in missing else [*(each for each in missing if each is not None), *ids]


def _spelling(text: bytes, tokenizer: Tokenizer) -> Iterator[int | None]:
    """Ids of tokens that stand for ``text``, the longest first; None at a place where none does."""
    while text:
        lengths = range(min(len(text), _LONGEST_TOKEN), 0, -1)
        length = next((length for length in lengths if text[:length] in tokenizer.ids_by_bytes), 0)
        if not length:
            yield None
            return
        yield tokenizer.ids_by_bytes[text[:length]][0]
        text = text[length:]
