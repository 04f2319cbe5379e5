"""The next token's distribution, step by step: what the model says, what each setting makes of it, what is drawn.

Pure arithmetic on one vector of logits, in the order of `sampling.probabilities`. Knows no token's text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dolly_widget.sampling.logits import Floats, filtered, penalised, probabilities, unfiltered
from dolly_widget.sampling.params import SHAPING, SamplingParams

Ints = npt.NDArray[np.int64]

MODEL = unfiltered(SamplingParams(temperature=1))
"""Settings that change nothing: the model's own distribution."""
CUTS = ("", "zero", *SHAPING)
"""What can keep a token from being drawn: nothing, its own probability of 0, or the setting of this name."""


@dataclass(frozen=True, eq=False)
class Distribution:
    """All tokens of a vocabulary, the likeliest first. Every array has the shape (vocab,) and that order."""

    token_ids: Ints
    model: Floats
    """Probability by the model alone: temperature 1, no penalty, no filter."""
    before: Floats
    """Probability after penalties and temperature, before the filters."""
    cumulative: Floats
    """Running sum of what top-k has left, made to sum to 1: what top-p compares with."""
    after: Floats
    """Probability with which it is drawn; 0 where a filter cut it, or where a float64 has no number that small."""
    cut_by: npt.NDArray[np.int8]
    """What keeps it from being drawn, as a place in ``CUTS``; 0 where it can be drawn."""

    @property
    def kept(self) -> int:
        """Number of tokens that can be drawn: the first ones, ties at the border aside."""
        return int(np.count_nonzero(self.after))

    @property
    def entropy(self) -> float:
        """Entropy of what is drawn, in bits: 0 where only one token is left."""
        return entropy(self.after)

    def place(self, token_id: int) -> int:
        """Where a token stands, counted from 0."""
        return int(np.flatnonzero(self.token_ids == token_id)[0])

    def draw(self, generator: np.random.Generator) -> int:
        """Id of one token, drawn."""
        return int(generator.choice(self.token_ids, p=self.after))

    def counts(self, draws: int, generator: np.random.Generator) -> Ints:
        """How often each token comes, int64 (vocab,), in so many draws."""
        return np.asarray(generator.multinomial(draws, self.after), dtype=np.int64)


def distribution(
    logits: npt.ArrayLike, params: SamplingParams, prompt_ids: Sequence[int] = (), answer_ids: Sequence[int] = ()
) -> Distribution:
    """What ``params`` make of ``logits`` (vocab,), with the penalties for the tokens of the prompt and the answer.

    Presence and frequency penalty are for those of the answer so far, the repetition penalty for all. Raises ValueError
    where the logits are no distribution: see ``sampling.probabilities``.
    """
    model = probabilities(logits, MODEL)
    scores = penalised(logits, params, prompt_ids, answer_ids)
    before = probabilities(scores, unfiltered(params))
    steps = dict(filtered(scores, params))
    first, after = next(iter(steps.values())), list(steps.values())[-1]
    # As top-p ranks them: of equals, the first.
    order = np.argsort(-scores, kind="stable")
    cut_by = _cut_by(before, steps)
    return Distribution(order, model[order], before[order], np.cumsum(first[order]), after[order], cut_by[order])


def _cut_by(before: Floats, steps: Mapping[str, Floats]) -> npt.NDArray[np.int8]:
    """What cuts each token, as a place in ``CUTS``, (vocab,): the first filter that leaves it nothing."""
    cut_by = np.zeros(before.shape, dtype=np.int8)
    for name, chances in steps.items():
        cut_by[(cut_by == 0) & (chances == 0)] = CUTS.index(name)
    if "temperature" not in steps:
        cut_by[before == 0] = CUTS.index("zero")
    return cut_by


def entropy(chances: npt.ArrayLike) -> float:
    """Entropy in bits of probabilities (n,), zeros among them too. Source: Shannon 1948, section 6."""
    positive = np.asarray(chances, dtype=np.float64)
    positive = positive[positive > 0]
    return float(max(0.0, -(positive * np.log2(positive)).sum()))
