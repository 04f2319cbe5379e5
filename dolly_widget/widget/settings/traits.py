"""The sampling settings of a widget as traits. Knows no controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from dolly_widget.sampling import DEFAULTS, SETTINGS, SamplingParams, preset

LONGEST = int(SETTINGS["max_new_tokens"].slider.range.high)  # type: ignore[union-attr]  # it has one
"""The largest max_new_tokens that can be set."""


TRAITS = {name: name for name in SETTINGS} | {"stop": "stop_texts"}
"""The name of each setting's trait: its own, but for ``stop``, which is what a widget does when it is called."""
_SETTING_OF = {trait: name for name, trait in TRAITS.items()}


class _Settings(traitlets.HasTraits):
    """What all have in common who have the sampling settings as traits."""

    _takes_any = False
    """Whether values beyond the sliders' ranges are taken as well, which then widen."""

    @property
    def params(self) -> SamplingParams:
        """The settings as they are now."""
        return SamplingParams(**{name: getattr(self, trait) for name, trait in TRAITS.items()})

    def apply_preset(self, name: str) -> None:
        """Take the settings of a preset: "precise", "balanced" or "creative". Raises ValueError for another name."""
        self._set_together(preset(name).values)

    def reset_settings(self) -> None:
        """Take the defaults of all sampling settings, the seed and the length of the answer included."""
        self._set_together(vars(DEFAULTS))

    def _set_together(self, values: Mapping[str, Any]) -> None:
        with self.hold_trait_notifications():  # no observer sees a preset half applied
            for name, value in values.items():
                setattr(self, TRAITS[name], value)

    @traitlets.validate(*TRAITS.values())
    def _in_range(self, proposal: traitlets.Bunch) -> Any:
        name = _SETTING_OF[proposal["trait"].name]
        setting = SETTINGS[name]
        value = setting.checked(name, proposal["value"])
        # A slider says 0.9199999999999999; what would be rounded to 0 stays.
        value = round(value, 10) or value if isinstance(value, float) else value
        is_greedy = name == "temperature" and value == 0
        if self._takes_any or setting.slider is None or value in setting.slider.range or is_greedy:
            return value
        greedy = "0 (greedy) or " if name == "temperature" else ""
        raise ValueError(f"{name} must be {greedy}{setting.slider.range}, not {proposal['value']!r}.")


def _trait(name: str) -> traitlets.Any:
    return traitlets.Any(getattr(DEFAULTS, name), help=SETTINGS[name].help)


# One trait for each setting: a setting that is added to SamplingParams needs no line here.
SettingsTraits: Any = traitlets.MetaHasTraits(
    "SettingsTraits", (_Settings,), {trait: _trait(name) for name, trait in TRAITS.items()}
)
SettingsTraits.__doc__ = (
    "The sampling settings as traits. A value out of the slider's range is a ValueError that names the range."
)
