"""How a model is built, by its file: what is built otherwise than its family is refused before anything is computed."""

import numpy as np
import pytest
from gguf_files import Shape, random_weights, stored, write_gguf

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.structure import Structure


def structure_of(directory, shape, contents=None):
    write_gguf(directory / "sheep.gguf", shape, contents=contents)
    return Structure.of(GgufFile.open(directory / "sheep.gguf"))


def test_the_sizes_are_those_of_the_metadata_and_the_tensors(tmp_path):
    found = structure_of(tmp_path, Shape("qwen3", head_size=64, is_tied=True))
    sizes = found.layers, found.hidden, found.heads, found.kv_heads, found.head_size, found.feed_forward, found.vocab
    assert sizes == (2, 256, 8, 4, 64, 512, 288)
    assert found.is_tied
    assert found.context == 512
    assert found.epsilon == pytest.approx(1e-6)


def test_counts_that_are_given_for_each_layer_count_where_they_are_the_same(tmp_path):
    shape = Shape(metadata={"llama.attention.head_count_kv": ("array", [4, 4])})
    assert structure_of(tmp_path, shape).kv_heads == 4
    shape.metadata = {"llama.attention.head_count_kv": ("array", [4, 2])}
    with pytest.raises(ModelError, match=r"gives \[4, 2\] as llama.attention.head_count_kv, where a whole number"):
        structure_of(tmp_path, shape)


@pytest.mark.parametrize(
    ("key", "method", "value"),
    [
        ("block_count", "uint32", 0),
        ("block_count", "uint32", 2**31),
        ("block_count", "uint32", 2**20),
        ("block_count", "string", "two"),
        ("embedding_length", "float32", 256.0),
        ("attention.head_count", "uint32", 7),
        ("attention.layer_norm_rms_epsilon", "float32", float("nan")),
        ("attention.layer_norm_rms_epsilon", "float32", 0.0),
        ("rope.freq_base", "float32", float("inf")),
        ("rope.freq_base", "float64", 1e300),
        ("rope.freq_base", "float32", 1e-44),
        ("rope.freq_base", "bool", True),
        ("rope.dimension_count", "uint32", 16),
        ("rope.scaling.type", "string", "yarn"),
        ("attention.value_length", "uint32", 16),
        ("expert_count", "uint32", 8),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path, key, method, value):
    with pytest.raises(ModelError, match=rf"gives .* as llama\.{key}, where .* can be used|lacks|has the shape"):
        structure_of(tmp_path, Shape(metadata={f"llama.{key}": (method, value)}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"heads": 8, "kv_heads": 3}, "gives 8 as llama.attention.head_count, where a multiple of 3 can be used"),
        ({"head_size": 31}, "gives 8 as llama.attention.head_count, where a multiple of 4 can be used"),
    ],
)
def test_heads_that_cannot_be_shared_or_turned_are_refused(tmp_path, changes, sentence):
    with pytest.raises(ModelError, match=sentence):
        structure_of(tmp_path, Shape(**changes))


def test_more_layers_than_tensors_are_refused_before_they_are_listed(tmp_path):
    shape = Shape(metadata={"llama.block_count": ("uint32", 2**20)})
    with pytest.raises(ModelError, match=r"gives 1048576 as llama\.block_count, where no more than its 21 tensors"):
        structure_of(tmp_path, shape)


def test_a_setting_that_is_missing_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"sheep\.gguf does not give qwen2\.attention\.head_count, which has to be"):
        structure_of(tmp_path, Shape(metadata={"general.architecture": ("string", "qwen2")}))


def test_another_family_is_refused_by_its_name(tmp_path):
    with pytest.raises(ModelError, match="of the family 'gemma3', and only GGUF files of llama, qwen2, qwen3"):
        structure_of(tmp_path, Shape("gemma3"))


def changed(shape, **weights):
    """The contents of a file, with tensors added, replaced, or left out (None)."""
    arrays = {name: values for name, values in (random_weights(shape) | weights).items() if values is not None}
    return stored(arrays, "F16")


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("blk.1.ffn_up.weight", None, "lacks 'blk.1.ffn_up.weight'"),
        ("output_norm.weight", None, "lacks 'output_norm.weight'"),
        (
            "blk.0.ffn_gate_inp.weight",
            np.ones((4, 256), np.float32),
            "has weights that its family does not use: 'blk",
        ),
        ("cls.output.weight", np.ones((1, 256), np.float32), "has weights that its family does not use: 'cls.output"),
        (
            "blk.0.attn_k.weight",
            np.ones((256, 256), np.float32),
            r"attn_k.weight has the shape \(256, 256\) instead",
        ),
        ("token_embd.weight", np.ones((288, 512), np.float32), r"token_embd.weight has the shape \(288, 512\) instead"),
        ("rope_freqs.weight", np.ones(8, np.float32), r"rope_freqs.weight has the shape \(8,\) instead of \(16,\)"),
        ("blk.0.attn_q.bias", np.ones(8, np.float32), r"attn_q.bias has the shape \(8,\) instead of \(256,\)"),
        ("blk.0.attn_q_norm.weight", np.ones(32, np.float32), "has weights that its family does not use"),
    ],
)
def test_tensors_that_do_not_fit_are_named(tmp_path, name, values, sentence):
    with pytest.raises(ModelError, match=sentence):
        structure_of(tmp_path, Shape(), changed(Shape(), **{name: values}))


def test_what_older_files_have_beside_the_weights_is_no_fault(tmp_path):
    extra = {"blk.0.attn_rot_embd.weight": np.ones(16, np.float32)}
    assert structure_of(tmp_path, Shape(), changed(Shape(), **extra)).layers == 2
