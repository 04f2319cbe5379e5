"""A model's name becomes a directory of OpenVINO files: bundled, given, stored, downloaded or converted."""

from __future__ import annotations

import threading
from pathlib import Path

from dolly_widget.models.conversion.process import convert
from dolly_widget.models.kinds import kind_of
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress, ignore_progress

__all__ = ["convert", "find", "resolve"]


def find(model: str | Path, weight_format: str | WeightFormat = "int8", revision: str | None = None) -> Path | None:
    """Return the directory of ``model`` if it can be run as it is: no network is used, nothing is converted.

    None where it would have to be downloaded or converted first, which ``resolve`` does. Raises ModelError for what
    can never be run: a path that is not there, a directory of something else, an incomplete model.
    """
    return kind_of(model).find(str(model), WeightFormat.of(weight_format), revision)


def resolve(
    model: str | Path,
    weight_format: str | WeightFormat = "int8",
    revision: str | None = None,
    *,
    install_exporter: bool = False,
    on_progress: OnProgress = ignore_progress,
    stop: threading.Event | None = None,
) -> Path:
    """Return a directory of OpenVINO files for ``model``; downloads and converts, in a child process, what is missing.

    ``model`` is "demo", another name of the catalogue, a directory of OpenVINO files or of a Hugging Face checkpoint,
    or a model id of the Hugging Face hub; ``install_exporter``: see ``convert``. Blocks; ``on_progress`` is called on
    this thread. Setting ``stop`` ends it at once, with ModelError.
    """
    found = find(model, weight_format, revision)
    return found or convert(
        model, weight_format, revision, install_exporter=install_exporter, on_progress=on_progress, stop=stop
    )
