"""The controls of the sampling settings: one for each setting, by its kind. Knows nothing about engines or answers."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from dolly_widget.runtime import available_devices
from dolly_widget.sampling import DEFAULTS, PRESETS, SETTINGS, SHAPING, Number, Setting, Texts
from dolly_widget.text import encodable
from dolly_widget.widget.page.fold import Fold
from dolly_widget.widget.page.layout import style_sheet
from dolly_widget.widget.settings.boxes import SeedBox, TextsBox, number_box
from dolly_widget.widget.settings.presets_panel import PresetsPanel
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits

# What shapes the answer comes first, then what ends it.
_ORDER = (*SHAPING, *(name for name in SETTINGS if name not in SHAPING))
_TEXTS_HELP = "One per line; \\n is a line break."
_LONGEST_TITLE = 120
_STYLE = Path(__file__).with_name("settings.css")


class SamplingPanel(widgets.VBox):
    """The controls of ``owner``'s sampling settings, those of ``names``, linked both ways. ``above`` come before.

    The seed is always among them. What is rarely used is folded away.
    """

    def __init__(
        self, owner: SettingsTraits, names: Sequence[str] = tuple(SETTINGS), above: Sequence[widgets.Widget] = ()
    ) -> None:
        self._owner = owner
        shown = [name for name in _ORDER if name in names]
        self.sliders = {name: _slider(name) for name in shown if SETTINGS[name].slider}
        self.numbers = {name: number_box(owner, name) for name in self.sliders if _is_short(name)}
        self.texts = {name: TextsBox(owner, name) for name in shown if isinstance(SETTINGS[name], Texts)}
        for name, slider in self.sliders.items():
            self._widen(name, getattr(owner, name))
            owner.observe(self._on_owner, name)
            if name != "temperature":
                traitlets.link((owner, name), (slider, "value"))
        self.greedy = widgets.Checkbox(
            description="Greedy", indent=False, tooltip="Always the likeliest token; the same as temperature 0."
        )
        self.seed = SeedBox(owner)
        self.more = Fold("More")
        # Marking one is a message more to the page: only where all settings are.
        presets = PRESETS if set(names) == set(SETTINGS) else {}
        self.presets = {name: _button(name.capitalize(), one.help, "dw-preset") for name, one in presets.items()}
        self.reset = _button(
            "Reset to defaults", "The model's own defaults of all settings, seed and length included.", "dw-reset"
        )
        super().__init__(self._arranged(above))
        self.add_class("dw-settings")
        for control in (*above, self.seed, *self.texts.values(), *self.sliders.values()):
            control.style.description_width = "128px"
            control.layout.width = "auto"
        self._wire()

    def _wire(self) -> None:
        owner = self._owner
        self.sliders["temperature"].observe(self._on_temperature_slider, "value")
        self.greedy.observe(self._on_greedy, "value")
        for name, button in self.presets.items():
            button.on_click(partial(self._on_preset, name))
        self.reset.on_click(self._on_reset)
        owner.observe(self._show_temperature, ["temperature", "temperature_if_drawn"])
        owner.observe(self._show_preset, list(SHAPING))
        owner.observe(
            self._show_more, [TRAITS[name] for name in (*self.sliders, *self.texts) if SETTINGS[name].is_rare]
        )
        for show in (self._show_temperature, self._show_preset, self._show_more):
            show()

    @property
    def problem(self) -> str:
        """What is wrong with what was typed, and what to do; "" where nothing is."""
        return next((box.hint.text for box in self._boxes if box.hint.text), "")

    @property
    def _boxes(self) -> list[SeedBox | TextsBox]:
        return [self.seed, *self.texts.values()]

    def _arranged(self, above: Sequence[widgets.Widget]) -> list[widgets.Widget]:
        if self.presets:
            presets = widgets.HBox(list(self.presets.values()))
            presets.add_class("dw-presets")
            self.own_presets = PresetsPanel(self._owner)
            above = [*above, presets, self.own_presets]
        rows = {name: self._slider_row(name) for name in self.sliders}
        usual = [row for name, row in rows.items() if not SETTINGS[name].is_rare]
        boxes = []
        for name, box in self.texts.items():
            boxes += [_explained(box, f"{SETTINGS[name].help} {_TEXTS_HELP}"), box.hint]
        rare = [row for name, row in rows.items() if SETTINGS[name].is_rare]
        self.more.children = [*self.more.children, *rare, *boxes]
        seed = [self.seed, self.seed.hint]
        return [style_sheet(_STYLE), *above, usual[0], self.greedy, *usual[1:], *seed, self.more, self.reset]

    def _slider_row(self, name: str) -> widgets.VBox:
        slider, number = self.sliders[name], self.numbers.get(name)
        if number is None:
            return _explained(slider, SETTINGS[name].help)
        slider.readout = False
        both = widgets.HBox([slider, number])
        both.add_class("dw-slider-and-number")
        return _explained(both, SETTINGS[name].help)

    def _on_preset(self, name: str, button: widgets.Button) -> None:
        self._owner.apply_preset(name)

    def _on_reset(self, button: widgets.Button) -> None:
        for box in self._boxes:
            box.empty()  # what was refused is in the box only
        self._owner.reset_settings()

    def _show_preset(self, change: Any = None) -> None:
        """Mark the preset that the settings are; none when they are no preset's."""
        for name, button in self.presets.items():
            is_on = all(getattr(self._owner, key) == value for key, value in PRESETS[name].values.items())
            (button.add_class if is_on else button.remove_class)("dw-is-on")

    def _show_more(self, change: Any = None) -> None:
        """Say what is on of what is folded away: it would be forgotten, and go on having its effect."""
        rare = [name for name in (*self.sliders, *self.texts) if SETTINGS[name].is_rare]
        values = {name: getattr(self._owner, TRAITS[name]) for name in rare}
        on = [SETTINGS[name].in_words(value) for name, value in values.items() if value != SETTINGS[name].off]
        self.more.title = encodable(" · ".join(["More", *on]))[:_LONGEST_TITLE]

    def _on_owner(self, change: Any) -> None:
        self._widen(change["name"], change["new"])

    def _widen(self, name: str, value: float) -> None:
        """Let the slider reach a value of its owner's: it would change what it cannot show."""
        slider = self.sliders[name]
        if name != "temperature" or value > 0:  # 0 is the checkbox's
            slider.min, slider.max = min(slider.min, value), max(slider.max, value)

    def _show_temperature(self, change: Any = None) -> None:
        is_greedy = self._owner.temperature == 0
        shown = self._owner.temperature_if_drawn if is_greedy else self._owner.temperature
        self._widen("temperature", shown)
        self.greedy.value = is_greedy  # first: a slider that moves while it is not would set a temperature
        self.sliders["temperature"].value = shown
        for name, slider in self.sliders.items():
            if SETTINGS[name].shapes_draws and not SETTINGS[name].counts_when_greedy:  # greedy draws nothing
                slider.disabled = is_greedy
                if name in self.numbers:
                    self.numbers[name].disabled = is_greedy

    def _on_temperature_slider(self, change: Any) -> None:
        # Only what a hand has moved: the owner's own value may have more digits.
        if not self.greedy.value and change["new"] != self._owner.temperature:
            self._owner.temperature = round(change["new"], 4)

    def _on_greedy(self, change: Any) -> None:
        self._owner.temperature = 0 if change["new"] else self._owner.temperature_if_drawn


