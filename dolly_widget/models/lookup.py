"""A model's name becomes a directory of OpenVINO files: bundled, given, stored, downloaded or converted."""

from __future__ import annotations

import threading
from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.conversion import checkpoints
from dolly_widget.models.conversion.process import convert
from dolly_widget.models.demo import OPENVINO_DIR as DEMO_DIR
from dolly_widget.models.hub import client
from dolly_widget.models.info import check_files, is_openvino
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress, silent

__all__ = ["KNOWN_MODELS", "convert", "find", "resolve"]

# Offered by name; any other id or directory can be given.
KNOWN_MODELS = (
    "demo",
    "databricks/dolly-v2-3b",
    "databricks/dolly-v2-7b",
    "databricks/dolly-v2-12b",
    "OpenVINO/dolly-v2-3b-int8-ov",
    "OpenVINO/dolly-v2-3b-int4-ov",
)


def find(model: str | Path, weight_format: str | WeightFormat = "int8", revision: str | None = None) -> Path | None:
    """Return the directory of ``model`` if it can be run as it is: no network is used, nothing is converted.

    None where it would have to be downloaded or converted first, which ``resolve`` does. Raises ModelError where that
    is already known to be in vain: a path that is not there, a directory of something else, an incomplete model.
    """
    weight_format = WeightFormat.of(weight_format)
    if model == "demo":
        return check_files(DEMO_DIR)
    path = Path(model).expanduser()
    if str(model) and path.is_dir():
        return _find_directory(path, weight_format)
    if path.is_file():
        raise ModelError(f"{path} is a file: give the directory that the model's files are in, {path.parent}.")
    if not client.is_model_id(str(model)):
        raise ModelError(
            f"There is no model {str(model)!r}: give 'demo', a directory, or the id of a model on the Hugging Face "
            "hub, for example 'databricks/dolly-v2-3b'."
        )
    entry = store.newest(str(model), str(weight_format), revision or "main")
    return entry.path if entry else None


def _find_directory(directory: Path, weight_format: WeightFormat) -> Path | None:
    if is_openvino(directory):
        return check_files(directory)
    checkpoint = checkpoints.inspect(directory)
    entry = store.get(store.Key(str(directory.resolve()), checkpoint.fingerprint, str(weight_format)))
    return entry.path if entry else None


def resolve(
    model: str | Path,
    weight_format: str | WeightFormat = "int8",
    revision: str | None = None,
    *,
    on_progress: OnProgress = silent,
    stop: threading.Event | None = None,
) -> Path:
    """Return a directory of OpenVINO files for ``model``; downloads and converts, in a child process, what is missing.

    ``model`` is "demo", a directory of OpenVINO files or of a Hugging Face checkpoint, or a model id of the Hugging
    Face hub. Blocks; ``on_progress`` is called on this thread. Setting ``stop`` ends it at once, with ModelError.
    """
    found = find(model, weight_format, revision)
    return found or convert(model, weight_format, revision, on_progress=on_progress, stop=stop)
