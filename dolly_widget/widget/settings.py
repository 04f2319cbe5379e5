"""The sampling settings of a widget: traits that hold them, and the panels of controls that show them.

Knows nothing about engines or answers.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import ipywidgets as widgets
import traitlets

from dolly_widget.devices import available_devices
from dolly_widget.sampling import Range, SamplingParams
from dolly_widget.widget.presets import PRESETS, preset

_DEFAULTS = SamplingParams()


class _Control(NamedTuple):
    label: str
    range: Range
    step: float
    help: str


# Ranges and defaults are the origin notebook's.
_SLIDERS = {
    "temperature": _Control("Temperature", Range(0.1, 5.0), 0.1, "Higher: more varied, less predictable."),
    "top_p": _Control("Top-p", Range(0.05, 1.0), 0.01, "Only the likeliest, up to this share."),
    "top_k": _Control("Top-k", Range(0, 50), 1, "Only this many of the likeliest; 0: off."),
    "max_new_tokens": _Control("Max new tokens", Range(1, 1000), 1, "The answer ends here at the latest."),
    "repetition_penalty": _Control("Repetition penalty", Range(1.0, 2.0), 0.05, "Above 1: say less twice; 1: off."),
}


LONGEST = int(_SLIDERS["max_new_tokens"].range.high)
"""The largest max_new_tokens that can be set."""


class SettingsTraits(traitlets.HasTraits):
    """The sampling settings as traits. A value out of the slider's range is a ValueError that names the range."""

    _takes_any = False
    """Whether values beyond the sliders' ranges are taken as well, which then widen."""

    temperature = traitlets.Any(_DEFAULTS.temperature, help="0.1 to 5.0, or 0: greedy.")
    top_p = traitlets.Any(_DEFAULTS.top_p, help="0.05 to 1.0; 1 is off.")
    top_k = traitlets.Any(_DEFAULTS.top_k, help="0 to 50; 0 is off.")
    max_new_tokens = traitlets.Any(_DEFAULTS.max_new_tokens, help="1 to 1000.")
    repetition_penalty = traitlets.Any(_DEFAULTS.repetition_penalty, help="1.0 to 2.0; 1 is off.")
    seed = traitlets.Any(None, help="A whole number: the same answer every time. None: a fresh one each time.")

    @property
    def params(self) -> SamplingParams:
        """The settings as they are now."""
        return SamplingParams(seed=self.seed, **{name: getattr(self, name) for name in _SLIDERS})

    def apply_preset(self, name: str) -> None:
        """Take the settings of a preset: "precise", "balanced" or "creative". Raises ValueError for another name."""
        self._set_together(preset(name).values)

    def reset_settings(self) -> None:
        """Take the defaults of all sampling settings, the seed and the length of the answer included."""
        self._set_together(vars(_DEFAULTS))

    def _set_together(self, values: Mapping[str, Any]) -> None:
        with self.hold_trait_notifications():  # nobody sees a preset half applied
            for name, value in values.items():
                setattr(self, name, value)

    @traitlets.validate(*_SLIDERS, "seed")
    def _in_range(self, proposal: traitlets.Bunch) -> Any:
        name = proposal["trait"].name
        value = getattr(SamplingParams(**{name: proposal["value"]}), name)
        # A slider says 0.9199999999999999; what would be rounded to 0 stays.
        value = round(value, 10) or value if isinstance(value, float) else value
        is_greedy = name == "temperature" and value == 0
        if self._takes_any or name == "seed" or value in _SLIDERS[name].range or is_greedy:
            return value
        greedy = "0 (greedy) or " if name == "temperature" else ""
        raise ValueError(f"{name} must be {greedy}{_SLIDERS[name].range}, not {proposal['value']!r}.")


