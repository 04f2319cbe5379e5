"""Whether a graph can continue a text is known before its weights are read, and said with what to do."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from lens_files import echo
from real_engines import start

from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.errors import EngineError, ModelError
from dolly_widget.models.info import MANIFEST
from dolly_widget.models.inputs import check_generates, feed, graph_inputs, is_recurrent
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import PLAIN

BOTH = pytest.mark.parametrize("engine_class", [GenAIEngine, OptimumEngine])


@pytest.fixture
def without_cache(demo_dir, tmp_path):
    """The demo model's files, with a graph that keeps nothing of what it has read; its weights cannot be read."""
    model_dir = echo(demo_dir, tmp_path / "export").model.directory
    (model_dir / "openvino_model.bin").write_bytes(b"")
    return model_dir


def write_graph(model_dir, *names):
    """A graph that takes these inputs, and adds them."""
    import openvino as ov
    from openvino import opset13 as ops

    inputs = [ops.parameter([-1, -1], np.int64, name=name) for name in names]
    for each, name in zip(inputs, names, strict=True):
        each.output(0).set_names({name})
    total = inputs[0]
    for each in inputs[1:]:
        total = ops.add(total, each)
    ov.save_model(ov.Model([total], inputs, "inputs"), model_dir / "openvino_model.xml")


def change_config(model_dir, **settings):
    path = model_dir / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def test_a_graph_says_what_it_takes(demo_dir):
    inputs = graph_inputs(demo_dir)
    assert inputs.names == {"input_ids", "attention_mask", "position_ids", "beam_idx"}
    assert inputs.has_cache
    assert not inputs.foreign_to_genai


@BOTH
def test_an_export_without_a_cache_is_refused_with_the_command_that_makes_one(engine_class, without_cache):
    with pytest.raises(ModelError) as refused:
        start(engine_class, without_cache)
    assert str(refused.value) == (
        f"{without_cache} was exported without a cache, and cannot continue a text: export it again with `optimum-cli "
        "export openvino --model MODEL --task text-generation-with-past DIRECTORY`, or give the checkpoint that it "
        "was made from."
    )


@BOTH
def test_a_model_that_writes_no_text_is_refused_as_what_it_is(engine_class, without_cache):
    change_config(without_cache, architectures=["BertModel"], model_type="bert")
    with pytest.raises(ModelError, match=r"is an embedding model, .* \(BertModel\); give a causal language model"):
        start(engine_class, without_cache)


@BOTH
def test_a_part_of_a_larger_model_is_refused(engine_class, without_cache):
    write_graph(without_cache, "inputs_embeds", "attention_mask")
    with pytest.raises(ModelError, match="takes no token ids, and so is only a part of a model"):
        start(engine_class, without_cache)


def test_a_cache_among_the_inputs_is_for_optimum(without_cache):
    write_graph(without_cache, "input_ids", "past_key_values.0.key", "past_key_values.0.value")
    check_generates(without_cache)
    with pytest.raises(EngineError) as refused:
        start(GenAIEngine, without_cache)
    assert str(refused.value) == (
        "OpenVINO GenAI cannot run export, because it does not fill its input past_key_values.0.key: use "
        'engine="optimum".'
    )


def test_what_genai_was_found_to_compute_wrongly_is_refused_and_optimum_answers(demo_dir, tmp_path):
    model_copy = shutil.copytree(demo_dir, tmp_path / "copy")
    (model_copy / MANIFEST).write_text(json.dumps({"genai_attention": "none"}))
    with pytest.raises(EngineError, match=r'because it computes it wrongly: use engine="optimum"\.$'):
        start(GenAIEngine, model_copy)
    engine = start(OptimumEngine, model_copy)
    params = SamplingParams(max_new_tokens=2, temperature=0)
    assert engine.generate(PLAIN.render("Hello"), params).new_tokens > 0
    engine.close()


def test_a_truncated_graph_is_left_to_the_engine(without_cache):
    path = without_cache / "openvino_model.xml"
    path.write_bytes(path.read_bytes()[:-20])
    check_generates(without_cache)


@pytest.mark.parametrize("text", [b"", b"<net/>", b"\xff\xfe", b'<layer type="Parameter"' * 10_000])
def test_a_graph_that_cannot_be_understood_is_left_to_the_engine(without_cache, text):
    (without_cache / "openvino_model.xml").write_bytes(text)
    assert graph_inputs(without_cache).names == frozenset()
    check_generates(without_cache)


# What to feed a graph


def loaded(inputs, **states):
    """Of a loaded graph, the names of its inputs, and its states with their shapes."""
    ports = [SimpleNamespace(get_names=lambda name=name: {name}) for name in inputs]
    kept = [SimpleNamespace(name=name, state=SimpleNamespace(shape=shape)) for name, shape in states.items()]
    return SimpleNamespace(
        get_compiled_model=lambda: SimpleNamespace(inputs=ports),
        query_state=lambda: kept,
    )


def as_lists(inputs):
    return {name: value.tolist() for name, value in inputs.items()}


def test_a_graph_is_fed_only_what_it_takes():
    request = loaded(["input_ids", "attention_mask", "beam_idx"], key=(1, 4, 2, 16))
    expected = {"input_ids": [[7, 8]], "attention_mask": [[1, 1, 1]], "beam_idx": [0]}
    assert as_lists(feed(request, [6, 7, 8], 1)) == expected
    assert not is_recurrent(request)


@pytest.mark.parametrize(("states", "mask"), [({}, 1), ({"cache_params.past.key.0": (1, 2, 3, 4)}, 3)])
def test_mambas_kind_is_told_where_it_is(states, mask):
    """At the beginning each column of its convolution's state, then the place; a mask for what is new, or for all."""
    request = loaded(["input_ids", "attention_mask", "cache_position"], **{"past.conv.0": (1, 128, 5), **states})
    assert is_recurrent(request)
    assert as_lists(feed(request, [6, 7, 8], 0))["cache_position"] == [0, 1, 2, 3, 4]
    going_on = as_lists(feed(request, [6, 7, 8], 2))
    assert going_on == {"input_ids": [[8]], "attention_mask": [[1] * mask], "cache_position": [2]}
