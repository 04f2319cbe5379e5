"""What a JSON schema may be made of: each kind of value writes its grammar, and checks a value that was read.

JSON is written in one way only, that of ``json.dumps``: one space after a comma or a colon, and no other white space.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dolly_widget.text.shapes.grammar import (
    ALL,
    ANY,
    MOST_REPEATS,
    Ranges,
    characters,
    either,
    literal,
    minus,
    one_of,
    repeated,
    sequence,
    whole,
    whole_numbers,
)
from dolly_widget.text.shapes.patterns import pattern_grammar
from dolly_widget.text.shapes.plain import LARGEST, date_grammar, number_grammar

# As they stand between quotation marks, without a backslash.
_NOT_BARE: Ranges = ((0x00, 0x1F), (0x22, 0x22), (0x5C, 0x5C))
BARE = minus(ANY, _NOT_BARE)
_BARE, _FREE = characters(BARE), characters(minus(ALL, _NOT_BARE))
_ESCAPE = r'"\\" ["\\/nt]'


class Rules:
    """The named rules of one grammar."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {"string": f'"\\"" ({_FREE} | {_ESCAPE})* "\\""'}

    def name(self, body: str) -> str:
        """A name for what ``body`` says; the same for the same."""
        known = next((name for name, each in self._names.items() if each == body), None)
        if known is None:
            known = f"r{len(self._names)}"
            self._names[known] = body
        return known

    def text(self, root: str) -> str:
        """The whole grammar, whose texts are those of ``root``."""
        rules = {"root": whole(root), **self._names}
        return "\n".join(f"{name} ::= {body}" for name, body in rules.items())


class Node(Protocol):
    """A kind of value."""

    def grammar(self, rules: Rules) -> str:
        """How it is written."""
        ...

    def check(self, value: Any, path: str) -> None:
        """Raise ValueError, naming ``path``, where a value read from JSON is not of this kind."""
        ...


@dataclass(frozen=True)
class OneOf:
    """One of a few values, written as JSON."""

    values: tuple[Any, ...]

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        return one_of(json.dumps(value, ensure_ascii=False) for value in self.values)

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        if not any(type(value) is type(each) and value == each for each in self.values):
            raise ValueError(f"{path} is none of the values that it may be")


@dataclass(frozen=True)
class AnyOf:
    """A value of one of a few kinds."""

    nodes: tuple[Node, ...]

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        return either([node.grammar(rules) for node in self.nodes])

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        for node in self.nodes:
            try:
                node.check(value, path)
                return
            except ValueError:
                continue
        raise ValueError(f"{path} is of none of the kinds that it may be")


@dataclass(frozen=True)
class Whole:
    """A whole number."""

    least: int = -LARGEST
    most: int = LARGEST

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        return rules.name(whole_numbers(self.least, self.most))

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{path} is no whole number")
        if not self.least <= value <= self.most:
            raise ValueError(f"{path} is not from {self.least} to {self.most}")


@dataclass(frozen=True)
class Number:
    """A number, with or without decimals."""

    least: int = -LARGEST
    most: int = LARGEST

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        return rules.name(number_grammar(self.least, self.most))

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{path} is no number")
        if not self.least - 1 < value < self.most + 1 or (self != Number() and not self.least <= value <= self.most):
            raise ValueError(f"{path} is not from {self.least} to {self.most}")


@dataclass(frozen=True)
class Text:
    """A text; with limits, of plain characters up to U+07FF: no quotation marks, backslashes and line breaks."""

    least: int = 0
    most: int | None = None

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        if self.most is not None and self.most <= MOST_REPEATS:
            return rules.name(sequence([r'"\""', repeated(_BARE, self.least, self.most), r'"\""']))
        if self.least:
            return rules.name(sequence([r'"\""', repeated(_BARE, self.least, None), r'"\""']))
        return "string"

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        if not isinstance(value, str):
            raise ValueError(f"{path} is no text")
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            raise ValueError(f"{path} has {len(value):,} characters, which is not what was asked for")


@dataclass(frozen=True)
class Matching:
    """A text that a whole pattern matches, out of plain characters.

    What the grammar lets through is not matched again: a pattern may take for ever.
    """

    pattern: str
    where: str

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        return rules.name(sequence([r'"\""', pattern_grammar(self.pattern, BARE, self.where), r'"\""']))

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        if not isinstance(value, str):
            raise ValueError(f"{path} is no text")


@dataclass(frozen=True)
class Date:
    """A day, as ISO 8601 writes it."""

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        return rules.name(sequence([r'"\""', date_grammar(), r'"\""']))

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        import datetime

        if not isinstance(value, str):
            raise ValueError(f"{path} is no date")
        datetime.date.fromisoformat(value)


@dataclass(frozen=True)
class Items:
    """A list."""

    item: Node
    least: int = 0
    most: int | None = None

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        if self.most == 0:
            return literal("[]")
        item = rules.name(self.item.grammar(rules))
        most = None if self.most is None else self.most - 1
        more = repeated(sequence([literal(", "), item]), max(0, self.least - 1), most)
        full = sequence([literal("["), item, more, literal("]")])
        return full if self.least else either([literal("[]"), full])

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        if not isinstance(value, list):
            raise ValueError(f"{path} is no list")
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            raise ValueError(f"{path} has {len(value):,} items, which is not what was asked for")
        for place, each in enumerate(value):
            self.item.check(each, f"{path}[{place}]")


@dataclass(frozen=True)
class Fields:
    """An object: these fields in this order, those that are not required with or without, and no others."""

    nodes: Mapping[str, Node]
    required: frozenset[str]

    def grammar(self, rules: Rules) -> str:
        """See ``Node``."""
        named = []
        for name, node in self.nodes.items():
            pair = sequence([literal(f"{json.dumps(name, ensure_ascii=False)}: "), node.grammar(rules)])
            named.append((name in self.required, rules.name(pair)))
        return sequence([literal("{"), self._from_first(named, rules), literal("}")])

    def _from_first(self, pairs: Sequence[tuple[bool, str]], rules: Rules) -> str:
        """The first field that is there, and what follows: no comma comes before it."""
        ways = []
        for place, (is_required, pair) in enumerate(pairs):
            ways.append(sequence([pair, *(self._after(*each) for each in pairs[place + 1 :])]))
            if is_required:
                return either(ways)
        return either([*ways, '""'])

    def _after(self, is_required: bool, pair: str) -> str:
        text = sequence([literal(", "), pair])
        return text if is_required else f"({text})?"

    def check(self, value: Any, path: str) -> None:
        """See ``Node``."""
        if not isinstance(value, dict):
            raise ValueError(f"{path} is no object")
        if missing := self.required - set(value):
            raise ValueError(f"{path} has no {min(missing)}")
        for name, each in value.items():
            if name not in self.nodes:
                raise ValueError(f"{path} has a field {name!r} that was not asked for")
            self.nodes[name].check(each, f"{path}.{name}")
