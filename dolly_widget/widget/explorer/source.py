"""What an explorer reads: an engine, or the files of a model alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolly_widget import lens
from dolly_widget.engines import Engine, EngineSetup, setup_from, start_engine
from dolly_widget.errors import ModelError


def source(model: str | Path | EngineSetup | Engine, options: Mapping[str, Any]) -> Any:
    """What the lens reads. Raises ModelError for what would have to be downloaded or converted first.

    Raises ValueError for an engine that has no files on this machine, or whose server gives no probabilities;
    EngineError for a server that cannot be reached.
    """
    if not isinstance(model, str | Path | EngineSetup):
        lens.extra_bytes(model)  # type: ignore[arg-type]  # refuses an engine without files
        return model
    setup = setup_from(model, dict(options)).checked()
    if setup.server is not None:
        engine = start_engine(setup, setup.prepare())
        lens.extra_bytes(engine)  # refuses a server that gives no probabilities
        return engine
    if setup.find() is None:
        raise ModelError(
            f"{setup.model} is not on this machine in OpenVINO format yet: prepare it first with "
            f"dolly_widget.resolve({setup.model!r}, {str(setup.weight_format)!r})."
        )
    return lens.LocalModel(setup)
