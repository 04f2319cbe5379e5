"""The bound on the candidates of a draw: which settings an engine really keeps to."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from dolly_widget.sampling import SamplingParams, recorded


@runtime_checkable
class BoundsCandidates(Protocol):
    """An engine that draws from fewer tokens than the settings say."""

    def effective_params(self, params: SamplingParams) -> SamplingParams:
        """The settings that it keeps to in the place of ``params``."""
        ...


def effective_params(engine: object, params: SamplingParams) -> SamplingParams:
    """The settings that ``engine`` keeps to when it is given ``params``: most keep to them as they are."""
    return engine.effective_params(params) if isinstance(engine, BoundsCandidates) else params


# With top_p alone, GenAI sorts the whole vocabulary for every token: a quarter of the time at 50,000 entries. Bounding
# the candidates avoids that. What lies beyond them no longer counts for top_p either: where that is much, in a flat
# distribution at a temperature above 1, a little more is cut.
CANDIDATES = 1024


def within_candidates(params: SamplingParams) -> SamplingParams:
    """The settings with the bound on the candidates, where there is one.

    With t the chance of all tokens beyond the bound, and l that of the last one that top-p alone would keep, the two
    distributions are at most t + l / top_p apart (total variation): what top-p keeps is then smaller by no more.
    """
    is_unbound = params.top_k == 0 and params.top_p < 1 and not params.is_greedy
    # An earlier answer's settings may be out of today's range.
    return recorded({**vars(params), "top_k": CANDIDATES}) if is_unbound else params
