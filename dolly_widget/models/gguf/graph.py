"""The graph of a model in OpenVINO's format: OpenVINO GenAI makes it of a GGUF file that ``weights`` wrote."""

from __future__ import annotations

import ctypes
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dolly_widget.models.gguf import four_bits

if TYPE_CHECKING:
    import openvino as ov

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
NAME = "openvino_model.xml"
# No device has this name: GenAI reads the file, saves the graph and stops. To compile it takes as much memory again.
_NO_DEVICE = "DOLLY_WIDGET_SAVES_ONLY"


def make(gguf: Path) -> Path:
    """Have GenAI write the graph beside ``gguf``, and return it. Raises RuntimeError where GenAI cannot."""
    import openvino_genai as genai

    with tempfile.TemporaryDirectory() as empty:
        # Left to itself, GenAI reads all weights once more, for a tokenizer that is right for few models only.
        tokenizer = genai.Tokenizer(empty)
    try:
        # SDPA: where paged attention cannot be had, GenAI would begin anew with the other.
        genai.LLMPipeline(str(gguf), tokenizer, _NO_DEVICE, ATTENTION_BACKEND="SDPA", enable_save_ov_model=True)
    except RuntimeError as exc:
        if _NO_DEVICE not in str(exc):
            raise
    _return_memory()
    return gguf.with_name(NAME)


def _return_memory() -> None:
    """Give what GenAI has freed back to the system: glibc keeps it, as much as the weights take."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def restore(model: ov.Model, exact: Mapping[str, Floats], epsilon: float, frequencies: Floats) -> None:
    """Put the constants of ``model`` back that GenAI has rounded to float16: norms, biases, rotary frequencies.

    The frequency 0.7498942 becomes 0.75, and the angle at position 3,000 is then wrong by 0.3. ``frequencies`` may be
    others than GenAI's, which knows no scaling. Raises LookupError where they have no place in the graph.
    """
    known = {_rounded(values): values for values in (*exact.values(), np.array([epsilon], np.float32))}
    angles = (1, len(frequencies), 1)
    is_placed = False
    for constant, places in _small_constants(model):
        shape = tuple(constant.get_output_shape(0))
        values = known.get(_rounded(constant.get_data()))
        if shape == angles and any(place.get_node().get_type_name() == "Broadcast" for place in places):
            values, is_placed = frequencies, True
        if values is not None:
            _replace(places, values.reshape(shape))
    if not is_placed:
        raise LookupError("the graph has no place for rotary frequencies")


def restore_zero_points(model: ov.Model, zero_points: Mapping[bytes, Halves]) -> None:
    """Put the fractions back that GenAI has rounded to whole zero points: see ``four_bits``.

    ``zero_points`` are by the digest of the scales. Raises LookupError where not all have a place in the graph.
    """
    from openvino import opset13 as ops

    placed = set()
    for node in model.get_ops():
        if node.get_type_name() == "Subtract" and (scales := _scales(node)) is not None:
            key = four_bits.digest(scales)
            if key in zero_points:
                constant = ops.constant(zero_points[key].reshape(scales.shape))
                node.input(1).replace_source_output(constant.output(0))
                placed.add(key)
    if len(placed) < len(zero_points):
        raise LookupError("the graph has no place for zero points")


def _scales(subtract: Any) -> Halves | None:
    """What the weights are multiplied with, of which ``subtract`` takes the zero points; None for another."""
    (place, *_) = subtract.output(0).get_target_inputs()
    node = place.get_node()
    if node.get_type_name() != "Multiply" or node.input_value(1).get_node().get_type_name() != "Constant":
        return None
    scales: Halves = node.input_value(1).get_node().get_data()
    return scales if scales.dtype == np.float16 else None


def _rounded(values: npt.NDArray[Any]) -> bytes:
    return values.astype(np.float16).tobytes()


def _small_constants(model: ov.Model) -> Iterator[tuple[Any, list[Any]]]:
    """Constants that are no matrices, each with the inputs that it reaches as float32."""
    import openvino as ov

    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() not in (ov.Type.f16, ov.Type.f32):
            continue
        shape = node.get_output_shape(0)
        if math.prod(shape) == max(shape, default=1):
            places = list(node.output(0).get_target_inputs())
            yield node, [each for place in places for each in _past_conversion(place)]


def _past_conversion(place: Any) -> list[Any]:
    node = place.get_node()
    return list(node.output(0).get_target_inputs()) if node.get_type_name() == "Convert" else [place]


def _replace(places: list[Any], values: Floats) -> None:
    from openvino import opset13 as ops

    constant = ops.constant(np.ascontiguousarray(values))
    for place in places:
        place.replace_source_output(constant.output(0))
