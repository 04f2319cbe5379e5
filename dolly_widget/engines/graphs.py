"""Changes to a model's graph before it is compiled. Knows no engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import openvino


def keep_last_logits(graph: openvino.Model, count: int = 1) -> None:
    """Have the last matrix multiplication done for the last ``count`` positions only: nothing else is asked for.

    As OpenVINO GenAI does it. Without, the logits of a long prompt are slow, and take more memory than its cache.
    """
    import numpy as np
    from openvino import opset13 as ops

    head = graph.output("logits").get_node().input_value(0).get_node()
    if head.get_type_name() == "MatMul" and head.input_value(0).get_partial_shape().rank.get_length() == 3:
        start, stop, step, axis = (ops.constant(np.array([value])) for value in (-count, 2**31 - 1, 1, 1))
        last = ops.slice(head.input_value(0), start, stop, step, axis)
        head.input(0).replace_source_output(last.output(0))
        graph.validate_nodes_and_infer_types()