class SettingsPanel(SamplingPanel):
    """The controls of all of ``owner``'s settings and of its ``device``, linked both ways.

    ``on_refused`` gets the reason where a device that was chosen cannot be.
    """

    is_device_fixed = False
    """Whether the device cannot be chosen: the engine was given."""

    def __init__(self, owner: Any, on_refused: Callable[[str], None]) -> None:
        self._on_refused = on_refused
        named = [(f"{device}: {full_name}", device) for device, full_name in available_devices().items()]
        self._devices = [("AUTO: OpenVINO chooses", "AUTO"), *named]
        self._host = ""
        self.device = widgets.Dropdown(options=self._devices, description="Device", tooltip="Where it runs.")
        super().__init__(owner, above=[self.device])
        owner.observe(self._show_device, "device")
        self.device.observe(self._on_device, "value")
        self._show_device()

    def show_server(self, host: str) -> None:
        """Show the server that the model runs on, which has chosen its device; "": it runs on this machine."""
        self._host = host
        self.device.disabled = self.is_device_fixed = self.is_device_fixed or bool(host)
        self._show_device()

    def _show_device(self, change: Any = None) -> None:
        device = self._owner.device
        self.device.unobserve(self._on_device, "value")  # new options choose the first of them for a moment
        options = [(f"Server: {self._host}", device)] if self._host else self._devices
        if self.device.options != tuple(options):
            self.device.options = options
        if device not in (value for _, value in self.device.options):
            self.device.options = [*self.device.options, (device, device)]
        self.device.value = device
        self.device.observe(self._on_device, "value")

    def _on_device(self, change: Any) -> None:
        try:
            self._owner.device = change["new"]
        except (ValueError, RuntimeError) as exc:
            self._show_device()
            self._on_refused(str(exc))


def _is_short(name: str) -> bool:
    """Whether the slider has less than the setting's range."""
    setting = SETTINGS[name]
    return isinstance(setting, Number) and setting.has_short_slider


def _slider(name: str) -> Any:
    setting: Setting = SETTINGS[name]
    assert setting.slider is not None
    span, step = setting.slider
    kind = widgets.IntSlider if isinstance(getattr(DEFAULTS, name), int) else widgets.FloatSlider
    extra = {} if kind is widgets.IntSlider else {"readout_format": ".2f"}
    return kind(
        value=getattr(DEFAULTS, name),
        min=span.low,
        max=span.high,
        step=step,
        description=setting.label,
        tooltip=setting.help,
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
