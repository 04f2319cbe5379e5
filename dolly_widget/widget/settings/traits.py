"""The sampling settings of a widget as traits. Knows no controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import traitlets

from dolly_widget.sampling import Range, SamplingParams, preset

DEFAULTS = SamplingParams()


class _Control(NamedTuple):
    label: str
    range: Range
    step: float
    help: str


# Ranges and defaults are the origin notebook's.
SLIDERS = {
    "temperature": _Control("Temperature", Range(0.1, 5.0), 0.1, "Higher: more varied, less predictable."),
    "top_p": _Control("Top-p", Range(0.05, 1.0), 0.01, "Only the likeliest, up to this share."),
    "top_k": _Control("Top-k", Range(0, 50), 1, "Only this many of the likeliest; 0: off."),
    "max_new_tokens": _Control("Max new tokens", Range(1, 1000), 1, "The answer ends here at the latest."),
    "repetition_penalty": _Control("Repetition penalty", Range(1.0, 2.0), 0.05, "Above 1: say less twice; 1: off."),
}


LONGEST = int(SLIDERS["max_new_tokens"].range.high)
"""The largest max_new_tokens that can be set."""


class SettingsTraits(traitlets.HasTraits):
    """The sampling settings as traits. A value out of the slider's range is a ValueError that names the range."""

    _takes_any = False
    """Whether values beyond the sliders' ranges are taken as well, which then widen."""

    temperature = traitlets.Any(DEFAULTS.temperature, help="0.1 to 5.0, or 0: greedy.")
    top_p = traitlets.Any(DEFAULTS.top_p, help="0.05 to 1.0; 1 is off.")
    top_k = traitlets.Any(DEFAULTS.top_k, help="0 to 50; 0 is off.")
    max_new_tokens = traitlets.Any(DEFAULTS.max_new_tokens, help="1 to 1000.")
    repetition_penalty = traitlets.Any(DEFAULTS.repetition_penalty, help="1.0 to 2.0; 1 is off.")
    seed = traitlets.Any(None, help="A whole number: the same answer every time. None: a fresh one each time.")

    @property
    def params(self) -> SamplingParams:
        """The settings as they are now."""
        return SamplingParams(seed=self.seed, **{name: getattr(self, name) for name in SLIDERS})

    def apply_preset(self, name: str) -> None:
        """Take the settings of a preset: "precise", "balanced" or "creative". Raises ValueError for another name."""
        self._set_together(preset(name).values)

    def reset_settings(self) -> None:
        """Take the defaults of all sampling settings, the seed and the length of the answer included."""
        self._set_together(vars(DEFAULTS))

    def _set_together(self, values: Mapping[str, Any]) -> None:
        with self.hold_trait_notifications():  # nobody sees a preset half applied
            for name, value in values.items():
                setattr(self, name, value)

    @traitlets.validate(*SLIDERS, "seed")
    def _in_range(self, proposal: traitlets.Bunch) -> Any:
        name = proposal["trait"].name
        value = getattr(SamplingParams(**{name: proposal["value"]}), name)
        # A slider says 0.9199999999999999; what would be rounded to 0 stays.
        value = round(value, 10) or value if isinstance(value, float) else value
        is_greedy = name == "temperature" and value == 0
        if self._takes_any or name == "seed" or value in SLIDERS[name].range or is_greedy:
            return value
        greedy = "0 (greedy) or " if name == "temperature" else ""
        raise ValueError(f"{name} must be {greedy}{SLIDERS[name].range}, not {proposal['value']!r}.")
