"""Where one answer departs from another: the place, and the two tokens in words. Pure: knows no engine and no HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from dolly_widget.text import IncrementalDecoder, Tokenizer, token_label

_NOTHING, _END = "nothing more", "its end"


@dataclass(frozen=True)
class Spelled:
    """An answer, token by token."""

    token_ids: tuple[int, ...]
    pieces: tuple[str, ...]
    """Each token's share of the text: "" for special ones, and for all but the last that share a character."""
    names: tuple[str, ...]
    """Each token as it is shown by itself."""

    @property
    def text(self) -> str:
        """All of it, without special tokens."""
        return "".join(self.pieces)


@dataclass(frozen=True)
class Departure:
    """How an answer compares with the first one. ``str(departure)`` says it to a person."""

    place: int | None
    """The answer's first token that is another, counted from 0; its number of tokens where it is only shorter.

    None where the two are the same.
    """
    common: str = ""
    """What they share: "3 tokens", or "17 characters" where the tokens cannot be compared; "" for nothing."""
    token: str = ""
    """What is at that place; in place of a token, that it ends."""
    other_token: str = ""
    """What the first answer has there."""

    def __str__(self) -> str:
        if self.place is None:
            return "the same answer"
        shared = f"{self.common} in common, then" if self.common else "nothing in common:"
        return f"{shared} {self.token} instead of {self.other_token}"


def spell(tokenizer: Tokenizer, token_ids: Sequence[int], text: str | None = None, n_before: int = 0) -> Spelled:
    """Split an answer into what each of its tokens adds to the text.

    ``text`` is what is shown of it, where that is less: white space at its end, or a text that ended it, is left out.
    ``n_before`` tokens are the reasoning before it, which is no part of the text.
    """
    labels = [token_label(tokenizer, token_id) for token_id in token_ids]
    names = [f"“{label.name}”" for label in labels]
    if labels and labels[-1].is_special:
        names[-1] = _END
    pieces = _pieces(tokenizer, token_ids)
    if n_before:
        pieces = [""] * n_before + _without_first_space(_pieces(tokenizer, token_ids[n_before:]))
    ends = accumulate(map(len, pieces))
    left = len("".join(pieces) if text is None else text)
    shares = [piece[: max(0, left - end + len(piece))] for piece, end in zip(pieces, ends, strict=True)]
    return Spelled(tuple(token_ids), tuple(shares), tuple(names))


def _pieces(tokenizer: Tokenizer, token_ids: Sequence[int]) -> list[str]:
    decoder = IncrementalDecoder(tokenizer)
    pieces = [decoder.push([token_id]) for token_id in token_ids]
    rest = decoder.flush()
    return [*pieces[:-1], pieces[-1] + rest] if pieces else []


def _without_first_space(pieces: Sequence[str]) -> list[str]:
    first = next((place for place, piece in enumerate(pieces) if piece.strip()), len(pieces))
    return [piece.lstrip() if place <= first else piece for place, piece in enumerate(pieces)]


def by_tokens(answer: Spelled, first: Spelled) -> Departure:
    """Compare two answers whose ids mean the same."""
    place = first_difference(answer.token_ids, first.token_ids)
    return Departure(None) if place is None else _departure(answer, place, first, place, _count(place, "token"))


def by_characters(answer: Spelled, first: Spelled) -> Departure:
    """Compare the texts of two answers whose tokens have nothing to do with each other."""
    text, other = answer.text.rstrip(), first.text.rstrip()
    if text == other:
        return Departure(None)
    common = first_difference([*map(ord, text)], [*map(ord, other)]) or 0
    return _departure(answer, _at(answer, common), first, _at(first, common), _count(common, "character"))


def _at(answer: Spelled, position: int) -> int:
    """The token that the character at a position belongs to."""
    return sum(end <= position for end in accumulate(map(len, answer.pieces)))


def _departure(answer: Spelled, place: int, first: Spelled, first_place: int, common: str) -> Departure:
    token, other = (
        each.names[at] if at < len(each.names) else _NOTHING for each, at in ((answer, place), (first, first_place))
    )
    return Departure(place, common, token, other)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else ""


def first_difference(ids: Sequence[int], others: Sequence[int]) -> int | None:
    """Place of the first token in which two answers differ, counted from 0; None where they are the same.

    Where one goes on after the end of the other, that is the length of the shorter one.
    """
    pairs = enumerate(zip_longest(ids, others))
    return next((place for place, (one, other) in pairs if one != other), None)
