"""A user's own presets in the settings panel: choose, save under a name, delete. Knows no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from dolly_widget.widget.page.fold import Fold
from dolly_widget.widget.settings import own_presets
from dolly_widget.widget.settings.boxes import Hint
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits

_NONE = "choose one"


class PresetsPanel(Fold):
    """The presets of ``owner``'s user, folded away. Read when it is made, and each time that it is opened."""

    def __init__(self, owner: SettingsTraits) -> None:
        self._owner = owner
        self._presets: dict[str, own_presets.Values] = {}
        self.chosen = widgets.Dropdown(options=[(_NONE, "")], description="Use", tooltip="My presets")
        self.name = widgets.Text(
            placeholder="a name for these settings", description="Name", tooltip="Name of the preset"
        )
        self.save = widgets.Button(description="Save", icon="save", tooltip="Keep these settings under this name.")
        self.delete = widgets.Button(description="Delete", icon="trash", tooltip="Forget the preset of this name.")
        self.hint = Hint(self.name)
        buttons = widgets.HBox([self.save, self.delete])
        buttons.add_class("dw-preset-buttons")
        super().__init__("My presets", self.chosen, self.name, buttons, self.hint)
        self.add_class("dw-own-presets")
        for control in (self.chosen, self.name):
            control.style.description_width = "48px"
            control.layout.width = "auto"
        self.chosen.observe(self._on_chosen, "value")
        self.name.observe(self._show_buttons, "value")
        self.save.on_click(lambda _: self._attempt(self._save))
        self.delete.on_click(lambda _: self._attempt(self._delete))
        self.observe(lambda change: self._attempt(self._read), "is_open")
        owner.observe(self._show_chosen, [TRAITS[name] for name in own_presets.SAVED])
        self._attempt(self._read)

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            act()
        except ValueError as exc:
            self.hint.show(str(exc))
        else:
            self.hint.show("")

    def _read(self) -> None:
        self._presets = {}
        try:
            self._presets = own_presets.read()
        finally:
            self._show()

    def _save(self) -> None:
        self.name.value = own_presets.save(self.name.value, self._owner.params)
        self._read()

    def _delete(self) -> None:
        own_presets.delete(self.name.value)
        self.name.value = ""
        self._read()

    def _on_chosen(self, change: Any) -> None:
        if change["new"]:
            self.name.value = change["new"]
            self._attempt(lambda: self._owner.apply_preset(change["new"]))
            self._show_chosen()

    def _show(self) -> None:
        count = len(self._presets)
        self.title = f"My presets · {count}" if count else "My presets"
        self._quietly("options", [(_NONE, ""), *((name, name) for name in self._presets)])
        self.chosen.layout.display = None if count else "none"
        self._show_chosen()
        self._show_buttons()

    def _show_chosen(self, change: Any = None) -> None:
        """Choose the preset that the settings are; none where they are no preset's."""
        on = (name for name, values in self._presets.items() if self._is_on(values))
        self._quietly("value", next(on, ""))

    def _is_on(self, values: own_presets.Values) -> bool:
        return all(getattr(self._owner, TRAITS[key]) == value for key, value in values.items())

    def _quietly(self, trait: str, value: Any) -> None:
        self.chosen.unobserve(self._on_chosen, "value")
        setattr(self.chosen, trait, value)
        self.chosen.observe(self._on_chosen, "value")

    def _show_buttons(self, change: Any = None) -> None:
        self.save.disabled = not self.name.value.strip()
        self.delete.disabled = self.name.value not in self._presets
