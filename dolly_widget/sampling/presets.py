"""Presets: sampling settings that go together, by name. Plain values; knows no widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dolly_widget.sampling.params import DEFAULTS, SamplingParams, shaping


@dataclass(frozen=True)
class Preset:
    """Settings that go together. The length of the answer and the seed are no part of it."""

    help: str
    """One line: what it is for."""
    params: SamplingParams

    @property
    def values(self) -> Mapping[str, Any]:
        """The settings by name: all that change the probabilities of the next token."""
        return shaping(self.params)


PRESETS = {
    "precise": Preset(
        "Nearly always the likeliest token: facts and extraction.", replace(DEFAULTS, temperature=0.2, top_p=0.9)
    ),
    "balanced": Preset("The origin notebook's settings: varied, and mostly to the point.", DEFAULTS),
    "creative": Preset(
        "Unlikely tokens get their turn: ideas and stories.", replace(DEFAULTS, temperature=1.2, top_p=0.97)
    ),
}
