"""The OpenVINO files that a GGUF file becomes compute what its weights say: Llama's arithmetic, here in numpy."""

import json

import numpy as np
import pytest
import real_engines
from gguf_files import SPECIAL, Shape, dequantised, logits, random_weights, stored, write_gguf

from dolly_widget import models
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.errors import ModelError
from dolly_widget.models.gguf import graph
from dolly_widget.models.gguf.conversion import convert
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import PLAIN

EXACT = {"EXECUTION_MODE_HINT": "ACCURACY"}
SCALING = {"llama.rope.scaling.type": ("string", "linear"), "llama.rope.scaling.factor": ("float32", 4.0)}
SHAPES = {
    "llama": Shape(),
    "llama with biases": Shape(has_biases=True),
    "llama, tied, a head each": Shape(is_tied=True, kv_heads=8),
    "llama 3.1's frequencies": Shape(rope_factors=tuple(np.linspace(1, 8, 16)), rope_base=5e5),
    "llama, linear": Shape(rope_scale=4.0, metadata=SCALING),
    "qwen2": Shape("qwen2", epsilon=1e-5),
    "qwen3": Shape("qwen3", head_size=64, is_tied=True),
}


def converted(directory, shape, weight_format="fp16", quantisation="F16", contents=None):
    """The model's directory, and the weights that the file has."""
    contents = write_gguf(directory / "sheep.gguf", shape, quantisation, contents)
    (directory / "made").mkdir()
    convert(directory / "sheep.gguf", directory / "made", WeightFormat.of(weight_format), lambda progress: None)
    return directory / "made", dequantised(contents)


def computed(model_dir, ids):
    import openvino as ov

    request = ov.Core().compile_model(model_dir / "openvino_model.xml", "CPU", EXACT).create_infer_request()
    return request.infer(models.feed(request, [int(token_id) for token_id in ids], 0))["logits"][0]


def divergence(expected, found):
    """Mean Kullback-Leibler divergence of the next token's distributions, in nats."""
    expected, found = (values - values.max(axis=1, keepdims=True) for values in (expected, found.astype(np.float64)))
    expected, found = (values - np.log(np.exp(values).sum(axis=1, keepdims=True)) for values in (expected, found))
    return float((np.exp(expected) * (expected - found)).sum(axis=1).mean())


def random_ids(shape, count):
    return np.random.default_rng(2).integers(shape.vocab, size=count)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_in_sixteen_bits_it_is_exact_at_every_position(tmp_path, shape):
    model_dir, weights = converted(tmp_path, shape)
    ids = random_ids(shape, 400)
    expected, found = logits(shape, weights, ids), computed(model_dir, ids)
    assert divergence(expected, found) < 1e-8
    np.testing.assert_allclose(found, expected, atol=0.002)


def test_positions_far_on_are_exact(tmp_path):
    """In float16, a frequency of 0.75 is wrong in its fourth digit: at 8,000 that is another position."""
    shape = Shape(layers=1, context=8192)
    model_dir, weights = converted(tmp_path, shape)
    ids = np.resize(random_ids(shape, 37), 8000)
    import openvino as ov

    request = ov.Core().compile_model(model_dir / "openvino_model.xml", "CPU", EXACT).create_infer_request()
    found = []
    for start in (0, 7968):  # a short text that stands far on
        request.reset_state()
        inputs = models.feed(request, [int(token_id) for token_id in ids[:32]], 0)
        inputs["position_ids"] = np.asarray(inputs["position_ids"]) + start
        found.append(np.array(request.infer(inputs)["logits"][0]))
    # Only distances count (Su et al. 2021): the same text, elsewhere.
    np.testing.assert_allclose(found[0], found[1], atol=0.01)
    np.testing.assert_allclose(found[0], logits(shape, weights, ids[:32]), atol=0.002)


@pytest.mark.parametrize("quantisation", ["Q4_1", "Q5_0", "Q4_K", "Q6_K", "IQ4_NL", "MXFP4", "BF16"])
def test_what_genai_reads_wrongly_or_not_at_all_is_exact(tmp_path, quantisation):
    shape = Shape(layers=1)
    model_dir, weights = converted(tmp_path, shape, quantisation=quantisation)
    ids = random_ids(shape, 64)
    assert divergence(logits(shape, weights, ids), computed(model_dir, ids)) < 1e-4


