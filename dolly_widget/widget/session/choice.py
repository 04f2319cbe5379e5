"""A model as a user asks for it, and what makes its engine again. Values; loads nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dolly_widget import models
from dolly_widget.engines import Engine
from dolly_widget.history import Setup, is_plain_template
from dolly_widget.models import PUBLISHED, ModelInfo, WeightFormat
from dolly_widget.runtime import check_device
from dolly_widget.text import PromptTemplate


@dataclass(frozen=True)
class ModelChoice:
    """A model as a user asks for it, and where it shall run."""

    model: str | Path
    weight_format: WeightFormat
    revision: str | None
    device: str
    template: PromptTemplate | None
    """Replaces the model's own; None: the model's own."""
    prompt_lookup: bool = False
    draft: str | Path | None = None
    """A smaller model that writes ahead."""

    @property
    def name(self) -> str:
        """What to call it before its files say it."""
        path = Path(self.model).expanduser()
        return path.resolve().name if self.model != "demo" and path.is_dir() else str(self.model)

    def find(self) -> Path | None:
        """The directory to run, None where it has to be made. Raises ModelError for what is known to be in vain."""
        if self.draft is not None:
            models.find(self.draft, self.weight_format)
        return models.find(self.model, self.weight_format, self.revision)

    def is_same_model(self, other: ModelChoice) -> bool:
        """Whether both need the same files."""
        return replace(self, device=other.device, template=other.template) == other

    def other_model(
        self, model: str | Path, weight_format: str | WeightFormat | None, revision: str | None
    ) -> ModelChoice:
        """Another model on the same device. A template and a draft stay with their model; a weight format goes on.

        Raises ValueError for an unknown weight format or an empty name.
        """
        if not str(model).strip():
            raise ValueError("Name a model first: an id of the Hugging Face hub, or a directory.")
        new_format = self.weight_format if weight_format is None else WeightFormat.of(weight_format)
        is_same = str(model) == str(self.model)
        template, draft = (self.template, self.draft) if is_same else (None, None)
        return ModelChoice(model, new_format, revision, self.device, template, self.prompt_lookup, draft)


def first_choice(
    model: str | Path | Engine,
    device: str,
    weight_format: WeightFormat,
    revision: str | None,
    template: PromptTemplate | None,
    *,
    prompt_lookup: bool = False,
    draft: str | Path | None = None,
) -> tuple[ModelChoice, Engine | None]:
    """What to load, or to call the engine that was given. Raises what can be told at once."""
    if isinstance(model, str | Path):
        choice = ModelChoice(model, weight_format, revision, check_device(device), template, prompt_lookup, draft)
        choice.find()
        return choice, None
    if template is not None:
        raise ValueError("A loaded engine has its template already: give it to load_engine(…, template=…).")
    if prompt_lookup or draft is not None:
        raise ValueError("A loaded engine guesses ahead or does not: load_engine(…) takes prompt_lookup and draft.")
    return ModelChoice(model.model_dir, weight_format, revision, model.device, None), model


def setup_of(choice: ModelChoice, engine: Engine, engine_name: str, ov_config: Mapping[str, Any]) -> Setup | None:
    """What makes ``engine`` again, loaded for ``choice``; None where its template or properties cannot be told."""
    properties = tuple((str(name), _plain(value)) for name, value in ov_config.items())
    has_other = any(value is _NOT_PLAIN for _, value in properties)
    if has_other or (choice.template is not None and not is_plain_template(choice.template)):
        return None
    path = Path(choice.model).expanduser()
    # A directory that is run as it is may be one of the store's: that it was converted is no matter then.
    is_as_it_is = path.is_dir() and path.resolve() == engine.model_dir.resolve()
    manifest = {} if is_as_it_is else ModelInfo(engine.model_dir).manifest
    is_of_hub = bool(manifest) and not Path(str(manifest["model_id"])).is_absolute()
    weight_format = str(manifest.get("weight_format", ""))
    return Setup(
        model=os.fspath(choice.model),
        revision=str(manifest["commit"]) if is_of_hub else choice.revision,
        weight_format="" if weight_format == PUBLISHED else weight_format,
        device=choice.device,
        engine=engine_name,
        template=choice.template,
        ov_config=properties,
        prompt_lookup=choice.prompt_lookup,
        draft="" if choice.draft is None else os.fspath(choice.draft),
        template_name=str(engine.template.name),
    )


def _plain(value: Any) -> Any:
    """A property's value as text or number, which OpenVINO takes for its own constants too: "LATENCY"."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    for name in ("get_type_name", "to_integer"):  # OpenVINO's Type and streams.Num
        if hasattr(value, name):
            return getattr(value, name)()
    return str(value.name) if hasattr(value, "name") else _NOT_PLAIN


_NOT_PLAIN = object()