class SamplingPanel(widgets.VBox):
    """The controls of ``owner``'s sampling settings, those of ``names``, linked both ways. ``above`` come before."""

    def __init__(
        self, owner: Any, names: Sequence[str] = tuple(_SLIDERS), above: Sequence[widgets.Widget] = ()
    ) -> None:
        self._owner = owner
        self.sliders = {name: _slider(name) for name in names}
        for name, slider in self.sliders.items():
            self._widen(name, getattr(owner, name))
            owner.observe(self._on_owner, name)
            if name != "temperature":
                traitlets.link((owner, name), (slider, "value"))
        self.greedy = widgets.Checkbox(
            description="Greedy", indent=False, tooltip="Always the likeliest token; the same as temperature 0."
        )
        self.seed = widgets.Text(placeholder="fresh each time", description="Seed", continuous_update=False)
        self.seed_hint = widgets.HTML(layout={"display": "none"})
        # Marking one is a message more to the page: only where all settings are.
        presets = PRESETS if tuple(names) == tuple(_SLIDERS) else {}
        self.presets = {name: _button(name.capitalize(), one.help, "dw-preset") for name, one in presets.items()}
        self.reset = _button("Reset to defaults", "The defaults of all settings, seed and length included.", "dw-reset")
        super().__init__(self._arranged(above))
        self.add_class("dw-settings")
        for control in (*above, self.seed, *self.sliders.values()):
            control.style.description_width = "128px"
            control.layout.width = "auto"
        self.sliders["temperature"].observe(self._on_temperature_slider, "value")
        self.greedy.observe(self._on_greedy, "value")
        self.seed.observe(self._on_seed_text, "value")
        for name, button in self.presets.items():
            button.on_click(partial(self._on_preset, name))
        self.reset.on_click(self._on_reset)
        owner.observe(self._show_temperature, "temperature")
        owner.observe(self._show_seed, "seed")
        owner.observe(self._show_preset, list(PRESETS["balanced"].values))
        self._show_temperature()
        self._show_seed()
        self._show_preset()

    def _arranged(self, above: Sequence[widgets.Widget]) -> list[widgets.Widget]:
        if self.presets:
            presets = widgets.HBox(list(self.presets.values()))
            presets.add_class("dw-presets")
            above = [*above, presets]
        rows = {name: _explained(slider, _SLIDERS[name].help) for name, slider in self.sliders.items()}
        temperature = rows.pop("temperature")
        return [*above, temperature, self.greedy, *rows.values(), self.seed, self.seed_hint, self.reset]

    def _on_preset(self, name: str, button: widgets.Button) -> None:
        self._owner.apply_preset(name)

    def _on_reset(self, button: widgets.Button) -> None:
        self.seed.value = ""  # what is no seed stays in the box only
        self._owner.reset_settings()

    def _show_preset(self, change: Any = None) -> None:
        """Mark the preset that the settings are; none when they are no preset's."""
        for name, button in self.presets.items():
            is_on = all(getattr(self._owner, key) == value for key, value in PRESETS[name].values.items())
            (button.add_class if is_on else button.remove_class)("dw-is-on")

    def _on_owner(self, change: Any) -> None:
        self._widen(change["name"], change["new"])

    def _widen(self, name: str, value: float) -> None:
        """Let the slider reach a value of its owner's: it would change what it cannot show."""
        slider = self.sliders[name]
        if name != "temperature" or value > 0:  # 0 is the checkbox's
            slider.min, slider.max = min(slider.min, value), max(slider.max, value)

    def _show_temperature(self, change: Any = None) -> None:
        is_greedy = self._owner.temperature == 0
        if not is_greedy:
            self.sliders["temperature"].value = self._owner.temperature
        self.greedy.value = is_greedy
        for name in ("temperature", "top_p", "top_k"):  # greedy draws nothing: these have no effect
            self.sliders[name].disabled = is_greedy

    def _on_temperature_slider(self, change: Any) -> None:
        # Only what a hand has moved: the owner's own value may have more digits.
        if not self.greedy.value and change["new"] != self._owner.temperature:
            self._owner.temperature = round(change["new"], 4)

    def _on_greedy(self, change: Any) -> None:
        self._owner.temperature = 0 if change["new"] else self.sliders["temperature"].value

    def _show_seed(self, change: Any = None) -> None:
        self.seed.value = "" if self._owner.seed is None else str(self._owner.seed)

    def _on_seed_text(self, change: Any) -> None:
        text = change["new"].strip()
        try:
            self._owner.seed = int(text) if text else None
        except ValueError:
            self._hint_seed("A seed is a whole number from 0 to 4294967295; empty is a fresh one each time.")
        else:
            self._hint_seed("")

    def _hint_seed(self, hint: str) -> None:
        self.seed_hint.value = f'<span class="dw-hint" role="alert">{hint}</span>' if hint else ""
        self.seed_hint.layout.display = None if hint else "none"


class SettingsPanel(SamplingPanel):
    """The controls of all of ``owner``'s settings and of its ``device``, linked both ways."""

    is_device_fixed = False
    """Whether the device cannot be chosen: the engine was given."""

    def __init__(self, owner: Any) -> None:
        named = [(f"{device}: {full_name}", device) for device, full_name in available_devices().items()]
        self.device = widgets.Dropdown(
            options=[("AUTO: OpenVINO chooses", "AUTO"), *named], description="Device", tooltip="Where it runs."
        )
        super().__init__(owner, above=[self.device])
        owner.observe(self._show_device, "device")
        self.device.observe(self._on_device, "value")
        self._show_device()

    def _show_device(self, change: Any = None) -> None:
        device = self._owner.device
        self.device.unobserve(self._on_device, "value")  # new options choose the first of them for a moment
        if device not in (value for _, value in self.device.options):
            self.device.options = [*self.device.options, (device, device)]
        self.device.value = device
        self.device.observe(self._on_device, "value")

    def _on_device(self, change: Any) -> None:
        try:
            self._owner.device = change["new"]
        except (ValueError, RuntimeError):
            self._show_device()  # it was refused
            raise


def _slider(name: str) -> Any:
    label, span, step, help_text = _SLIDERS[name]
    kind = widgets.IntSlider if isinstance(getattr(_DEFAULTS, name), int) else widgets.FloatSlider
    extra = {} if kind is widgets.IntSlider else {"readout_format": ".2f"}
    return kind(
        value=getattr(_DEFAULTS, name),
        min=span.low,
        max=span.high,
        step=step,
        description=label,
        tooltip=help_text,
        **extra,
    )


def _explained(control: widgets.Widget, explanation: str) -> widgets.VBox:
    """A control with one quiet line under it."""
    row = widgets.VBox([control, widgets.HTML(f'<span class="dw-explanation">{html.escape(explanation)}</span>')])
    row.add_class("dw-explained")
    return row


def _button(description: str, tooltip: str, css_class: str) -> widgets.Button:
    button = widgets.Button(description=description, tooltip=tooltip, layout={"width": "auto"})
    button.add_class(css_class)
    return button
