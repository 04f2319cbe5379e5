"""What one rendering may take: steps, characters, time. Whatever a template makes is counted in its budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import GeneratorType
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_S = 5.0
"""Seconds of a processor for one rendering: on a busy machine, it may take longer."""
_LOOK = 50
"""Steps between two looks at the clock."""
DEEPEST = 100
"""Calls, and lists, within each other."""
_STEPS = 1_000_000
_CALL = 20
"""Steps of a call, as long as it takes."""
_LARGEST = 1_000_000
_REST = 64
"""What a value counts that is no text, in characters."""
_LISTS = (list, tuple, dict)


class BoundsError(Exception):
    """A template takes too much. The message is what it does: "takes too long"."""


class Budget:
    """What is left for one rendering, of messages that have ``given`` characters."""

    def __init__(self, given: int) -> None:
        self._depth = 0
        self._steps = _STEPS + 10 * given
        self._largest = _LARGEST + 20 * given
        self._characters = 20 * _LARGEST + 200 * given
        self._deadline = time.thread_time() + LONGEST_S
        self._next_look = self._steps
        self._sizes: dict[int, tuple[Any, int, int]] = {}  # keeps what it knows: an id is no other value's meanwhile

    def step(self, count: int = 1) -> None:
        """Count steps: what a loop or a call does once."""
        self._steps -= count
        if self._steps < 0:
            raise BoundsError("takes too many steps")
        if self._steps < self._next_look:
            self._next_look = self._steps - _LOOK
            if time.thread_time() > self._deadline:
                raise BoundsError("takes too long")

    def allow(self, size: int) -> None:
        """Refuse a value of ``size`` characters, before it is made."""
        if size > self._largest:
            raise BoundsError("makes too large a value")

    def write(self, count: int) -> None:
        """Count characters that were made."""
        self._characters -= count
        if self._characters < 0:
            raise BoundsError("makes too much text")

    def made(self, value: T, *sources: Any) -> T:
        """Count a new value, made from ``sources``, and return it; a generator counts while it is read."""
        self.step()
        if isinstance(value, GeneratorType):
            return self._chained(value, sources)  # type: ignore[return-value]
        self.allow(self._measured(value)[0])
        self.write(len(value) if isinstance(value, str) else _REST * len(value) if isinstance(value, _LISTS) else 1)
        return value

    def each(self, value: T) -> T:
        """Count what a loop goes through."""
        if isinstance(value, (str, range, *_LISTS)):
            self.step(len(value))
        elif isinstance(value, GeneratorType):
            return self._counting(value)  # type: ignore[return-value]
        return value

    def _chained(self, values: Generator[Any, None, None], sources: tuple[Any, ...]) -> Iterator[Any]:
        # Generators that read from one another end one within the other: too many of them end Python.
        counting, depth = self._counting(values), 1 + max((self._measured(source)[1] for source in sources), default=0)
        if depth > DEEPEST:
            raise BoundsError("makes too large a value")
        self._sizes[id(counting)] = (counting, _REST, depth)
        return counting

    def _counting(self, values: Generator[Any, None, None]) -> Iterator[Any]:
        for value in values:
            self.step()
            yield value

    def _measured(self, value: Any) -> tuple[int, int]:
        """Characters of all that can be reached from a value, each way to it counted; and how deep it goes.

        A list that holds one twice is as large as both: whatever is done with it takes no more than that.
        """
        if isinstance(value, str):
            return len(value), 0
        if isinstance(value, int):
            return _REST + value.bit_length() // 8, 0
        if id(value) not in self._sizes:
            if not isinstance(value, _LISTS):
                return _REST, 0
            self._sizes[id(value)] = (value, *self._measured_anew(value))
        return self._sizes[id(value)][1:]

    def _measured_anew(self, value: Any) -> tuple[int, int]:
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        self.step(len(parts) // 16)
        sizes = [self._measured(part) for part in parts]
        size = _REST * (1 + len(sizes)) + sum(size for size, _ in sizes)
        depth = 1 + max((depth for _, depth in sizes), default=0)
        if depth > DEEPEST:
            raise BoundsError("makes too large a value")
        self.allow(size)
        return size, depth

    def call(self, function: Callable[[], T]) -> T:
        """Call what a template calls, within the calls that are going on."""
        self.step(_CALL)
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                raise BoundsError("takes too many steps (recursion)")
            return self.made(function())
        finally:
            self._depth -= 1


_current: ContextVar[Budget] = ContextVar("budget")


@contextmanager
def limited(given: int) -> Iterator[Budget]:
    """Within it, all that a template does counts in one new budget."""
    token = _current.set(Budget(given))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def budget() -> Budget:
    """That of the rendering that is going on."""
    return _current.get()
