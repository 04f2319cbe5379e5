"""Constants that count stay in float32 when weights are stored in float16."""

import numpy as np
import pytest

from dolly_widget.models.conversion.constants import keep_in_float32
from dolly_widget.models.conversion.export import export
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime import ignore_progress

FREQUENCIES = np.float32(10_000) ** -np.linspace(0, 1, 8, dtype=np.float32)


def stored(model, path):
    """The constants of a model once it is saved in float16, by name."""
    import openvino as ov

    ov.save_model(model, path, compress_to_fp16=True)
    return {node.get_friendly_name(): node for node in constants(path)}


def constants(path):
    import openvino as ov

    return [node for node in ov.Core().read_model(path).get_ops() if node.get_type_name() == "Constant"]


def scaled(**arrays):
    """A graph that multiplies its input by each of these constants."""
    import openvino as ov
    from openvino import opset13 as ops

    x = ops.parameter([-1, 8], np.float32)
    product = x
    for name, array in arrays.items():
        constant = ops.constant(array)
        constant.set_friendly_name(name)
        product = ops.multiply(product, constant)
    return ov.Model([product], [x])


def test_what_float16_would_round_is_stored_as_it_is(tmp_path):
    model = scaled(inv_freq=FREQUENCIES, halves=np.full(8, 0.5, dtype=np.float32))
    keep_in_float32(model)
    found = stored(model, tmp_path / "model.xml")
    np.testing.assert_array_equal(found["inv_freq"].get_data(), FREQUENCIES)
    assert found["inv_freq"].get_data().dtype == np.float32
    assert found["halves_compressed"].get_data().dtype == np.float16


@pytest.mark.parametrize(
    ("name", "shape"), [("self.layers.0.weight", (8,)), ("self.layers.0.bias", (8,)), ("experts", (2**15 + 1, 8))]
)
def test_weights_become_float16(tmp_path, name, shape):
    model = scaled(**{name: np.full(shape, 0.1, dtype=np.float32)})
    keep_in_float32(model)
    assert stored(model, tmp_path / "model.xml")[f"{name}_compressed"].get_data().dtype == np.float16


@pytest.mark.parametrize(
    ("dtype", "weight_format"),
    [
        ("float16", WeightFormat("fp16")),
        ("bfloat16", WeightFormat("int8")),
        pytest.param("bfloat16", WeightFormat("int4"), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_rotary_frequencies_are_exact_in_every_format(checkpoint, tmp_path, dtype, weight_format):
    export(checkpoint("llama", dtype=dtype), tmp_path, weight_format, ignore_progress)
    frequencies = 1 / 10_000 ** (np.arange(0, 16, 2, dtype=np.float32) / 16)
    found = [node.get_data() for node in constants(tmp_path / "openvino_model.xml") if node.get_output_size() == 1]
    found = [data.ravel() for data in found if data.size == 8 and data.dtype == np.float32]
    assert any((data == frequencies.astype(np.float32)).all() for data in found)
    if weight_format.name == "fp16":
        assert difference_at(3000, checkpoint("llama", dtype=dtype), tmp_path) < 1e-4


def difference_at(position, checkpoint, model_dir):
    """Largest difference of the logits at a position to those of PyTorch, relative to their spread."""
    import openvino as ov
    import torch
    from transformers import AutoModelForCausalLM

    ids = np.random.default_rng(0).integers(5, 380, size=(1, position + 1))
    with torch.no_grad():
        exact = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
        reference = exact(torch.from_numpy(ids)).logits[0, -1].numpy()
    model = ov.Core().compile_model(model_dir / "openvino_model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "position_ids": np.arange(position + 1)[None]}
    logits = model({**inputs, "beam_idx": np.zeros(1, dtype=np.int32)})["logits"][0, -1]
    return np.abs(logits - reference).max() / reference.std()