@pytest.mark.parametrize(("weight_format", "largest"), [("int8", 0.02), ("int4", 3.0)])
def test_fewer_bits_are_nearly_exact(tmp_path, weight_format, largest):
    """The weights are random, which fewer bits hurt far more than those of a model that was trained."""
    model_dir, weights = converted(tmp_path, Shape(), weight_format)
    ids = random_ids(Shape(), 100)
    assert divergence(logits(Shape(), weights, ids), computed(model_dir, ids)) < largest
    assert models.ModelInfo(model_dir).precision == weight_format.upper()


@pytest.mark.parametrize(
    ("quantisation", "shape"),
    [("Q4_1", Shape(layers=1)), ("Q4_K", Shape("qwen3", layers=1, head_size=64)), ("Q4_0", Shape(layers=1))],
)
def test_int4_of_a_file_in_four_bits_is_as_exact_as_sixteen_bits_are(tmp_path, quantisation, shape):
    """But for the embedding and the output layer, which are in eight bits: here, they are so in the file."""
    arrays = random_weights(shape)
    ends = {name: values for name, values in arrays.items() if not name.startswith("blk.")}
    contents = stored(arrays, quantisation) | stored(ends, "Q8_0")
    model_dir, weights = converted(tmp_path, shape, "int4", contents=contents)
    ids = random_ids(shape, 64)
    assert divergence(logits(shape, weights, ids), computed(model_dir, ids)) < 1e-4
    assert models.ModelInfo(model_dir).precision == "INT4"


def test_zero_points_that_could_be_those_of_another_matrix_are_refused(tmp_path):
    """They are known by the scales beside them."""
    contents = stored(random_weights(Shape(layers=1)), "Q4_1")
    data, kind = contents["blk.0.attn_k.weight"]
    other = data.copy().reshape(-1, 20)
    other[:, 2:4] = np.frombuffer(np.float16(-0.5).tobytes(), np.uint8)
    contents["blk.0.attn_v.weight"] = (data, kind)
    contents["blk.0.attn_k.weight"] = (other.reshape(data.shape), kind)
    shape = Shape("qwen3", layers=1)  # whose rows keep their order
    names = {f"blk.0.{part}_norm.weight": np.ones(shape.head_size, np.float32) for part in ("attn_q", "attn_k")}
    with pytest.raises(ModelError, match=r"the scales of blk\.0\.attn_v\.weight are those of another matrix"):
        converted(tmp_path, shape, "int4", contents=contents | stored(names, "F32"))


def test_settings_of_int4_take_nncf(tmp_path):
    reports = []
    write_gguf(tmp_path / "sheep.gguf")
    (tmp_path / "made").mkdir()
    convert(tmp_path / "sheep.gguf", tmp_path / "made", WeightFormat("int4", group_size=64), reports.append)
    assert "compress" in {report.stage for report in reports}
    graph_text = (tmp_path / "made" / "openvino_model.xml").read_text(encoding="utf-8")
    assert 'element_type="u4" shape="256, 4, 64"' in graph_text or 'element_type="u4" shape="256,4,64"' in graph_text


def test_without_nncf_its_settings_are_refused_and_int4_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr("dolly_widget.models.gguf.conversion.find_spec", lambda name: None)
    converted(tmp_path, Shape(), "int4")
    with pytest.raises(ModelError, match=r"becomes int4-g64 with a further package: run `python -m pip install"):
        convert(tmp_path / "sheep.gguf", tmp_path, WeightFormat("int4", group_size=64), lambda progress: None)


def test_weights_of_the_same_eight_bits_are_exact(tmp_path):
    model_dir, weights = converted(tmp_path, Shape(), "int8", "Q8_0")
    ids = random_ids(Shape(), 100)
    assert divergence(logits(Shape(), weights, ids), computed(model_dir, ids)) < 1e-5


