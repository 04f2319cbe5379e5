"""A regular expression becomes a grammar. What a grammar cannot say is refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from dolly_widget.text.shapes.grammar import (
    ALL,
    ANY,
    MOST_REPEATS,
    Ranges,
    characters,
    either,
    minus,
    repeated,
    sequence,
)

try:
    from re import _parser as sre  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse as sre

_MOST_CHARACTERS = 2_000
_REFUSED = {
    "ASSERT": "looks ahead or behind",
    "ASSERT_NOT": "looks ahead or behind",
    "GROUPREF": "refers back to a group",
    "GROUPREF_EXISTS": "refers back to a group",
    "POSSESSIVE_REPEAT": "repeats possessively",
    "ATOMIC_GROUP": "has an atomic group",
}
_DIGITS: Ranges = ((0x30, 0x39),)
_WORDS: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACES: Ranges = ((0x09, 0x0A), (0x20, 0x20))
_CATEGORIES = {"DIGIT": _DIGITS, "WORD": _WORDS, "SPACE": _SPACES}


def pattern_grammar(pattern: re.Pattern[Any] | str, within: Ranges = ANY, where: str = "The pattern") -> str:
    """The grammar of the texts that the whole pattern matches, out of the characters ``within``.

    ``\\d``, ``\\w`` and ``\\s`` are those of ASCII. ``^`` and ``$`` may stand at the ends, where they mean nothing.
    Raises ValueError, beginning with ``where``, for what no grammar can say.
    """
    text, flags = (pattern, 0) if isinstance(pattern, str) else (pattern.pattern, pattern.flags)
    if not isinstance(text, str):
        raise ValueError(f"{where} is one of bytes: give one of text.")
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"{where} has {len(text):,} characters: at most {_MOST_CHARACTERS:,} are supported.")
    try:
        parsed = list(sre.parse(text, flags & ~re.UNICODE))
    except (re.error, RecursionError, OverflowError) as exc:
        raise ValueError(f"{where} is no regular expression: {exc}.") from exc
    try:
        return _Translation(flags, within, where).whole(parsed)
    except RecursionError as exc:
        raise ValueError(f"{where} is nested too deeply.") from exc


class _Translation:
    def __init__(self, flags: int, within: Ranges, where: str) -> None:
        self._flags, self._within, self._where = flags, within, where
        # Characters that are named may be of any alphabet.
        self._allowed = (*within, *(each for each in ALL if each[0] > 0x7FF), (0x800, 0xD7FF))
        self._repeats = 1

    def whole(self, parsed: list[Any]) -> str:
        while parsed and str(parsed[0][0]) == "AT" and str(parsed[0][1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
            parsed = parsed[1:]
        while parsed and str(parsed[-1][0]) == "AT" and str(parsed[-1][1]) in ("AT_END", "AT_END_STRING"):
            parsed = parsed[:-1]
        return self._all(parsed)

    def _all(self, parsed: Iterable[Any]) -> str:
        return sequence([self._one(str(op), argument) for op, argument in parsed])

    def _one(self, op: str, argument: Any) -> str:
        if op in _REFUSED:
            raise ValueError(f"{self._where} {_REFUSED[op]}, which cannot be held to: write it without.")
        if op == "AT":
            raise ValueError(
                f"{self._where} asks where a word or line begins or ends, which cannot be held to: write it without."
            )
        if op in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            return self._class(self._set(op, argument))
        if op in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeat(*argument)
        if op == "BRANCH":
            return either([self._all(each) for each in argument[1]])
        if op == "SUBPATTERN":
            _, add, remove, inner = argument
            if add or remove:
                raise ValueError(f"{self._where} sets flags within it: set them for the whole pattern.")
            return f"({self._all(inner)})"
        raise ValueError(f"{self._where} has a part ({op}) that is not supported.")

    def _repeat(self, least: Any, most: Any, inner: Any) -> str:
        limit = None if most == sre.MAXREPEAT else int(most)
        outer, count = self._repeats, max(int(least), limit or 1)
        self._repeats *= max(1, count)
        if self._repeats > MOST_REPEATS:
            raise ValueError(
                f"{self._where} repeats a part up to {self._repeats:,} times: at most {MOST_REPEATS} are supported, or "
                "any number, as in a*."
            )
        part = self._all(inner)
        self._repeats = outer
        return repeated(part, int(least), limit)

    def _class(self, ranges: Ranges) -> str:
        if self._flags & re.IGNORECASE:
            ranges = tuple(sorted({*ranges, *_other_case(ranges)}))
        allowed = minus(ranges, minus(((0, 0x10FFFF),), self._allowed))
        if not allowed:
            raise ValueError(f"{self._where} asks for a character that cannot stand in the answer: write it without.")
        return characters(allowed)

    def _set(self, op: str, argument: Any) -> Ranges:
        if op == "LITERAL":
            return ((argument, argument),)
        if op == "NOT_LITERAL":
            return self._without(((argument, argument),))
        if op == "ANY":
            return self._within if self._flags & re.DOTALL else minus(self._within, ((0x0A, 0x0A),))
        is_negated = str(argument[0][0]) == "NEGATE"
        ranges = tuple(sorted(each for part in argument[is_negated:] for each in self._part(*part)))
        return self._without(ranges) if is_negated else ranges

    def _without(self, ranges: Ranges) -> Ranges:
        """The characters that a negated class leaves: where case is ignored, not those of another case either."""
        if self._flags & re.IGNORECASE:
            ranges = _in_any_case(ranges, self._within, self._flags & re.ASCII)
        return minus(self._within, ranges)

    def _part(self, op: Any, argument: Any) -> Ranges:
        if str(op) == "LITERAL":
            return ((argument, argument),)
        if str(op) == "RANGE":
            return (argument,)
        name = str(argument).removeprefix("CATEGORY_")
        ranges = _CATEGORIES[name.removeprefix("NOT_")]
        return minus(self._within, ranges) if name.startswith("NOT_") else ranges


def _in_any_case(ranges: Ranges, within: Ranges, flags: int) -> Ranges:
    """The characters of ``within`` that match a class of ``ranges`` in any case: as ``re`` says, of every alphabet."""
    members = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
    alike = re.compile(f"[{members}]", flags | re.IGNORECASE)
    return tuple((code, code) for first, last in within for code in range(first, last + 1) if alike.match(chr(code)))


def _other_case(ranges: Ranges) -> Iterable[tuple[int, int]]:
    """The letters of ASCII in the other case."""
    for shift, (first, last) in ((32, (0x41, 0x5A)), (-32, (0x61, 0x7A))):
        for a, b in ranges:
            if max(a, first) <= min(b, last):
                yield max(a, first) + shift, min(b, last) + shift
