"""Texts that know who wrote each of their characters: the template, or a message. Pure, but for what is counted.

Whatever is done to a text that holds a message's goes through here. Where it cannot be told what became of a
message's characters, all are taken for the message's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any

from dolly_widget.text.sandbox.bounds import budget

TEMPLATE = 0
"""Who wrote a character of the template's. Messages are 1 to 255."""


class Traced(str):
    """A text with characters of messages; ``writers`` has a byte for each character."""

    __slots__ = ("writers",)
    writers: bytes

    def __new__(cls, text: str, writers: bytes) -> Traced:
        """The same text, its characters written by ``writers``."""
        self = super().__new__(cls, text)
        self.writers = writers
        return self

    def __str__(self) -> str:
        return self  # what a template prints keeps its writers

    def __getitem__(self, key: Any) -> str:
        text = super().__getitem__(key)
        return traced(text, self.writers[key] if isinstance(key, slice) else bytes([self.writers[key]]))

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))


def traced(text: str, writers: bytes) -> str:
    """A text with its writers; a plain one where all is the template's."""
    return plain(text) if writers.count(TEMPLATE) == len(text) else Traced(text, writers)


def written_by(text: str, writer: int) -> str:
    """The text, all of it written by ``writer``."""
    return traced(text, bytes([writer]) * len(text))


def plain(text: str) -> str:
    """The text without its writers."""
    return str.__str__(text)


def writers_of(text: str) -> bytes:
    """Who wrote each character."""
    return text.writers if isinstance(text, Traced) else bytes(len(text))


def runs(text: str) -> Iterator[tuple[str, int]]:
    """The text in stretches of one writer each, and who that is."""
    bare, writers, start = plain(text), writers_of(text), 0
    while start < len(bare):
        found = _run_of(writers[start]).match(writers, start)
        assert found is not None
        yield bare[start : found.end()], writers[start]
        start = found.end()


@lru_cache(maxsize=256)
def _run_of(writer: int) -> re.Pattern[bytes]:
    return re.compile(re.escape(bytes([writer])) + b"+")


def some_writer(value: Any) -> int:
    """Who wrote a value, or something in it, if that was a message; or else the template."""
    if isinstance(value, Traced):
        return max(value.writers)
    if isinstance(value, dict):
        return max(some_writer(list(value)), some_writer(list(value.values())))
    if isinstance(value, (list, tuple)):
        return max(map(some_writer, value), default=TEMPLATE)
    return TEMPLATE


def text_of(value: Any) -> str:
    """What a template prints of a value."""
    if isinstance(value, str):
        return value
    return written_by(str(value), some_writer(value))


# What is done to texts


def concat(parts: Iterable[str]) -> str:
    """The texts as one."""
    parts = list(parts)
    budget().allow(sum(map(len, parts)))
    text = "".join(parts)
    if not any(isinstance(part, Traced) for part in parts):
        return text
    return traced(text, b"".join(map(writers_of, parts)))


def join(separator: str, parts: Iterable[str]) -> str:
    """The texts as one, with a separator between them."""
    parts = list(parts)
    between = [separator] * (2 * len(parts) - 1)
    between[::2] = parts
    return concat(between)


def repeat(text: str, count: int) -> str:
    """The text ``count`` times."""
    budget().allow(len(text) * count)
    return traced(plain(text) * count, writers_of(text) * count)


def strip(text: str, chars: str | None = None) -> str:
    """As ``str.strip``."""
    return lstrip(rstrip(text, chars), chars)


def lstrip(text: str, chars: str | None = None) -> str:
    """As ``str.lstrip``."""
    return text[len(text) - len(plain(text).lstrip(chars)) :]


def rstrip(text: str, chars: str | None = None) -> str:
    """As ``str.rstrip``."""
    return text[: len(plain(text).rstrip(chars))]


def split(text: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    """As ``str.split``."""
    return _cut(text, plain(text).split(sep, maxsplit), None if sep is None else len(sep))


def rsplit(text: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    """As ``str.rsplit``."""
    return _cut(text, plain(text).rsplit(sep, maxsplit), None if sep is None else len(sep))


def splitlines(text: str, keepends: bool = False) -> list[str]:
    """As ``str.splitlines``."""
    ends = accumulate(map(len, plain(text).splitlines(True)))
    pieces = plain(text).splitlines(keepends)
    starts = [0, *ends]
    return [text[start : start + len(piece)] for start, piece in zip(starts, pieces, strict=False)]


def partition(text: str, sep: str) -> tuple[str, ...]:
    """As ``str.partition``."""
    return tuple(_cut(text, list(plain(text).partition(sep)), 0))


def rpartition(text: str, sep: str) -> tuple[str, ...]:
    """As ``str.rpartition``."""
    return tuple(_cut(text, list(plain(text).rpartition(sep)), 0))


def replace(text: str, old: str, new: str, count: int = -1) -> str:
    """As ``str.replace``. What takes the place of a message's characters is the message's."""
    found = len(text) + 1 if not old else plain(text).count(old)
    found = found if count < 0 else min(found, count)
    budget().step(found)
    budget().allow(len(text) + found * len(new))
    if not old:
        return written_by(plain(text).replace(old, new, count), max(some_writer(text), some_writer(new)))
    kept = split(text, old, count)
    parts, position = kept[:1], len(kept[0])
    for piece in kept[1:]:
        writer = some_writer(text[position : position + len(old)])
        parts += [written_by(plain(new), writer) if writer else new, piece]
        position += len(old) + len(piece)
    return concat(parts)


def removeprefix(text: str, prefix: str) -> str:
    """As ``str.removeprefix``."""
    return text[len(prefix) :] if text.startswith(prefix) else text


def removesuffix(text: str, suffix: str) -> str:
    """As ``str.removesuffix``."""
    return text[: len(text) - len(suffix)] if suffix and text.endswith(suffix) else text


def changed(text: str, change: Callable[[str], str]) -> str:
    """The text, changed as a whole: character by character, where it keeps its length."""
    result = change(plain(text))
    if len(result) == len(text):
        return traced(result, writers_of(text))
    return written_by(result, some_writer(text))


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """The text, changed by what changes each character for itself."""
    return concat(written_by(escape(run), writer) for run, writer in runs(text))


def _cut(text: str, pieces: list[str], between: int | None = None) -> list[str]:
    """The pieces of a text, found in it one after the other, ``between`` characters apart."""
    if not isinstance(text, Traced):
        return pieces
    cut, position = [], 0
    for piece in pieces:
        start = text.index(piece, position) if between is None else position
        cut.append(text[start : start + len(piece)])
        position = start + len(piece) + (between or 0)
    return cut
