"""The next token's candidates as plain data: what each setting makes of them, and which are cut by what.

Knows distributions and labels; how candidates are shown is `candidate_table`'s business. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dolly_widget.sampling import CUTS, SETTINGS, Distribution, Draws, SamplingParams
from dolly_widget.text import Label

SHOWN = 20
"""Candidates that are listed one by one."""
_WORDS = {"": "", "zero": "probability 0", "temperature": "greedy"}
_CUTS = [_WORDS[cut] if cut in _WORDS else SETTINGS[cut].label.lower() for cut in CUTS]


@dataclass(frozen=True)
class Candidate:
    """One token that may come next, and its probabilities."""

    rank: int
    """After the penalties; 1 is the likeliest."""
    token_id: int
    label: Label
    model: float
    """By the model alone: see ``Distribution``, for the next three too."""
    before: float
    cumulative: float
    after: float
    cut_by: str
    """What keeps it from being drawn: "top-k", "top-p", "greedy", "probability 0"; "" where it can be drawn."""
    draws: int | None
    """How often it came; None where nothing was drawn."""

    @property
    def is_kept(self) -> bool:
        """Whether it can be drawn."""
        return not self.cut_by


@dataclass(frozen=True)
class Others:
    """All candidates that are not listed, together."""

    count: int
    kept: int
    """How many of them can be drawn."""
    model: float
    before: float
    after: float
    draws: int | None


@dataclass(frozen=True, eq=False)
class Candidates:
    """The likeliest tokens one by one, the others together, and the distribution in figures."""

    rows: tuple[Candidate, ...]
    """The likeliest first."""
    others: Others
    kept: int
    """Number of tokens that can be drawn."""
    vocab_size: int
    entropy: float
    """Of what is drawn, in bits."""
    params: SamplingParams
    """The settings that this is for."""
    draws: Draws | None = None


def candidates(
    distribution: Distribution,
    label: Callable[[int], Label],
    params: SamplingParams,
    *,
    shown: int = SHOWN,
    also: Sequence[int] = (),
    draws: Draws | None = None,
) -> Candidates:
    """The ``shown`` likeliest tokens of ``distribution``, which ``params`` made, and those of the ids ``also``.

    ``label`` says how a token is shown: ``functools.partial(token_label, tokenizer)``. ``draws`` are of this very
    distribution. Raises IndexError for an id of ``also`` that is not in the vocabulary.
    """
    size = len(distribution.token_ids)
    places = sorted({*range(min(shown, size)), *(distribution.place(token_id) for token_id in also)})
    counts = None if draws is None else draws.counts
    rows = []
    for place in places:
        token_id = int(distribution.token_ids[place])
        rows.append(
            Candidate(
                rank=place + 1,
                token_id=token_id,
                label=label(token_id),
                model=float(distribution.model[place]),
                before=float(distribution.before[place]),
                cumulative=float(distribution.cumulative[place]),
                after=float(distribution.after[place]),
                cut_by=_CUTS[distribution.cut_by[place]],
                draws=None if counts is None else int(counts[place]),
            )
        )
    return Candidates(
        tuple(rows),
        _others(distribution, places, draws),
        distribution.kept,
        size,
        distribution.entropy,
        params,
        draws,
    )


def _others(distribution: Distribution, places: Sequence[int], draws: Draws | None) -> Others:
    is_other = np.ones(len(distribution.token_ids), dtype=bool)
    is_other[list(places)] = False
    return Others(
        count=int(is_other.sum()),
        kept=int(np.count_nonzero(distribution.after[is_other])),
        model=float(distribution.model[is_other].sum()),
        before=float(distribution.before[is_other].sum()),
        after=float(distribution.after[is_other].sum()),
        draws=None if draws is None else int(draws.counts[is_other].sum()),
    )
