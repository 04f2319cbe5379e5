"""Grammars as text, in the EBNF of xgrammar, which GenAI decodes by: nothing fits but what is meant.

Source: https://github.com/mlc-ai/xgrammar, its format is that of llama.cpp's GBNF.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Ranges: TypeAlias = "tuple[tuple[int, int], ...]"
"""Characters, by the first and last code point of each stretch, in order."""

# What a text is made of: no control characters but tabs and line breaks, no surrogates.
ALL: Ranges = ((0x09, 0x0A), (0x20, 0x7E), (0xA0, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
# Where they are counted, those of one or two bytes: the library (GenAI 2026.4.1) may end a count amid others.
ANY: Ranges = (*ALL[:2], (0xA0, 0x7FF))

MOST_REPEATS = 200
"""A counted repetition beyond it takes seconds for each token: each count is a place of its own for the library."""


def literal(text: str) -> str:
    """Exactly this text."""
    return '"' + "".join(map(_escaped, text)) + '"'


def characters(ranges: Ranges) -> str:
    """One character out of these."""
    return "[" + "".join(_member(a) + (f"-{_member(b)}" if b > a else "") for a, b in ranges) + "]"


def sequence(parts: Iterable[str]) -> str:
    """One after the other."""
    return " ".join(part for part in parts if part) or '""'


def whole(answer: str) -> str:
    """An answer that could go on: line breaks may follow, which many models write before they end."""
    return f'({answer}) ("\\n" "\\n"?)?'


def either(parts: Sequence[str]) -> str:
    """One of these."""
    return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"


def one_of(texts: Iterable[str]) -> str:
    """One of these texts. What begins alike is written once.

    The library (GenAI 2026.4.1) lets wrong tokens through where an alternative begins with a later one's beginning:
    ``"ab" | "a"`` within quotation marks may become "abb".
    """
    forks = [_Fork(texts)]
    for fork in forks:  # and those that it leads to: without recursion, since each text may begin the next
        forks.extend(fork.split())
    for fork in reversed(forks):
        fork.join()
    return forks[0].grammar


class _Fork:
    """A place where texts begin to differ."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts: Iterable[str] = texts
        self._ways: list[tuple[str, _Fork | None]] = []
        """What some texts begin with, and what follows."""
        self._may_end = False
        self.grammar = ""

    def split(self) -> list[_Fork]:
        """The forks behind it."""
        groups: dict[str, list[str]] = {}
        for text in self._texts:
            groups.setdefault(text[:1], []).append(text)
        self._texts = ()  # they would add up
        self._may_end = "" in groups
        for first, group in groups.items():
            if first:
                shared = _beginning(min(group), max(group))
                rest = [text[len(shared) :] for text in group]
                self._ways.append((shared, _Fork(rest) if any(rest) else None))
        return [fork for _, fork in self._ways if fork]

    def join(self) -> None:
        """Write its grammar; those behind it have theirs."""
        ways = [sequence([literal(shared), fork.grammar if fork else ""]) for shared, fork in self._ways]
        if not ways:
            self.grammar = '""'
        else:
            self.grammar = f"({either(ways)})?" if self._may_end else either(ways)
        self._ways = []


def _beginning(first: str, last: str) -> str:
    """What two texts begin with, and so do all those between them."""
    size = next((place for place, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:size]


def repeated(part: str, least: int, most: int | None) -> str:
    """So many times; ``most`` None: any number."""
    if (least, most) == (1, 1):
        return part
    if most == 0:
        return '""'
    return f"({part}){{{least},{'' if most is None else most}}}"


def minus(ranges: Ranges, others: Ranges) -> Ranges:
    """The characters of ``ranges`` that are not in ``others``."""
    rest = list(ranges)
    for first, last in others:
        cut = [((a, min(b, first - 1)), (max(a, last + 1), b)) for a, b in rest]
        rest = [(a, b) for pair in cut for a, b in pair if a <= b]
    return tuple(sorted(set(rest)))


def whole_numbers(least: int, most: int) -> str:
    """The whole numbers from ``least`` to ``most``, without leading zeros."""
    parts = []
    if least < 0:
        parts.append(sequence([literal("-"), _natural(max(1, -most), -least)]))
    if most >= 0:
        parts.append(_natural(max(0, least), most))
    return either(parts)


def _natural(least: int, most: int) -> str:
    parts = [literal("0")] if least == 0 else []
    full = []
    for length in range(len(str(max(least, 1))), len(str(most)) + 1):
        smallest, largest = 10 ** (length - 1), 10**length - 1
        first, last = max(least, smallest), min(most, largest)
        if (first, last) == (smallest, largest):
            full.append(length)
        elif first <= last:
            parts.append(_of_one_length(str(first), str(last)))
    if full:
        parts.append(sequence(["[1-9]", repeated("[0-9]", full[0] - 1, full[-1] - 1)]))
    return either(parts)


def _of_one_length(first: str, last: str) -> str:
    """The numbers from ``first`` to ``last``, which have as many digits."""
    if not first:
        return '""'
    rest = len(first) - 1
    if first[0] == last[0]:
        return sequence([literal(first[0]), _of_one_length(first[1:], last[1:])]) if rest else literal(first[0])
    low, high = ord(first[0]), ord(last[0])
    parts = []
    if first[1:] != "0" * rest:
        parts.append(sequence([literal(first[0]), _of_one_length(first[1:], "9" * rest)]))
        low += 1
    if last[1:] != "9" * rest:
        parts.append(sequence([literal(last[0]), _of_one_length("0" * rest, last[1:])]))
        high -= 1
    if low <= high:
        parts.append(sequence([characters(((low, high),)), repeated("[0-9]", rest, rest)]))
    return either(parts)


_ESCAPES = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"}
_IN_CLASS = {**_ESCAPES, '"': '"', "-": r"\-", "]": r"\]", "^": r"\^", "[": r"\["}


def _member(code: int) -> str:
    return _escaped(chr(code), _IN_CLASS)


def _escaped(character: str, escapes: Mapping[str, str] = _ESCAPES) -> str:
    # Others as they are: the library reads any number of hexadecimal digits behind \x, those of the text as well.
    return escapes.get(character, character)
