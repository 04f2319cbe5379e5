"""Which model a widget runs: what it begins with, what takes its place, and what is kept of it in a history.

Values: nothing is loaded here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dolly_widget.engines import Engine, EngineSetup, is_server, local_model, setup_from
from dolly_widget.history import is_plain_template
from dolly_widget.models import PUBLISHED, Model, WeightFormat
from dolly_widget.sampling import DEFAULTS, SamplingParams


def first_choice(
    source: str | Path | Sequence[str] | EngineSetup | Engine | None, options: Mapping[str, Any]
) -> tuple[EngineSetup, Engine | None]:
    """What to load, and the engine that was given, if one was. Raises what can be told before anything is loaded."""
    model: Any = source
    if source is None and isinstance(options.get("model"), Engine):
        model, options = options["model"], {name: value for name, value in options.items() if name != "model"}
    if not isinstance(model, Engine):
        setup = setup_from(model, options).checked()
        setup.find()
        return setup, None
    if options:
        raise ValueError(f"A loaded engine takes no options: pass {', '.join(options)} to load_engine(…) instead.")
    files = local_model(model)
    name = type(model).__name__ if files is None else os.fspath(files.directory)
    return EngineSetup(name, device=model.device), model


def other_model(
    setup: EngineSetup, model: str | Path, weight_format: str | WeightFormat | None, revision: str | None
) -> EngineSetup:
    """Another model on the same device. A template and a draft stay with their model; a weight format goes on.

    A server has chosen all but its model.

    Raises ValueError for an unknown weight format or an empty name.
    """
    if is_server(str(model)):
        return EngineSetup(str(model))
    is_same = str(model) == setup.model
    return replace(
        setup,
        model=str(model),
        revision=revision,
        weight_format=setup.weight_format if weight_format is None else WeightFormat.of(weight_format),
        template=setup.template if is_same else None,
        draft=setup.draft if is_same else None,
    )


def sampling_of(model: Model | None) -> SamplingParams:
    """The sampling settings that a model begins with; the project's defaults where it has no files here."""
    return DEFAULTS if model is None else model.sampling


def record_of(setup: EngineSetup, engine: Engine) -> EngineSetup | None:
    """The setup that makes ``engine`` again, which was made from ``setup``; None if there is no such setup.

    A model of a server is named by the server's own name of it.
    """
    if setup.server is None:
        model = local_model(engine)
        return None if model is None else make_reproducible(setup, model)
    setup = getattr(engine, "setup", setup)
    return setup if setup.template is None or is_plain_template(setup.template) else None


def make_reproducible(setup: EngineSetup, model: Model) -> EngineSetup | None:
    """The setup that makes the same engine again, from plain values; None if there is no such setup.

    A model of the hub is named by its id, with the commit that was used.
    """
    properties = tuple((name, _plain(value)) for name, value in setup.ov_config)
    has_other = any(value is _NOT_PLAIN for _, value in properties)
    if has_other or (setup.template is not None and not is_plain_template(setup.template)):
        return None
    path = Path(setup.model).expanduser()
    # A directory that is run as it is may be one of the store's: how it was converted does not matter then.
    is_as_it_is = path.is_dir() and path.resolve() == model.directory.resolve()
    entry = None if is_as_it_is else model.info.entry
    is_of_hub = entry is not None and not Path(entry.model_id).is_absolute()
    weight_format = PUBLISHED if entry is None else entry.weight_format
    return replace(
        setup,
        model=entry.model_id if entry and is_of_hub else setup.model,
        revision=entry.commit if entry and is_of_hub else setup.revision,
        weight_format=WeightFormat() if weight_format == PUBLISHED else WeightFormat.of(weight_format),
        ov_config=properties,
    )


def _plain(value: Any) -> Any:
    """A property's value as text or number, which OpenVINO takes for its own constants too: "LATENCY"."""
    if value is None or isinstance(value, str | int | float):
        return value
    for name in ("get_type_name", "to_integer"):  # OpenVINO's Type and streams.Num
        if hasattr(value, name):
            return getattr(value, name)()
    return str(value.name) if hasattr(value, "name") else _NOT_PLAIN


_NOT_PLAIN = object()
