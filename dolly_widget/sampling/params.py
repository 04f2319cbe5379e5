"""Sampling settings, and the arithmetic of temperature, top-k and top-p on one vector of logits. No I/O, no engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np


class Range(NamedTuple):
    """The values that a field takes: ``low`` to ``high``, ``low`` itself included or not."""

    low: float
    high: float
    includes_low: bool = True

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float):
            return False
        return (self.low <= value if self.includes_low else self.low < value) and value <= self.high

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"{'at least' if self.includes_low else 'greater than'} {self.low:g}"
        return f"{'' if self.includes_low else 'above '}{self.low:g} to {self.high:.10g}"


RANGES = {
    "max_new_tokens": Range(1, math.inf),
    "temperature": Range(0, 100),
    "top_p": Range(0, 1, includes_low=False),
    "top_k": Range(0, math.inf),
    "repetition_penalty": Range(0.01, 100),
    "seed": Range(0, 2**32 - 1),
}


@dataclass(frozen=True)
class SamplingParams:
    """How the next token is chosen. The defaults are the origin notebook's.

    Raises ValueError, naming the field, the value and the range, for a value out of range; TypeError for one that is
    no number.
    """

    max_new_tokens: int = 256
    temperature: float = 0.8
    """Divides the logits; 0 is greedy: always the most probable token."""
    top_p: float = 0.92
    """Only the most probable tokens that together reach this probability are drawn from; 1 is off."""
    top_k: int = 0
    """Only this many of the most probable tokens are drawn from; 0 is off."""
    repetition_penalty: float = 1.0
    """Logits of tokens already there are divided by it where positive, multiplied where negative; 1 is off."""
    seed: int | None = None
    """Equal seeds give equal answers. None: a fresh one is drawn and reported in the result."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.name == "seed":
                continue
            object.__setattr__(self, field.name, _checked(field.name, value, "int" in str(field.type)))

    @property
    def is_greedy(self) -> bool:
        """Whether the most probable token is always taken."""
        # Below this, the division would overflow in the float32 that engines compute in.
        return self.temperature < 1e-6


def _checked(name: str, value: Any, is_integer: bool) -> float:
    """``value`` as a plain int or float (numpy's scalars too), or an error that names field, value and range."""
    kind = "a whole number" if is_integer else "a number"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be {kind}, {RANGES[name]}, not {value!r}.")
    # A whole number stays one until it is in the range: float() overflows for those of many digits.
    plain: float = int(value) if isinstance(value, int | np.integer) else float(value)
    if is_integer and not (isinstance(plain, int) or plain.is_integer()):
        raise ValueError(f"{name} must be a whole number, {RANGES[name]}, not {value!r}.")
    if plain not in RANGES[name]:
        raise ValueError(f"{name} must be {RANGES[name]}, not {value!r}.")
    return int(plain) if is_integer else float(plain)


def changed(params: SamplingParams, settings: Mapping[str, Any]) -> SamplingParams:
    """``params`` with other values for some fields. Raises TypeError for a name that is no setting."""
    known = [field.name for field in fields(SamplingParams)]
    unknown = ", ".join(repr(name) for name in settings if name not in known)
    if unknown:
        raise TypeError(f"There is no sampling setting {unknown}; there are {', '.join(known)}.")
    return replace(params, **settings)
