"""The kinds of models that there are. A new one is its own file, and one entry here."""

from __future__ import annotations

from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models.hub import client
from dolly_widget.models.kinds.bundled import Bundled
from dolly_widget.models.kinds.catalogued import Catalogued
from dolly_widget.models.kinds.directory import Directory
from dolly_widget.models.kinds.gguf_file import LocalGguf
from dolly_widget.models.kinds.hub_gguf import HubGguf
from dolly_widget.models.kinds.hub_repository import HubRepository
from dolly_widget.models.kinds.kind import Kind
from dolly_widget.text import without_password

KINDS: tuple[Kind, ...] = (Bundled(), LocalGguf(), Directory(), Catalogued(), HubRepository(), HubGguf())
"""In the order in which they are tried: what is on this machine comes before the hub."""


def kind_of(model: str | Path) -> Kind:
    """The kind of model that a name is. Raises ModelError where it is none."""
    name = str(model)
    if found := next((kind for kind in KINDS if kind.matches(name)), None):
        return found
    shown = without_password(name)
    path = Path(name).expanduser()
    repository, _, file = name.partition(":")
    if "/" in repository and "/" in file and client.is_model_id(repository):
        raise ModelError(
            f"{shown!r} is not in the first folder of a repository: download the file with all its parts, and give its "
            "path."
        )
    if path.suffix.lower() == ".gguf":
        raise ModelError(
            f"There is no file {Path(shown).expanduser()}: check its name, and the directory that it is in."
        )
    if name and path.is_file():
        raise ModelError(f"{path} is a file: give the directory of the model's files, {path.parent}.")
    raise ModelError(
        f"There is no model {shown!r}: give 'demo', 'smollm2', a directory, a GGUF file, or the id of a model on the "
        "Hugging Face hub, for example 'databricks/dolly-v2-3b'."
    )
