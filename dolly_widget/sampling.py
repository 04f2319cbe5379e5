"""Sampling settings, and the arithmetic of temperature, top-k and top-p on one vector of logits. No I/O, no engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


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


def probabilities(logits: npt.ArrayLike, params: SamplingParams) -> npt.NDArray[np.float64]:
    """Probability with which each token is drawn next.

    ``logits`` has the shape (vocab,); so has the result, which sums to 1 and is zero where top-k or top-p cut. The
    order is that of transformers' ``generation/logits_process.py``: temperature, top-k, top-p. Tokens whose logit
    equals the k-th largest are kept, as there. A chance too small for a float64, 5e-324, is zero too: at a temperature
    near 0, that may leave fewer than the filters do. The repetition penalty needs the tokens so far: see
    ``penalise_repetition``. Raises ValueError where no logit is finite, or one is NaN or +infinity.
    """
    scores = check_logits(logits)
    if params.is_greedy:
        return _one_hot(int(scores.argmax()), scores.size)
    # Before anything is subtracted or divided: that makes near neighbours equal, and of equals more than k are kept.
    left = _keep_top_k(scores, params.top_k)
    return _keep_top_p(_softmax((left - left.max()) / params.temperature), scores, params.top_p)


def check_logits(logits: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The logits as float64 (vocab,), or the ValueError that ``probabilities`` raises."""
    scores = np.asarray(logits, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(f"logits must be one vector, (vocab,), not of shape {scores.shape}.")
    if np.isnan(scores).any() or np.isposinf(scores).any() or np.isneginf(scores).all():
        raise ValueError("logits hold NaN or infinity: the model's output is not a distribution.")
    return scores


def penalise_repetition(
    logits: npt.ArrayLike, token_ids: npt.ArrayLike, repetition_penalty: float
) -> npt.NDArray[np.float64]:
    """Logits (vocab,) after the repetition penalty for ``token_ids`` (any number of them, prompt and answer so far).

    Source: Keskar et al. 2019, CTRL, section 4.1; as in transformers' ``RepetitionPenaltyLogitsProcessor``.
    """
    scores = np.array(logits, dtype=np.float64)
    seen = np.unique(np.asarray(token_ids, dtype=np.int64))
    scores[seen] = np.where(scores[seen] < 0, scores[seen] * repetition_penalty, scores[seen] / repetition_penalty)
    return scores


def _one_hot(index: int, size: int) -> npt.NDArray[np.float64]:
    result = np.zeros(size)
    result[index] = 1.0
    return result


def _softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def _keep_top_k(scores: npt.NDArray[np.float64], top_k: int) -> npt.NDArray[np.float64]:
    if not 0 < top_k < scores.size:
        return scores
    kth_largest = np.partition(scores, -top_k)[-top_k]
    return np.where(scores < kth_largest, -np.inf, scores)


def _keep_top_p(
    chances: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], top_p: float
) -> npt.NDArray[np.float64]:
    if top_p >= 1:
        return chances
    # As transformers does: from the least probable up, cut while what is cut stays within 1 - top_p. Of equals the
    # first stays longest, as with temperature 0. By scores: unequal ones may round to equal chances.
    left = np.flatnonzero(chances)  # top-k may have cut most of them
    order = left[np.argsort(-scores[left], kind="stable")[::-1]]
    cut = np.cumsum(chances[order]) <= 1 - top_p
    cut[-1] = False
    kept = chances.copy()
    kept[order[cut]] = 0.0
    return np.asarray(kept / kept.sum())
