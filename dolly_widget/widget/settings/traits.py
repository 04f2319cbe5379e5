"""The sampling settings of a widget as traits. Knows no controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from dolly_widget.sampling import DEFAULTS, SETTINGS, SHAPING, SamplingParams
from dolly_widget.widget.settings import own_presets

LONGEST = int(SETTINGS["max_new_tokens"].range.high)  # type: ignore[attr-defined]  # it is a number
"""The largest max_new_tokens that can be set."""


TRAITS = {name: name for name in SETTINGS} | {"stop": "stop_texts"}
"""The name of each setting's trait: its own, but for ``stop``, which is what a widget does when it is called."""
_SETTING_OF = {trait: name for name, trait in TRAITS.items()}


class _Settings(traitlets.HasTraits):
    """What all have in common who have the sampling settings as traits."""

    temperature_if_drawn = traitlets.Float(
        DEFAULTS.temperature, help="The temperature that comes when greedy decoding is turned off."
    )

    _own: SamplingParams = DEFAULTS
    """The defaults of the model that runs, or ran last."""
    _given: frozenset[str] = frozenset()
    """Settings that keep the values that they were given, whichever model comes."""

    @property
    def params(self) -> SamplingParams:
        """The settings as they are now."""
        return SamplingParams(**{name: getattr(self, trait) for name, trait in TRAITS.items()})

    def apply_preset(self, name: str) -> None:
        """Take the settings of a preset: "precise", "balanced", "creative", or one of your own, saved in the panel.

        Raises ValueError for another name.
        """
        self._set_together(own_presets.find(name))

    def reset_settings(self) -> None:
        """Take the model's own defaults of all sampling settings, the seed and the length of the answer included."""
        self._given = frozenset()
        self._set_together(vars(self._own))

    @property
    def _untouched(self) -> tuple[str, ...]:
        """The settings that are the model's own: nobody has given them, or changed them."""
        own = self._own
        return tuple(name for name in SHAPING if name not in self._given and getattr(self, name) == getattr(own, name))

    def _take_own(self, own: SamplingParams) -> None:
        """Take the defaults of another model for what is ``_untouched``."""
        untouched, before = self._untouched, self._own.temperature or DEFAULTS.temperature
        self._own = own
        if self.params.is_greedy and self.temperature_if_drawn == before:  # nobody has chosen it
            self.temperature_if_drawn = own.temperature or DEFAULTS.temperature
        for name in untouched:  # one by one: notifications are not held on a worker's thread
            setattr(self, name, getattr(own, name))

    def _set_together(self, values: Mapping[str, Any]) -> None:
        with self.hold_trait_notifications():  # no observer sees a preset half applied
            for name, value in values.items():
                setattr(self, TRAITS[name], value)

    @traitlets.observe("temperature")
    def _on_temperature(self, change: traitlets.Bunch) -> None:
        self.temperature_if_drawn = change["new"] or self.temperature_if_drawn

    @traitlets.validate(*TRAITS.values())
    def _in_range(self, proposal: traitlets.Bunch) -> Any:
        name = _SETTING_OF[proposal["trait"].name]
        value = SETTINGS[name].checked(name, proposal["value"])
        # A slider says 0.9199999999999999; what would be rounded to 0 stays.
        return round(value, 10) or value if isinstance(value, float) else value


def _trait(name: str) -> traitlets.Any:
    return traitlets.Any(getattr(DEFAULTS, name), help=SETTINGS[name].help)


# One trait for each setting: a setting that is added to SamplingParams needs no line here.
SettingsTraits: Any = traitlets.MetaHasTraits(
    "SettingsTraits", (_Settings,), {trait: _trait(name) for name, trait in TRAITS.items()}
)
SettingsTraits.__doc__ = (
    "The sampling settings as traits. A value out of its range is a ValueError that names the range."
)
