"""How much work a grammar is for the library that decodes by it, and the most that it may be. Knows no shape.

The library (GenAI 2026.4.1, with xgrammar) reads the whole grammar before the first token, and nothing else runs in
this process meanwhile. The figures here were measured, of grammars of each kind, by a vocabulary of 4,091 tokens: each
place is tried with all tokens, together with those that can follow it. So a letter is little, a class of many
characters is more, and parts in a row that may all be left out are the square of their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_WORK = 125_000
"""In letters of a text, each of about 8 µs."""
_WIDE = 30
"""A class of so many characters is as much as one of all."""
_LEFT_OUT = 4
"""Times as much for each of a counted number of parts that may be left out."""
_EXPANDED, _NESTED = 10, 3
"""Smaller counts are written out by the library, one within the other, which is so many times as much."""
_MOST_WAYS = 8

_SIGN = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")|(?P<chars>\[(?:[^\]\\]|\\.)*\])|\{(?P<least>\d+),(?P<most>\d*)\}|(?P<rule>\w+)|[()|?*]',
    re.DOTALL,
)
_MEMBER = re.compile(r"(\\.|[^\\])(?:-(\\.|[^\\]))?", re.DOTALL)


def check_work(grammar: str) -> None:
    """Raise ValueError for a grammar that would hold up everything else for more than about a second."""
    work = work_of(grammar)
    if work > MOST_WORK:
        raise ValueError(
            f"This shape is too large (its grammar is {work / MOST_WORK:,.1f} times what is allowed): give fewer or "
            "shorter choices, smaller counts (as in .{0,200}, maxLength), or fewer parts that may be left out."
        )


def work_of(grammar: str) -> int:
    """The work that a grammar is, in letters of a text. Its first rule may name all others, these those before them."""
    bodies = [line.partition(" ::= ")[::2] for line in grammar.split("\n")]
    rules: dict[str, _Part] = {}
    for name, body in [*bodies[1:], bodies[0]]:
        rules[name] = _part_of(body, rules)
    return sum(part.work + 2 * part.skips**2 for part in rules.values())


class _Part(NamedTuple):
    """A stretch of a grammar."""

    work: int = 0
    skips: int = 0
    """How many parts in a row may be left out, if all of it may: a wide one counts 2; else 0."""
    is_wide: bool = False


@dataclass
class _Group:
    """What stands within parentheses: alternatives that were read, and the parts of the one that is being read."""

    ways: list[_Part] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)

    def end_way(self) -> None:
        self.ways.append(_in_a_row(self.parts))
        self.parts = []

    def whole(self) -> _Part:
        self.end_way()
        is_wide = any(way.is_wide for way in self.ways)
        ambiguous = min(len(self.ways), _MOST_WAYS) if is_wide else 1
        work = sum(way.work for way in self.ways) * ambiguous**2
        return _Part(work, max(way.skips for way in self.ways), is_wide)


def _part_of(body: str, rules: Mapping[str, _Part]) -> _Part:
    groups = [_Group()]
    for found in _SIGN.finditer(body):
        sign, parts = found[0], groups[-1].parts
        if found["text"]:
            parts.append(_Part(len(sign) - 2, int(sign == '""')))
        elif found["chars"]:
            count = _width(sign[1:-1])
            parts.append(_Part(count, is_wide=2 * count > _WIDE))
        elif found["least"]:
            parts.append(_repeated(parts.pop(), int(found["least"]), int(found["most"]) if found["most"] else None))
        elif found["rule"]:  # it is read once, however often it is named
            parts.append(_Part(1, rules[sign].skips))
        elif sign == "(":
            groups.append(_Group())
        elif sign == ")":
            inner = groups.pop().whole()
            groups[-1].parts.append(inner)
        elif sign == "|":
            groups[-1].end_way()
        else:
            parts.append(_optional(parts.pop()))
    return groups[0].whole()


def _width(members: str) -> int:
    """The characters of a class, at most so many as make it a wide one."""
    ends = ((found[1][-1], (found[2] or found[1])[-1]) for found in _MEMBER.finditer(members))
    return min(_WIDE, sum(ord(last) - ord(first) + 1 for first, last in ends))


def _optional(part: _Part) -> _Part:
    return part._replace(skips=part.skips or 1 + part.is_wide)


def _repeated(part: _Part, least: int, most: int | None) -> _Part:
    count = max(1, least) if most is None else most
    work = part.work * (least + _LEFT_OUT * (count - least))
    if part.skips:
        skips = part.skips * (_NESTED * count if count > 1 else 1)
    else:
        skips = 0 if least else _optional(part).skips * (count * _NESTED if 1 < count < _EXPANDED else 1)
    return _Part(work, skips, part.is_wide)


def _in_a_row(parts: Iterable[_Part]) -> _Part:
    work, run, is_wide, can_all = 0, 0, False, True
    for part in parts:
        work, is_wide = work + part.work, is_wide or part.is_wide
        if part.skips:
            run += part.skips
        else:
            work, run, can_all = work + 2 * run * run, 0, False
    return _Part(work, run, is_wide) if can_all else _Part(work + 2 * run * run, 0, is_wide)
