"""Boxes for what is typed: a seed, texts, a number beyond its slider. What is refused stays in the box, with a hint."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets
import traitlets

from dolly_widget.sampling import SETTINGS, Number
from dolly_widget.text import encodable
from dolly_widget.widget.settings.traits import TRAITS, SettingsTraits

_SHOWN_CHARS = 40
_NO_SEED = "The seed {!r} is not a whole number from {}: correct it, or leave the box empty for a fresh one each time."


def _number(name: str) -> Number:
    setting = SETTINGS[name]
    assert isinstance(setting, Number)
    return setting


class Hint(widgets.HTML):
    """What is wrong with what is in a ``box``, which is marked; hidden while nothing is."""

    def __init__(self, box: widgets.Widget) -> None:
        self._box = box
        self.text = ""
        super().__init__(layout={"display": "none"})

    def show(self, text: str) -> None:
        """Say it; "" for nothing."""
        self.text = text
        self.value = f'<span class="dw-hint" role="alert">{html.escape(encodable(text))}</span>' if text else ""
        self.layout.display = None if text else "none"
        (self._box.add_class if text else self._box.remove_class)("dw-is-invalid")  # access.js tells the page


class SeedBox(widgets.Text):
    """The seed of ``owner``; at rest while decoding is greedy, which draws nothing."""

    def __init__(self, owner: SettingsTraits) -> None:
        self._owner = owner
        super().__init__(description=SETTINGS["seed"].label, continuous_update=False)
        self.hint = Hint(self)
        self.observe(self._on_text, "value")
        owner.observe(self._show, ["seed", "temperature"])
        self._show()

    def empty(self) -> None:
        """Forget what is in the box only: it was refused."""
        self.hint.show("")
        self._put("" if self.disabled or self._owner.seed is None else str(self._owner.seed))

    def _show(self, change: Any = None) -> None:
        self.disabled = self._owner.temperature == 0
        self.placeholder = "greedy: nothing is drawn" if self.disabled else "fresh each time"
        if change is None or change["name"] == "seed" or self.disabled or not self.hint.text:
            self.empty()

    def _put(self, text: str) -> None:
        self.unobserve(self._on_text, "value")
        self.value = text
        self.observe(self._on_text, "value")

    def _on_text(self, change: Any) -> None:
        text = change["new"].strip()
        try:
            self._owner.seed = int(text) if text else None
        except ValueError:
            shown = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
            self.hint.show(_NO_SEED.format(shown, _number("seed").range))
        else:
            self.hint.show("")


class TextsBox(widgets.Textarea):
    """A box for a setting of texts, one a line. What the owner refuses stays in the box only, with a ``hint``."""

    def __init__(self, owner: SettingsTraits, name: str) -> None:
        self._owner, self._name, self._trait = owner, name, TRAITS[name]
        label = SETTINGS[name].label
        super().__init__(rows=1, description=label, placeholder="none", tooltip=label, continuous_update=False)
        self.hint = Hint(self)
        self.observe(self._on_text, "value")
        owner.observe(self._show, self._trait)
        self._show()

    def empty(self) -> None:
        """Forget what is in the box."""
        self.value = ""

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


def number_box(owner: SettingsTraits, name: str) -> widgets.Widget:
    """A box for the whole range of a number whose slider has less."""
    setting = _number(name)
    kind = widgets.BoundedIntText if setting.is_whole else widgets.BoundedFloatText
    low, high = setting.range[:2]
    box = kind(value=getattr(owner, name), min=low, max=high, step=setting.step, tooltip=setting.label)
    box.add_class("dw-number")
    traitlets.link((owner, name), (box, "value"))
    return box
