"""Which constants of a graph stay in float32 when its weights are stored in float16. Knows no model and no file.

Rotary frequencies and multipliers are few, and count: the frequency 0.7498942 becomes 0.75 in float16, and the angle at
position 3,000 is then wrong by 0.3.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import openvino as ov

# A table of sines for 2,048 positions has 131,072 numbers: little beside the weights.
_LARGEST = 2**18
_WEIGHTS = (".weight", ".bias")


@contextmanager
def kept_in_float32() -> Iterator[None]:
    """Have Optimum's export store them so, as long as this lasts. It has no hook: what it saves with is replaced."""
    from optimum.exporters.openvino import convert

    save_model = convert.save_model

    def save(model: ov.Model, path: str, compress_to_fp16: bool = True) -> None:
        if compress_to_fp16:
            keep_in_float32(model)
        save_model(model, path, compress_to_fp16)

    convert.save_model = save
    try:
        yield
    finally:
        convert.save_model = save_model


def keep_in_float32(model: ov.Model) -> None:
    """Mark constants of ``model`` that are no weights, and that float16 would round: saving leaves them as they are."""
    kept = [node for node in model.get_ops() if _is_to_keep(node)]
    marked = _marked([node.get_data() for node in kept]) if kept else []
    for node, replacement in zip(kept, marked, strict=True):
        replacement.set_friendly_name(node.get_friendly_name())
        for target in list(node.output(0).get_target_inputs()):
            target.replace_source_output(replacement.output(0))


def _is_to_keep(node: Any) -> bool:
    import openvino as ov

    if node.get_type_name() != "Constant" or node.get_element_type() != ov.Type.f32:
        return False
    if math.prod(node.get_output_shape(0)) > _LARGEST or node.get_friendly_name().endswith(_WEIGHTS):
        return False
    data = node.get_data()
    # OpenVINO itself keeps what float16 cannot hold at all.
    with np.errstate(over="ignore"):
        return bool((data.astype(np.float16) != data).any())


def _marked(arrays: list[npt.NDArray[np.float32]]) -> list[Any]:
    """Constants that are not to be converted. Python cannot set that mark, so they are read from a file that has it."""
    import openvino as ov
    from openvino import opset13 as ops

    core = ov.Core()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "constants.xml"
        ov.save_model(ov.Model([ops.constant(array).output(0) for array in arrays], [], "kept"), path, False)
        mark = r'\1<rt_info><attribute name="precise" version="0"/></rt_info>'
        text = re.sub(r'(type="Const".*?/>)', mark, path.read_text(encoding="utf-8"), flags=re.DOTALL)
        path.write_text(text, encoding="utf-8")
        # Not mapped: the file is gone when the model is saved.
        read = core.read_model(path, config={"ENABLE_MMAP": False})
    return [each.get_node().input_value(0).get_node() for each in read.outputs]
