"""GGUF files of the families that OpenVINO GenAI does not read: by way of a checkpoint, with PyTorch and Optimum Intel.

It takes memory, and so runs in a child process.
"""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import checkpoints, making, needs
from dolly_widget.models.gguf import families
from dolly_widget.models.gguf.checkpoint import to_checkpoint
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress


def convert(
    file: GgufFile, staging: Path, weight_format: WeightFormat, on_progress: OnProgress, *, install_exporter: bool
) -> dict[str, str]:
    """Write the OpenVINO model of a GGUF file into the empty directory ``staging``; as ``conversion.convert`` does.

    Takes the disk space of the weights in 16 bits beside that of the export. ``install_exporter``: see ``Source``.
    """
    config, source = families.config_of(file), str(file.path)
    require_packages(source, file.architecture)
    exporter = making.require_support(source, config, install_exporter, on_progress)
    making.report_needs(_needs(file, weight_format), False, on_progress)
    place = staging / "from-gguf"
    with making.faults_described(f"{source} (family {file.architecture!r})", staging):
        to_checkpoint(file.path, place, on_progress)
    checkpoint = checkpoints.inspect(place)
    others = making.convert_checkpoint(source, checkpoint, staging, weight_format, exporter, on_progress)
    shutil.rmtree(place)
    return {**others, "gguf": version("gguf")}


def _needs(file: GgufFile, weight_format: WeightFormat) -> needs.Needs:
    """Those of a conversion, and the disk space of the checkpoint."""
    checkpoint_bytes = 2 * file.parameters
    found = needs.of_conversion(checkpoint_bytes, 16, weight_format)
    return replace(found, disk=found.disk + checkpoint_bytes)


def require_packages(source: str, architecture: str) -> None:
    """Raise ModelError where ``source`` is of a family that is converted here, and the packages for it are missing."""
    is_missing = importlib.util.find_spec("optimum") is None or importlib.util.find_spec("torch") is None
    if architecture in families.FAMILIES and is_missing:
        raise ModelError(
            f"{source} is of the family {architecture!r}, whose GGUF files are converted with PyTorch: run "
            f'`python -m pip install "dolly-widget[optimum]"`, or give a file of {", ".join(families.WITHOUT_TORCH)}.'
        )
