"""Presets: sampling settings that go together, by name. Plain values; knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass

from dolly_widget.sampling.params import SamplingParams

_DEFAULTS = SamplingParams()


@dataclass(frozen=True)
class Preset:
    """Settings that go together. The length of the answer and the seed are no part of it."""

    help: str
    """One line: what it is for."""
    temperature: float
    top_p: float
    top_k: int = 0
    repetition_penalty: float = 1.0

    @property
    def values(self) -> dict[str, float]:
        """The settings by name."""
        return {name: value for name, value in vars(self).items() if name != "help"}


PRESETS = {
    "precise": Preset("Nearly always the likeliest token: facts and extraction.", temperature=0.2, top_p=0.9),
    "balanced": Preset(
        "The defaults: varied, and mostly to the point.",
        _DEFAULTS.temperature,
        _DEFAULTS.top_p,
        _DEFAULTS.top_k,
        _DEFAULTS.repetition_penalty,
    ),
    "creative": Preset("Unlikely tokens get their turn: ideas and stories.", temperature=1.2, top_p=0.97),
}


def preset(name: str) -> Preset:
    """The preset of that name. Raises ValueError, with the names that there are, for another one."""
    if name not in PRESETS:
        raise ValueError(f"There is no preset {name!r}: choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]
