"""The tokenizer of a model directory: a Prompt becomes ids safely, ids become text incrementally.

Knows nothing about templates' wording, engines or widgets. Only the `tokenizers` library is used: no transformers.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from dolly_widget.text.characters import encodable
from dolly_widget.text.template import Prompt, Segment

if TYPE_CHECKING:
    import tokenizers


class Piece(NamedTuple):
    """One token of a prompt, as a reader sees it."""

    token_id: int
    text: str
    """The token's stretch of the prompt. Where a character is split over several tokens, each shows it as U+FFFD."""
    is_special: bool
    is_template: bool
    """Whether none of its text is the user's."""


_Encodings: TypeAlias = "list[tuple[tokenizers.Encoding, list[Segment]]]"
# Characters from which on the library takes long enough for others to notice.
_LONG = 10_000


class Tokenizer:
    """The tokenizer of a model directory (its ``tokenizer.json``). Safe to use from several threads.

    Raises FileNotFoundError where the file is missing, ValueError where it cannot be read.
    """

    def __init__(self, model_dir: Path) -> None:
        from tokenizers import Tokenizer as Backend

        path = Path(model_dir) / "tokenizer.json"
        if not path.is_file():
            raise FileNotFoundError(f"{model_dir} has no tokenizer.json: the model's tokenizer files belong beside it.")
        try:
            self._backend: tokenizers.Tokenizer = Backend.from_file(str(path))
        except Exception as exc:  # the library raises bare Exception
            raise ValueError(f"{path} is not a tokenizer that can be read: {exc}") from exc
        self._backend.no_truncation()
        self._backend.no_padding()
        _keep_spaces(self._backend.post_processor)
        self._lock = threading.Lock()
        self._last: tuple[tuple[Any, _Encodings], ...] = ()
        added = self._backend.get_added_tokens_decoder()
        self._special: dict[str, int] = {token.content: token_id for token_id, token in added.items() if token.special}
        self._contents: dict[int, str] = {token_id: content for content, token_id in self._special.items()}
        self._words: dict[int, str] = {
            token_id: token.content for token_id, token in added.items() if not token.special
        }
        # The library shows its parts only as the JSON that it would save.
        self._decoder = "" if self._backend.decoder is None else self._backend.decoder.__getstate__().decode()
        self._has_byte_tokens = '"ByteFallback"' in self._decoder

    @property
    def vocab_size(self) -> int:
        """Number of tokens that have a text, the added ones included."""
        return int(self._backend.get_vocab_size(with_added_tokens=True))

    def has_same_tokens(self, other: Tokenizer) -> bool:
        """Whether each id means the same to both."""
        return bool(self._backend.get_vocab() == other._backend.get_vocab())

    def token_id(self, text: str) -> int | None:
        """Id of the token that is spelled ``text`` in the vocabulary, a control token or not; None if there is none."""
        found = self._backend.token_to_id(text)
        return None if found is None else int(found)

    def special_id(self, text: str) -> int | None:
        """Id of the special token that is ``text``, line breaks at its end aside; None if there is none.

        Published Dolly checkpoints spell the response token ``### Response:`` or ``### Response:\\n``.
        """
        bare = text.rstrip("\n")
        return next((token_id for content, token_id in self._special.items() if content.rstrip("\n") == bare), None)

    @property
    def special_texts(self) -> tuple[str, ...]:
        """What its control tokens are written as."""
        return tuple(self._special)

    def encode(self, prompt: Prompt) -> list[int]:
        """Ids of a prompt. Special tokens are recognised in the template's text only.

        As long as the user's text holds nothing that looks like a special token, the ids are those of the whole text
        at once, as the model saw it in training. Otherwise each segment is encoded on its own. A prompt that knows its
        ids keeps them.
        """
        if prompt.token_ids is not None:
            return list(prompt.token_ids)
        return [token_id for encoding, _ in self._encodings(prompt) for token_id in encoding.ids]

    def pieces(self, prompt: Prompt) -> list[Piece]:
        """The tokens that ``encode`` gives the ids of. Their texts make up the prompt's, if no character is split.

        What the tokenizer adds itself (``<s>``) is among them, as a special token of the template's.
        """
        return [piece for encoding, segments in self._encodings(prompt) for piece in self._pieces(encoding, segments)]

    def _encodings(self, prompt: Prompt) -> _Encodings:
        """The prompt encoded, in one or segment by segment; with each encoding go the segments that are in it.

        The last two are kept: a prompt's tokens are first counted and then generated from, and a chat empties its box
        in between.
        """
        asked = (prompt, prompt.adds_special_tokens)
        for kept, encodings in self._last:  # one read: another thread may encode meanwhile
            if kept == asked:
                return encodings
        encodings = self._encode_uncached(prompt)
        self._last = ((asked, encodings), *self._last[:1])
        return encodings

    def _encode_uncached(self, prompt: Prompt) -> _Encodings:
        segments = [Segment(encodable(segment.text), segment.is_template) for segment in prompt]
        with self._lock:
            text = "".join(segment.text for segment in segments)
            whole = self._encode_text(text, prompt.adds_special_tokens)
            if not self._reaches_into_user_text(whole, text, segments):
                return [(whole, segments)]
            return self._encode_by_segment(segments, prompt.adds_special_tokens)

    def _encode_text(self, text: str, adds_special_tokens: bool) -> tokenizers.Encoding:
        if len(text) < _LONG:
            return self._backend.encode(text, add_special_tokens=adds_special_tokens)
        # Of several texts, and so of one, the library lets other threads run meanwhile; of a single one it does not.
        return self._backend.encode_batch([text], add_special_tokens=adds_special_tokens)[0]

    def _reaches_into_user_text(self, encoding: tokenizers.Encoding, whole: str, segments: Sequence[Segment]) -> bool:
        spans = [
            _without_margins(span, whole, self._contents[token_id])
            for token_id, span in zip(encoding.ids, encoding.offsets, strict=True)
            if token_id in self._contents
        ]
        position = 0
        for text, is_template in segments:
            end = position + len(text)
            if not is_template and any(start < end and stop > position for start, stop in spans):
                return True
            position = end
        return False

    def _encode_by_segment(self, segments: Sequence[Segment], adds_special_tokens: bool) -> _Encodings:
        encodings = []
        for index, segment in enumerate(segments):
            adds = adds_special_tokens and index == 0
            self._backend.encode_special_tokens = not segment.is_template
            try:
                encodings.append((self._encode_text(segment.text, adds), [segment]))
            finally:
                self._backend.encode_special_tokens = False
        return encodings

    def _pieces(self, encoding: tokenizers.Encoding, segments: Sequence[Segment]) -> Iterator[Piece]:
        text = "".join(segment.text for segment in segments)
        is_users = [not segment.is_template for segment in segments for _ in segment.text]
        for token_id, span, own in zip(encoding.ids, encoding.offsets, self._texts(encoding, text), strict=True):
            content = self._contents.get(token_id)
            start, end = span if content is None else _without_margins(span, text, content)
            yield Piece(token_id, own, content is not None, not any(is_users[start:end]))

    def _texts(self, encoding: tokenizers.Encoding, text: str) -> Iterator[str]:
        """Each token's stretch of ``text``; the texts of their own where several share one, or have none."""
        # The library makes new lists each time these are read.
        ids, offsets, is_added = encoding.ids, encoding.offsets, encoding.special_tokens_mask
        for group in _sharing(encoding):
            first, last = group[0], group[-1]
            stretch = text[offsets[first][0] : offsets[last][1]]
            if first == last and not is_added[first]:
                yield stretch
                continue
            own = [self.token_text(ids[index]) for index in group]
            if "".join(own) == f" {stretch}":
                own[0] = own[0][1:]  # the space that some tokenizers put before a text
            yield from own

    def token_text(self, token_id: int) -> str:
        """Text of one token, of a special one too; bytes that are no whole character become U+FFFD.

        Raises ValueError for an id that no token has.
        """
        if token_id in self._contents:
            return self._contents[token_id]
        if not self.has_token(token_id):
            raise ValueError(
                f"There is no token {token_id}: this tokenizer has {self.vocab_size:,} tokens, counted from 0."
            )
        text = self.decode([token_id])
        # Many decoders take the space off the beginning of a text.
        return f" {text}" if self.decode([token_id, token_id]) == f"{text} {text}" else text

    def has_token(self, token_id: int) -> bool:
        """Whether a token has this id: a model may have more of them than its tokenizer."""
        return 0 <= token_id < 2**32 and self._backend.id_to_token(token_id) is not None

    def is_special(self, token_id: int) -> bool:
        """Whether this is a control token, which ``decode`` leaves out."""
        return token_id in self._contents

    def has_text(self, token_id: int) -> bool:
        """Whether ``decode`` makes anything of this token: not of control tokens, nor of ids that no token has."""
        return token_id not in self._contents and self.has_token(token_id)

    def is_byte(self, token_id: int) -> bool:
        """Whether this token stands for a single byte ("<0xE2>"), and for text only together with those beside it."""
        return self._has_byte_tokens and _BYTE_TOKEN.fullmatch(self._backend.id_to_token(token_id) or "") is not None

    def token_bytes(self, token_id: int) -> bytes | None:
        """Bytes that a token stands for, where they can be known: tokens of bytes, and of single bytes ("<0xE2>")."""
        if token_id in self._contents or not self.has_token(token_id):
            return None
        if token_id in self._words:
            return self._words[token_id].encode()
        spelling = self._backend.id_to_token(token_id)
        if self._has_byte_tokens and (found := _BYTE_TOKEN.fullmatch(spelling)):
            return bytes.fromhex(found[1])
        if '"ByteLevel"' in self._decoder and all(character in _BYTES for character in spelling):
            return bytes(_BYTES[character] for character in spelling)
        return None

    @functools.cached_property
    def ids_by_bytes(self) -> Mapping[bytes, tuple[int, ...]]:
        """Ids of the tokens that stand for the same bytes in the middle of a text; control tokens stand for none.

        Made at the first need, in about a second for the largest vocabularies.
        """
        ids: dict[bytes, tuple[int, ...]] = {}
        for token_id in filter(self.has_text, self._backend.get_vocab(with_added_tokens=True).values()):
            known = self.token_bytes(token_id)
            spelled = self.token_text(token_id).encode() if known is None else known
            ids[spelled] = (*ids.get(spelled, ()), token_id)
        return ids

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text of ids, special tokens left out; bytes that are no valid UTF-8 become U+FFFD."""
        return str(self._backend.decode(list(token_ids), skip_special_tokens=True))


# As ``ByteFallback`` of the tokenizers library reads one.
_BYTE_TOKEN = re.compile("<0x([0-9A-Fa-f]{2})>")


def _byte_spelling() -> dict[str, int]:
    """What byte-level tokenizers spell a byte with: itself where that can be printed, else the next character free.

    Source: ``bytes_to_unicode`` of GPT-2's ``encoder.py``.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + index): byte for index, byte in enumerate(others)}


_BYTES = _byte_spelling()


def _keep_spaces(processor: Any) -> None:
    """Have a token's offsets tell where its white space is too: the processor of bytes leaves it out."""
    from tokenizers import processors

    if isinstance(processor, processors.ByteLevel):
        processor.trim_offsets = False
    elif isinstance(processor, processors.Sequence):
        for part in processor:
            _keep_spaces(part)


def _sharing(encoding: tokenizers.Encoding) -> list[list[int]]:
    """The tokens' places in groups that share characters; most are alone, as is one that stands for no text."""
    groups: list[list[int]] = []
    reached = 0
    for index, ((start, end), is_added) in enumerate(zip(encoding.offsets, encoding.special_tokens_mask, strict=True)):
        if start < reached and not is_added:
            groups[-1].append(index)
        else:
            groups.append([index])
        reached = max(reached, end)
    return groups


def _without_margins(span: tuple[int, int], text: str, content: str) -> tuple[int, int]:
    """Where a special token's own text is: its span may take in white space beside it (``lstrip``, ``rstrip``)."""
    start = text.find(content, *span)
    return span if start < 0 else (start, start + len(content))
