"""A GGUF file becomes the OpenVINO files of a model. It takes memory, and so runs in a child process.

Without torch and without transformers, for most. Knows nothing of the hub, the store or other processes.
"""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dolly_widget.errors import ModelError
from dolly_widget.models.conversion import compression
from dolly_widget.models.conversion.making import faults_described
from dolly_widget.models.gguf import by_checkpoint, families, graph, rotary, settings, weights
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.structure import FAMILIES, Structure
from dolly_widget.models.gguf.tokenizer import write_tokenizer
from dolly_widget.models.token_texts import write_token_texts
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import OnProgress, Progress

if TYPE_CHECKING:
    import openvino as ov

_MATRIX_TYPES = {"fp16": weights.F16, "int8": weights.Q8_0, "int4": weights.Q4_1}


def convert(
    path: Path,
    staging: Path,
    weight_format: WeightFormat,
    on_progress: OnProgress,
    *,
    install_exporter: bool = False,
) -> dict[str, str]:
    """Write the OpenVINO model of a GGUF file, or of a split one, into the empty directory ``staging``.

    "int4" has a scale for each 32 weights (``four_bits``), and what the file has in four bits stays as it is. With
    other settings than the usual ones, NNCF compresses.
    ``on_progress`` gets the stages load, export, compress and write. Takes, beside the result, the disk space of the
    weights once more. Returns package -> version of the tools that only this needs. Raises ModelError, one sentence;
    OSError where the disk is full.

    Families that OpenVINO GenAI does not read go another way, for which ``install_exporter`` is: see ``by_checkpoint``.
    """
    file = GgufFile.open(path)
    if file.architecture not in FAMILIES or families.has_experts(file):
        return by_checkpoint.convert(file, staging, weight_format, on_progress, install_exporter=install_exporter)
    structure = Structure.of(file)
    is_by_nncf = weight_format.name == "int4" and weight_format != WeightFormat("int4")
    if is_by_nncf and find_spec("nncf") is None:
        raise ModelError(
            f"A GGUF file becomes {weight_format} with a further package: run "
            '`python -m pip install "dolly-widget[optimum]"`, or take int4 without settings.'
        )
    with faults_described(f"{file.path} (family {structure.family!r})", staging):
        _write_settings(file, structure, staging)  # what fails here, fails before the work of minutes
        place = staging / "weights"
        place.mkdir()
        matrix_type = weights.F16 if is_by_nncf else _MATRIX_TYPES[weight_format.name]
        model = _model(file, structure, matrix_type, place, on_progress)
        if is_by_nncf:
            model = _compressed(model, weight_format, place, on_progress)
        on_progress(Progress("write"))
        _save(model, staging)
        del model
        shutil.rmtree(place)
        write_token_texts(staging)
    return {"gguf": version("gguf")}


def _write_settings(file: GgufFile, structure: Structure, staging: Path) -> None:
    write_tokenizer(file.metadata, staging)
    contents = {
        "config.json": settings.config(structure, file.metadata),
        "generation_config.json": settings.generation_config(structure, file.metadata),
    }
    for name, content in contents.items():
        (staging / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _model(file: GgufFile, structure: Structure, matrix_type: str, place: Path, on_progress: OnProgress) -> ov.Model:
    """The model as it is to be saved, or compressed; its weights are mapped from ``place``."""
    import openvino as ov

    first = weights.write(file, structure, matrix_type, place, on_progress)
    on_progress(Progress("export"))
    made = graph.make(first)
    zero_points = weights.zero_points(file, structure, first)
    for part in place.glob("*.gguf"):
        part.unlink()
    model = ov.Core().read_model(made)
    frequencies = rotary.frequencies(structure, weights.rope_factors(file))
    graph.restore(model, weights.exact(file, structure), structure.epsilon, frequencies)
    graph.restore_zero_points(model, zero_points)
    return model


def _compressed(model: ov.Model, weight_format: WeightFormat, place: Path, on_progress: OnProgress) -> ov.Model:
    """The model in INT4, as ``export`` compresses a checkpoint: asymmetric, without data."""
    import nncf

    on_progress(Progress("compress"))
    with compression.watched(place, on_progress):
        return nncf.compress_weights(
            model,
            mode=nncf.CompressWeightsMode.INT4_ASYM,
            group_size=weight_format.group_size,
            ratio=weight_format.ratio,
            advanced_parameters=nncf.AdvancedCompressionParameters(
                group_size_fallback_mode=nncf.GroupSizeFallbackMode.ADJUST
            ),
        )


def _save(model: ov.Model, staging: Path) -> None:
    import openvino as ov

    # As they are: the weights are in float16 or less already, and what is in float32 stays exact.
    ov.save_model(model, staging / graph.NAME, compress_to_fp16=False)
