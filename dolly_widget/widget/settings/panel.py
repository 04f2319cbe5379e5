"""The controls of the sampling settings: one for each setting, by its kind. Knows nothing about engines or answers."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial
from typing import Any

import ipywidgets as widgets
import traitlets

from dolly_widget.runtime import available_devices
from dolly_widget.sampling import DEFAULTS, PRESETS, SETTINGS, SHAPING, Setting, Texts
from dolly_widget.text import encodable
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits

# What shapes the answer comes first, then what ends it.
_ORDER = (*SHAPING, *(name for name in SETTINGS if name not in SHAPING))
_TEXTS_HELP = "One per line; \\n is a line break."


class SamplingPanel(widgets.VBox):
    """The controls of ``owner``'s sampling settings, those of ``names``, linked both ways. ``above`` come before.

    The seed is always among them.
    """

    def __init__(
        self, owner: SettingsTraits, names: Sequence[str] = tuple(SETTINGS), above: Sequence[widgets.Widget] = ()
    ) -> None:
        self._owner = owner
        shown = [name for name in _ORDER if name in names]
        self.sliders = {name: _slider(name) for name in shown if SETTINGS[name].slider}
        self.texts = {name: _TextsBox(owner, name) for name in shown if isinstance(SETTINGS[name], Texts)}
        for name, slider in self.sliders.items():
            self._widen(name, getattr(owner, name))
            owner.observe(self._on_owner, name)
            if name != "temperature":
                traitlets.link((owner, name), (slider, "value"))
        self.greedy = widgets.Checkbox(
            description="Greedy", indent=False, tooltip="Always the likeliest token; the same as temperature 0."
        )
        self.seed = widgets.Text(placeholder="fresh each time", description="Seed", continuous_update=False)
        self.seed_hint = _Hint()
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
        self.sliders["temperature"].observe(self._on_temperature_slider, "value")
        self.greedy.observe(self._on_greedy, "value")
        self.seed.observe(self._on_seed_text, "value")
        for name, button in self.presets.items():
            button.on_click(partial(self._on_preset, name))
        self.reset.on_click(self._on_reset)
        owner.observe(self._show_temperature, "temperature")
        owner.observe(self._show_seed, "seed")
        owner.observe(self._show_preset, list(SHAPING))
        self._show_temperature()
        self._show_seed()
        self._show_preset()

    def _arranged(self, above: Sequence[widgets.Widget]) -> list[widgets.Widget]:
        if self.presets:
            presets = widgets.HBox(list(self.presets.values()))
            presets.add_class("dw-presets")
            above = [*above, presets]
        rows = {name: _explained(slider, SETTINGS[name].help) for name, slider in self.sliders.items()}
        temperature = rows.pop("temperature")
        boxes = []
        for name, box in self.texts.items():
            boxes += [_explained(box, f"{SETTINGS[name].help} {_TEXTS_HELP}"), box.hint]
        return [*above, temperature, self.greedy, *rows.values(), *boxes, self.seed, self.seed_hint, self.reset]

    def _on_preset(self, name: str, button: widgets.Button) -> None:
        self._owner.apply_preset(name)

    def _on_reset(self, button: widgets.Button) -> None:
        for box in (self.seed, *self.texts.values()):
            box.value = ""  # what was refused is in the box only
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
        for name in self.sliders:
            if name in SHAPING and name != "repetition_penalty":  # greedy draws nothing: these have no effect
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
            self.seed_hint.show(
                "A seed is a whole number from 0 to 4294967295; leave it empty for a fresh one each time."
            )
        else:
            self.seed_hint.show("")


class _Hint(widgets.HTML):
    """What is wrong with what is in a box; hidden while nothing is."""

    def __init__(self) -> None:
        super().__init__(layout={"display": "none"})

    def show(self, text: str) -> None:
        """Say it; "" for nothing."""
        self.value = f'<span class="dw-hint" role="alert">{html.escape(text)}</span>' if text else ""
        self.layout.display = None if text else "none"


class _TextsBox(widgets.Textarea):
    """A box for a setting of texts, one a line. What the owner refuses stays in the box only, with a ``hint``."""

    def __init__(self, owner: SettingsTraits, name: str) -> None:
        self._owner, self._name, self._trait = owner, name, TRAITS[name]
        self.hint = _Hint()
        label = SETTINGS[name].label
        super().__init__(rows=1, description=label, placeholder="none", tooltip=label, continuous_update=False)
        self.observe(self._on_text, "value")
        owner.observe(self._show, self._trait)
        self._show()

    def _show(self, change: Any = None) -> None:
        texts = getattr(self._owner, self._trait)
        if texts != self._typed:
            escaped = (text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t") for text in texts)
            self.unobserve(self._on_text, "value")  # the owner has them, and perhaps what no page can show
            self.value = encodable("\n".join(escaped))
            self.observe(self._on_text, "value")
        self.hint.show("")
        self.rows = max(1, len(texts))

    @property
    def _typed(self) -> tuple[str, ...]:
        lines = [line for line in self.value.split("\n") if line]
        return tuple(SETTINGS[self._name].read(self._name, lines))

    def _on_text(self, change: Any) -> None:
        try:
            setattr(self._owner, self._trait, self._typed)
        except ValueError as exc:
            self.hint.show(str(exc))
        else:
            self.hint.show("")


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
