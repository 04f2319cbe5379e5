"""What a sampling setting is: its type, its range, its slider, its words. Knows no particular setting."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

_ESCAPED = {"n": "\n", "t": "\t", "\\": "\\"}


class Range(NamedTuple):
    """The values that a number may have: ``low`` to ``high``, each end included or not."""

    low: float
    high: float
    includes_low: bool = True
    includes_high: bool = True

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float):
            return False
        is_above = self.low <= value if self.includes_low else self.low < value
        return is_above and (value <= self.high if self.includes_high else value < self.high)

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"{'at least' if self.includes_low else 'greater than'} {self.low:g}"
        below = "" if self.includes_high else "below "
        return f"{'' if self.includes_low else 'above '}{self.low:g} to {below}{self.high:.10g}"


class Slider(NamedTuple):
    """The part of a range that a slider shows, and its step."""

    range: Range
    step: float


@dataclass(frozen=True)
class Setting:
    """What everyone needs to know about one setting: validation, sliders, command-line flags and their help."""

    label: str
    """What a reader calls it: "Top-p"."""
    help: str
    """One sentence: what it does, and which value switches it off."""
    metavar: str
    """What stands for its value in a usage line: "P"."""
    off: Any = None
    """The value with which it does nothing; None if there is none."""
    shapes_draws: bool = False
    """Whether it changes the probabilities of the next token: presets and the explorer are about these."""
    counts_when_greedy: bool = False
    """Whether it can also change which token is the likeliest."""
    is_rare: bool = False
    """Whether most people never touch it: a panel folds it away."""
    slider: Slider | None = None

    @property
    def step(self) -> float:
        """What one step of its slider is; 1 where it has none."""
        return 1 if self.slider is None else self.slider.step

    @property
    def typing_hint(self) -> str:
        """What else to know for typing it after an option; may be empty."""
        return ""

    def checked(self, name: str, value: Any) -> Any:
        """``value`` as the setting keeps it. Raises TypeError or ValueError that names the field, the value, the range.

        ``name`` is the field's.
        """
        raise NotImplementedError

    def kept(self, name: str, value: Any) -> Any:
        """As ``checked``, for a value of an earlier answer: also what was allowed once."""
        return self.checked(name, value)

    def read(self, name: str, typed: Sequence[str]) -> Any:
        """The value that was typed as text, each time that it was given. Raises ValueError for what is none."""
        raise NotImplementedError

    def in_words(self, value: Any) -> str:
        """A value for a reader: "top-p 0.92"."""
        return f"{self.label.lower()} {value}"


@dataclass(frozen=True, kw_only=True)
class Number(Setting):
    """A setting that is a number."""

    range: Range
    former_range: Range | None = None
    """What earlier versions took, where that was more: histories hold it."""
    is_whole: bool = False
    may_be_none: bool = False

    @property
    def has_short_slider(self) -> bool:
        """Whether the slider misses more than a step at an end of the range: a box for typing has the rest."""
        if self.slider is None:
            return False
        (low, high, *_), step = self.slider
        return self.range.low < low - step or self.range.high > high + step

    def checked(self, name: str, value: Any) -> float | None:
        """See ``Setting``. Takes numpy's scalars too."""
        return self._within(self.range, name, value)

    def kept(self, name: str, value: Any) -> float | None:
        """See ``Setting``."""
        return self._within(self.former_range or self.range, name, value)

    def _within(self, range: Range, name: str, value: Any) -> float | None:
        if value is None and self.may_be_none:
            return None
        kind = "a whole number" if self.is_whole else "a number"
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
            raise TypeError(f"{name} must be {kind}, {range}, not {value!r}.")
        # A whole number stays one until it is in the range: float() overflows for those of many digits.
        plain: float = int(value) if isinstance(value, int | np.integer) else float(value)
        if self.is_whole and not (isinstance(plain, int) or plain.is_integer()):
            raise ValueError(f"{name} must be a whole number, {range}, not {value!r}.")
        if plain not in range:
            raise ValueError(f"{name} must be {range}, not {value!r}.")
        return int(plain) if self.is_whole else float(plain)

    def read(self, name: str, typed: Sequence[str]) -> float:
        """See ``Setting``; the last one counts."""
        try:
            return float(typed[-1])  # whole or not: ``checked`` says which it must be
        except ValueError as exc:
            raise ValueError(f"{name} must be a number, not {typed[-1]!r}.") from exc

    def in_words(self, value: Any) -> str:
        """See ``Setting``."""
        if value is None or isinstance(value, int):
            return f"{self.label.lower()} {value}"
        return f"{self.label.lower()} {value:g}"


@dataclass(frozen=True, kw_only=True)
class Texts(Setting):
    """A setting that is any number of texts, none of them empty."""

    most: int

    @property
    def typing_hint(self) -> str:
        """See ``Setting``."""
        return r"may be given several times; \n is a line break"

    def checked(self, name: str, value: Any) -> tuple[str, ...]:
        """See ``Setting``."""
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise TypeError(f"{name} must be a list of texts, such as [{str(value)!r}], not {value!r}.")
        texts = tuple(value)
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"{name} must be a list of texts, but {text!r} is not a text.")
        if not all(texts):
            raise ValueError(f"{name} must not hold an empty text.")
        if len(texts) > self.most:
            raise ValueError(f"{name} must hold at most {self.most} texts, not {len(texts)}.")
        return texts

    def read(self, name: str, typed: Sequence[str]) -> tuple[str, ...]:
        r"""See ``Setting``. In a text, ``\n`` is a line break, ``\t`` a tab, and ``\\`` a backslash."""
        return tuple(re.sub(r"\\([nt\\])", lambda found: _ESCAPED[found[1]], text) for text in typed)

    def in_words(self, value: Any) -> str:
        """See ``Setting``."""
        return f"{self.label.lower()} {', '.join(map(repr, value)) or 'none'}"
