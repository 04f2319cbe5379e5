"""How many bytes of weights a token reads: every constant, but one row only of what is looked up by it."""

import numpy as np
import pytest
from safetensors import safe_open

from dolly_widget.bench.weights import weight_bytes_per_token
from dolly_widget.errors import ModelError
from dolly_widget.models.demo import CHECKPOINT_DIR, OPENVINO_DIR

TABLE_BYTES, HEAD_BYTES, AXIS_BYTES = 7 * 4 * 4, 7 * 4 * 4, 4


def test_the_demo_model_reads_all_but_its_embedding():
    """Eight bits a weight, with a scale (two bytes) and a zero point (one) a row, are the embedding's in the file."""
    with safe_open(CHECKPOINT_DIR / "model.safetensors", "np") as checkpoint:
        rows, width = checkpoint.get_slice("gpt_neox.embed_in.weight").get_shape()
    constants = sum(constant.data.nbytes for constant in demo_constants())
    assert weight_bytes_per_token(OPENVINO_DIR) == constants - rows * (width + 2 + 1)


def demo_constants():
    import openvino as ov

    model = ov.Core().read_model(OPENVINO_DIR / "openvino_model.xml")
    return [each for each in model.get_ordered_ops() if each.get_type_name() == "Constant"]


def saved(directory, head, name="input_ids"):
    """A model that looks up a table by ids, and gives what ``head`` makes of the table and the rows."""
    import openvino as ov
    import openvino.opset13 as ops

    ids = ops.parameter([-1], np.int64, name=name)
    table = ops.constant(np.arange(28, dtype=np.float32).reshape(7, 4))
    rows = ops.gather(table, ops.convert(ids, "i32"), ops.constant(np.int32(0)))
    ov.save_model(ov.Model([head(ops, table, rows)], [ids]), directory / "openvino_model.xml", compress_to_fp16=False)
    return weight_bytes_per_token(directory)


def with_own_head(ops, table, rows):
    return ops.matmul(rows, ops.constant(np.full((7, 4), 3, np.float32)), False, True)


def with_shared_head(ops, table, rows):
    return ops.matmul(rows, table, False, True)


def test_a_table_that_is_only_looked_up_is_not_read(tmp_path):
    assert saved(tmp_path, with_own_head) == HEAD_BYTES + AXIS_BYTES


def test_a_table_that_is_the_output_layer_too_is_read_once(tmp_path):
    assert saved(tmp_path, with_shared_head) == TABLE_BYTES + AXIS_BYTES


def test_what_is_looked_up_by_something_else_is_read(tmp_path):
    """A mixture of experts takes its weights in this way, and reads much of them."""
    assert saved(tmp_path, with_own_head, name="expert") == TABLE_BYTES + HEAD_BYTES + AXIS_BYTES


@pytest.mark.parametrize("content", [None, "<net><layers>"])
def test_a_damaged_file_is_a_sentence(tmp_path, content):
    if content:
        (tmp_path / "openvino_model.xml").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"openvino_model\.xml is damaged; convert or download the model again\."):
        weight_bytes_per_token(tmp_path)