def test_the_directory_is_that_of_a_whole_model(tmp_path):
    model_dir, _ = converted(tmp_path, Shape())
    assert sorted(path.name for path in model_dir.iterdir()) == [
        "config.json",
        "generation_config.json",
        "openvino_detokenizer.bin",
        "openvino_detokenizer.xml",
        "openvino_model.bin",
        "openvino_model.xml",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    model = models.Model(model_dir)
    assert model.vocab_size == 288
    assert model.end_ids == {2}
    assert model.info.max_positions == 512
    assert model.template.stop == (SPECIAL[2],)
    assert model.info.parameters == pytest.approx(1_328_000, rel=0.01)


def test_norms_stay_in_full_precision(tmp_path):
    from openvino import Core

    model_dir, weights = converted(tmp_path, Shape("qwen3"))
    constants = [
        node.get_data().ravel()
        for node in Core().read_model(model_dir / "openvino_model.xml").get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type().get_type_name() == "f32"
    ]
    norms = [values for name, values in weights.items() if name.endswith("norm.weight")]
    assert len(norms) == 9
    assert all(any(np.array_equal(norm, constant) for constant in constants) for norm in norms)


def test_stages_come_in_their_order(tmp_path):
    write_gguf(tmp_path / "sheep.gguf")
    (tmp_path / "made").mkdir()
    reports = []
    tools = convert(tmp_path / "sheep.gguf", tmp_path / "made", WeightFormat("fp16"), reports.append)
    stages = list(dict.fromkeys(report.stage for report in reports))
    assert stages == ["load", "export", "write"]
    assert list(tools) == ["gguf"]


def test_what_genai_cannot_make_is_one_sentence(tmp_path, monkeypatch):
    def fail(path):
        raise RuntimeError("Check 'x' failed at src/cpp/src/gguf_utils/gguf.cpp:50:\n[load_gguf] cannot")

    monkeypatch.setattr(graph, "make", fail)
    write_gguf(tmp_path / "sheep.gguf")
    (tmp_path / "made").mkdir()
    with pytest.raises(ModelError, match=r"sheep.gguf \(family 'llama'\) cannot be converted: Check 'x' failed\.$"):
        convert(tmp_path / "sheep.gguf", tmp_path / "made", WeightFormat("fp16"), lambda progress: None)


def test_a_disk_that_is_full_for_numpy_is_a_full_disk(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("Not enough free space to write 800000 bytes after offset 4736")  # without an errno

    monkeypatch.setattr("gguf.GGUFWriter.write_tensor_data", full)
    write_gguf(tmp_path / "sheep.gguf")
    (tmp_path / "made").mkdir()
    with pytest.raises(OSError, match="No space left on device"):
        convert(tmp_path / "sheep.gguf", tmp_path / "made", WeightFormat("fp16"), lambda progress: None)


def test_a_tokenizer_that_cannot_be_written_is_told_before_the_work(tmp_path):
    write_gguf(tmp_path / "sheep.gguf", Shape(metadata={"tokenizer.ggml.pre": ("string", "nonesuch")}))
    (tmp_path / "made").mkdir()
    reports = []
    with pytest.raises(ModelError, match="nonesuch"):
        convert(tmp_path / "sheep.gguf", tmp_path / "made", WeightFormat("fp16"), reports.append)
    assert reports == []


def test_the_settings_are_json(tmp_path):
    model_dir, _ = converted(tmp_path, Shape())
    for name in ("config.json", "generation_config.json"):
        assert json.loads((model_dir / name).read_text(encoding="utf-8"))["eos_token_id"] == 2


def test_its_tokens_have_texts_for_answers_of_a_shape(tmp_path):
    model_dir, _ = converted(tmp_path, SHAPES["llama"])
    engine = real_engines.start(GenAIEngine, model_dir)
    params = SamplingParams(max_new_tokens=40, temperature=2.0, seed=3)
    for answer in (["yes", "no"], ["été", "hiver"], int):
        result = engine.generate(PLAIN.render("a cat"), params, answer=answer)
        assert isinstance(result.value, int) if answer is int else result.value in answer
    engine.close()
