"""Real weights: what a converted file computes, and says, is what PyTorch makes of `gguf.dequantize`'s weights."""

import sys
from pathlib import Path

import pytest

from dolly_widget import models
from dolly_widget.models.gguf.conversion import convert
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.weight_format import WeightFormat

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import gguf_exactness as exactness

NEW_TOKENS = 24
# Of logits: float16 moves SmolLM2's by so much, and may turn two tokens round that are nearer than this.
NEAR_TIE = 0.02
LARGEST = {"fp16": 1e-4, "int8": 0.01, "int4": 1e-3}


@pytest.fixture(scope="module")
def judge(smollm2_file):
    """SmolLM2 in PyTorch, in float32."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exactness, "NEW_TOKENS", NEW_TOKENS)
        yield exactness.Torch(GgufFile.open(smollm2_file))


@pytest.fixture(scope="module")
def made(smollm2_file, tmp_path_factory):
    """``made[weight_format]``: the directory that the file is converted to."""
    found = {name: tmp_path_factory.mktemp(name) for name in LARGEST}
    for name, directory in found.items():
        convert(smollm2_file, directory, WeightFormat(name), lambda progress: None)
    return found


@pytest.mark.parametrize("weight_format", LARGEST)
def test_distributions_are_those_of_the_file(judge, made, weight_format):
    """The file's own four bits stay in INT4: it is nearer than INT8, which rounds them."""
    mean, _, _ = judge.distributions(made[weight_format], texts=4)
    assert mean < LARGEST[weight_format]


def test_ten_of_ten_answers_are_those_of_pytorch_up_to_a_near_tie(judge, made):
    said = judge.said(made["fp16"])
    end = min(models.Model(made["fp16"]).end_ids)
    assert len(said) == 10
    for (prompt, expected), found in zip(judge.texts(made["fp16"]), said, strict=True):
        pairs = list(zip([*expected, end], [*found, end], strict=False))
        place = next((place for place, (one, other) in enumerate(pairs) if one != other), None)
        if place is not None:
            assert judge.margin([*prompt, *expected[:place]], *pairs[place]) < NEAR_TIE


def test_int4_has_the_files_own_codes(made):
    """Fractional zero points, which GenAI's reader would round."""
    import openvino as ov

    model = ov.Core().read_model(made["int4"] / "openvino_model.xml")
    kinds = [
        node.input_value(1).get_element_type().get_type_name()
        for node in model.get_ops()
        if node.get_type_name() == "Subtract" and node.input_value(1).get_node().get_type_name() == "Constant"
    ]
    assert kinds.count("f16") == 210
    assert models.ModelInfo(made["int4"]).precision == "INT4"
