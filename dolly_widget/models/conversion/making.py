"""The steps of making a model from a checkpoint: what it takes, whether it can be done, and doing it."""

from __future__ import annotations

import importlib.util
import pickle
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models import store
from dolly_widget.models.conversion import exporters, needs, worker, working_copy
from dolly_widget.models.conversion.checkpoints import Checkpoint
from dolly_widget.models.conversion.exporters import Exporter
from dolly_widget.models.conversion.fit import UnfitWeightsError
from dolly_widget.models.conversion.tokenizer_files import TokenizerError
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress, Progress

_PICKLE = "The weights are a pickle file, which can contain code: torch's weights-only loader reads it, and runs none."


def report_needs(needed: needs.Needs, is_pickled: bool, on_progress: OnProgress) -> None:
    """Report what the work needs and what is free. Raises ModelError if that is not enough."""
    directory = store.cache_dir()
    sentence = needs.check(needed, needs.free_for(directory), directory)
    on_progress(Progress("plan", message=f"{sentence} {_PICKLE}" if is_pickled else sentence))


def require_support(
    source: str, config: Mapping[str, Any], install_exporter: bool, on_progress: OnProgress
) -> Exporter | None:
    """Return the installed exporter for a model of this type; None where the environment's transformers exports it.

    Raises ModelError where the extra or the exporter is missing, or nothing can convert models of this type.
    """
    if importlib.util.find_spec("optimum") is None or importlib.util.find_spec("torch") is None:
        raise ModelError(
            "Converting a PyTorch checkpoint needs more packages: run "
            '`python -m pip install "dolly-widget[optimum]"`, or choose a model that is already in OpenVINO format.'
        )
    exporter = exporters.choose(source, config)
    if exporter is not None:
        exporters.require(exporter, source, str(config.get("model_type")), install_exporter, on_progress)
    return exporter


def convert_checkpoint(
    source: str,
    checkpoint: Checkpoint,
    staging: Path,
    weight_format: WeightFormat,
    exporter: Exporter | None,
    on_progress: OnProgress,
) -> dict[str, str]:
    """Put the checkpoint of ``source``, an id or a path, as OpenVINO files into ``staging``.

    Returns the versions of what is not the environment's. Raises ModelError, OSError where the disk is full.
    """
    from dolly_widget.models.conversion.export import export

    subject = f"{source} (type {checkpoint.config['model_type']!r})"
    other = None if exporter is None else partial(_export_by, exporter, subject)
    with faults_described(subject, staging):
        copy = working_copy.make(source, checkpoint, staging / "checkpoint", exporter, on_progress)
        _check_config(copy)
        export(copy, staging, weight_format, on_progress, uncompressed=other)
        shutil.rmtree(copy)
    return {} if exporter is None else {"transformers": exporter.version}


def _export_by(
    exporter: Exporter, subject: str, checkpoint: Path, target: Path, dtype: str, on_progress: OnProgress
) -> None:
    """Load and export with another transformers, in a process of its own."""
    request = {
        "checkpoint": str(checkpoint),
        "target": str(target),
        "dtype": dtype,
        "version": exporter.version,
        "subject": subject,
    }
    worker.run(
        "dolly_widget.models.conversion.exporting",
        request,
        on_progress,
        environment=exporter.environment,
        leads_group=False,
    )


def _check_config(checkpoint: Path) -> None:
    """Have transformers read the settings, whose error would otherwise be one of the tokenizer."""
    from transformers import AutoConfig

    AutoConfig.from_pretrained(checkpoint, local_files_only=True)


@contextmanager
def faults_described(subject: str, staging: Path) -> Iterator[None]:
    """Raise an error of an export as a ModelError, one sentence about ``subject``; OSError where the disk is full."""
    try:
        yield
    except ModelError:
        raise
    except pickle.UnpicklingError as exc:
        raise ModelError(
            f"{subject} cannot be converted: its pickle file contains more than weights, or is damaged; it was neither "
            "run nor converted: use a checkpoint in safetensors format."
        ) from exc
    except Exception as exc:
        if needs.is_out_of_disk(exc) or needs.free_for(staging).disk < 1e6:
            raise OSError(28, "No space left on device") from exc
        raise ModelError(f"{subject} cannot be converted: {_reason(exc)}.") from exc


def _reason(exc: Exception) -> str:
    if isinstance(exc, UnfitWeightsError | TokenizerError):
        return str(exc)
    if "ignore_mismatched_sizes" in str(exc):  # transformers points to a report that it printed
        return "its weights do not have the shapes that its config.json gives; download it again"
    if type(exc).__name__.startswith("StrictDataclass"):  # "Validation error for field 'x':\n TypeError: Field 'x' …"
        return f"its config.json is not valid: {_line(exc, 1).removeprefix('TypeError: ')}"
    return _line(exc, 0)


def _line(exc: Exception, index: int) -> str:
    """A line of an error, without the place in the library's source that OpenVINO gives."""
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    line = lines[min(index, len(lines) - 1)] if lines else type(exc).__name__
    return re.sub(r" at \S+\.[ch](?:pp)?:\S*", "", line)[:300].rstrip(" .:!")
