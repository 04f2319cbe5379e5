"""The box that a new model is chosen in. Knows the names of models, and nothing of loading them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from dolly_widget.engines import ServerName, is_server
from dolly_widget.errors import EXPECTED_ERRORS, ModelChoiceError, ModelError
from dolly_widget.models import CATALOGUE, KNOWN_MODELS, WeightFormat, kept_files, store, weight_format
from dolly_widget.text import visible_name, without_password
from dolly_widget.widget.model.catalogue_offers import catalogue
from dolly_widget.widget.model.file_choice import FileChoice
from dolly_widget.widget.model.one_click import OneClick
from dolly_widget.widget.model.stored_models import StoredModels
from dolly_widget.widget.page import messages
from dolly_widget.widget.page.fold import Fold

_FORMATS = [(name.upper(), name) for name in weight_format.NAMES]
_CONVERTED_ONCE = "A model that is not in OpenVINO format yet is downloaded and converted once, then kept."


class ModelChooser(Fold):
    """Folded away to one line. ``on_load`` gets a name and a weight format; what it raises is a hint below the box.

    ``uses`` tells for what each directory of a model is in use: see ``ModelLoader.uses``.
    """

    def __init__(
        self, on_load: Callable[[str, str | WeightFormat], Any], uses: Callable[[], Mapping[Path, str]]
    ) -> None:
        self._on_load = on_load
        self._is_resting = False
        self._kept: dict[str, str] = {}
        self.offered_by_server: tuple[str, ...] = ()
        """Names of the models of the server that answers."""
        self.name = widgets.Combobox(
            placeholder="A model id of the Hugging Face hub, a directory, or a server's URL", tooltip="Model"
        )
        self.weight_format = widgets.Dropdown(options=_FORMATS, value="int8", tooltip="Weights of a converted model")
        self.load = widgets.Button(description="Load", icon="download")
        self.hint = widgets.HTML(layout={"display": "none"})
        self.files = FileChoice(self._load_file)
        self.catalogue = OneClick(self._choose, len(CATALOGUE))
        self.stored = StoredModels(self._choose, uses, on_deleted=self.refresh)
        note = widgets.HTML(messages.note_html(_CONVERTED_ONCE))
        row = widgets.Box([self.name, self.weight_format, self.load])
        row.add_class("dw-chooser")
        super().__init__("Change model", row, self.hint, self.files, self.catalogue, note, self.stored)
        self._chosen = ""
        self.observe(self._on_fold, "is_open")
        self.weight_format.observe(self._on_format, "value")
        self.name.on_msg(self._on_message)
        self.load.on_click(lambda _: self._submit())

    def refresh(self) -> None:
        """Look up which models are stored here, and which files other programs keep, and offer them."""
        try:
            entries = store.entries()
        except ModelError as exc:  # a cache that cannot be read
            self.show_hint(str(exc))
            return
        self.catalogue.show(messages.note_html("To be had with one click:"), catalogue(self.weight_format.value))
        # What is not shown as it is cannot be chosen by what is shown.
        ids = [entry.model_id for entry in entries if visible_name(entry.model_id) == entry.model_id]
        self._kept = {file.name: str(file.path) for file in kept_files() if visible_name(file.name) == file.name}
        offered = dict.fromkeys([*self.offered_by_server, *KNOWN_MODELS, *ids, *self._kept])
        self.name.options = tuple(name for name in offered if name not in self._kept.values())
        self.stored.show(entries, self._kept)

    def look_again(self) -> None:
        """Look up once more what is here, if that is shown: another model runs, or is loading."""
        if self.is_open:
            self.refresh()

    def rest(self, is_resting: bool) -> None:
        """Whether no model can be loaded now: an answer is being written. Folded away, it follows when it is opened."""
        self._is_resting = is_resting
        if self.is_open:
            self._follow_rest()

    def _follow_rest(self) -> None:
        for control in (self.load, self.catalogue, self.stored):
            control.disabled = self._is_resting

    def show_hint(self, text: str) -> None:
        """Say what to do about the name below the box; "" takes it away."""
        self.hint.value = messages.hint_html(text) if text else ""
        self.hint.layout.display = None if text else "none"

    def offer(self, choice: ModelChoiceError) -> None:
        """Offer the files that a name stands for, one of which has to be chosen."""
        self.is_open = True
        self.show_hint(self.files.offer(choice))

    def _load_file(self, name: str) -> None:
        self.name.value = name
        self._submit()

    def loaded(self, model: str) -> None:
        """Fold away, where it is the model in the box that was loaded, or what was clicked."""
        if model in (self._named(), self._chosen):
            self.name.value = self._chosen = ""
            self.is_open = False

    def _on_fold(self, change: Any) -> None:
        if change["new"]:
            self._follow_rest()
            self.refresh()
        else:
            self.show_hint("")
            self.files.clear()
            self.stored.forget()

    def _on_format(self, _: Any) -> None:
        if self.is_open:
            self.refresh()

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if content.get("event") == "submit":  # Enter, as in any other box of one line
            self._submit()

    def _choose(self, model: str, weight_format: WeightFormat | None = None) -> None:
        self._chosen = model
        self._load(model, weight_format)

    def _named(self) -> str:
        """The model in the box; of another program's file, which is offered by its name there, the path."""
        name = self.name.value.strip()
        return self._kept.get(name, name)

    def _submit(self) -> None:
        try:
            self._hide_password()
        except ValueError as exc:
            self.show_hint(str(exc))
        else:
            self._load(self._named())

    def _hide_password(self) -> None:
        """A password of an address does not stay in the box: notebooks keep what is in one."""
        if not is_server(name := self.name.value):
            return
        try:
            self.name.value = str(ServerName.parse(name))
        except ValueError as exc:
            self.name.value = without_password(name)
            raise exc

    def _load(self, model: str, weight_format: WeightFormat | None = None) -> None:
        self.show_hint("")
        self.files.clear()
        try:
            self._on_load(model, weight_format or self.weight_format.value)
        except (*EXPECTED_ERRORS, RuntimeError) as exc:
            self.show_hint(str(exc))
