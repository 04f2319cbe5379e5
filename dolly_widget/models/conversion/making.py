"""The steps of making a model from a checkpoint: what it takes, whether it can be done, and doing it."""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.conversion import needs
from dolly_widget.models.conversion.checkpoints import Checkpoint
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress, Progress

_PICKLE = "The weights are a pickle file, which can contain code: torch's weights-only loader reads it, and runs none."


def report_needs(needed: needs.Needs, is_pickled: bool, on_progress: OnProgress) -> None:
    """Report what the work needs and what is free. Raises ModelError if that is not enough."""
    directory = store.cache_dir()
    sentence = needs.check(needed, needs.free_for(directory), directory)
    on_progress(Progress("plan", message=f"{sentence} {_PICKLE}" if is_pickled else sentence))


def require_support(source: str, config: Mapping[str, Any]) -> None:
    """Raise ModelError where the extra is missing, or cannot convert models of this type."""
    if importlib.util.find_spec("optimum") is None or importlib.util.find_spec("torch") is None:
        raise ModelError(
            "Converting a PyTorch checkpoint needs more packages: run "
            '`python -m pip install "dolly-widget[optimum]"`, or choose a model that is already in OpenVINO format.'
        )
    from importlib.metadata import version

    from dolly_widget.models.conversion.export import is_supported

    model_type = str(config.get("model_type"))
    if not is_supported(model_type):
        if "auto_map" in config:
            raise ModelError(
                f"{source} needs custom code for its type, {model_type!r}, which is never run here; choose "
                "a model of a type that transformers supports."
            )
        raise ModelError(
            f"{source} has the type {model_type!r}, which Optimum Intel {version('optimum-intel')} cannot convert; "
            "choose a model of another type."
        )


def convert_checkpoint(
    checkpoint: Checkpoint, staging: Path, weight_format: WeightFormat, on_progress: OnProgress
) -> None:
    """Put the checkpoint as OpenVINO files into ``staging``. Raises ModelError, OSError where the disk is full."""
    from dolly_widget.models.conversion.export import export

    try:
        export(checkpoint.directory, staging, weight_format, on_progress)
    except pickle.UnpicklingError as exc:
        raise ModelError(
            f"The pickle file in {checkpoint.directory} contains more than weights, or is damaged; it was neither run "
            "nor converted: use a checkpoint in safetensors format."
        ) from exc
    except Exception as exc:
        if needs.is_out_of_disk(exc) or needs.free_for(staging).disk < 1e6:
            raise OSError(28, "No space left on device") from exc
        raise ModelError(
            f"{checkpoint.directory.name} (type {checkpoint.config.get('model_type')!r}) cannot be converted: "
            f"{_reason(exc)}."
        ) from exc


def _reason(exc: Exception) -> str:
    if "ignore_mismatched_sizes" in str(exc):  # transformers points to a report that it printed
        return "its weights do not have the shapes that its config.json gives; download it again"
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return (lines[0] if lines else type(exc).__name__)[:300].rstrip(" .!")
