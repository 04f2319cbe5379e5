"""Many draws of one token, and how far they may be from the distribution by chance alone. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dolly_widget.sampling.logits import Floats
from dolly_widget.sampling.next_token import Distribution, Ints

CONFIDENCE = 0.95
# Of a token beyond these, the frequency varies so little that it is not the largest difference.
_LIKELIEST = 100
_REPETITIONS = 1000


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each token came, beside the distribution that it was drawn from."""

    distribution: Distribution
    counts: Ints
    """(vocab,), in the distribution's order."""

    @property
    def total(self) -> int:
        """Number of draws."""
        return int(self.counts.sum())

    @property
    def differences(self) -> Floats:
        """(vocab,), of frequency and probability, as shares of 1."""
        return np.asarray(self.counts / self.total - self.distribution.after)

    @property
    def largest(self) -> int:
        """Where the token stands, counted from 0, whose frequency is furthest from its probability."""
        return int(np.abs(self.differences).argmax())

    @property
    def largest_difference(self) -> float:
        """How far that is, as a share of 1."""
        return float(abs(self.differences[self.largest]))

    @cached_property
    def expected_difference(self) -> float:
        """What the largest difference does not exceed, by chance alone, in 95 of 100 repetitions.

        Found by repeating the draws, always with the same random numbers.
        """
        likeliest = self.distribution.after[:_LIKELIEST]
        chances = np.append(likeliest, max(0.0, 1 - likeliest.sum()))
        counts = np.random.default_rng(0).multinomial(self.total, chances / chances.sum(), size=_REPETITIONS)
        differences = np.abs(counts[:, :-1] / self.total - likeliest)
        return float(np.quantile(differences.max(axis=1), CONFIDENCE))
