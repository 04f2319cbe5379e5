"""Weights that are dequantised and written again: right for every quantisation, and with little memory."""

import os
import subprocess
import sys

import numpy as np
import pytest
from gguf_files import Shape, dequantised, encoded, random_weights, stored, write_gguf

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf import weights
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.structure import Structure

QUANTISATIONS = (
    *("F32", "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "MXFP4"),
    *("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "IQ3_S", "IQ2_XXS"),
)


def written(directory, shape, contents, matrix_type):
    """What the file has that ``weights.write`` makes: type names, and float32 arrays, by name."""
    from gguf import GGUFReader, quants

    write_gguf(directory / "sheep.gguf", shape, contents=contents)
    file = GgufFile.open(directory / "sheep.gguf")
    target = directory / "target"
    target.mkdir()
    first = weights.write(file, Structure.of(file), matrix_type, target, lambda progress: None)
    tensors = GGUFReader(first).tensors
    kinds = {tensor.name: tensor.tensor_type.name for tensor in tensors}
    return kinds, {tensor.name: np.array(quants.dequantize(tensor.data, tensor.tensor_type)) for tensor in tensors}


@pytest.mark.parametrize("quantisation", QUANTISATIONS)
def test_every_quantisation_is_what_the_gguf_package_reads(tmp_path, quantisation):
    shape = Shape(layers=1)
    contents = stored(random_weights(shape), quantisation)
    kinds, found = written(tmp_path, shape, contents, weights.F16)
    expected = dequantised(contents)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        is_exact = kinds[name] == "F32"
        assert kinds[name] == ("F16" if values.ndim == 2 else "F32")
        np.testing.assert_array_equal(found[name], values if is_exact else values.astype(np.float16), err_msg=name)


@pytest.mark.parametrize(("quantisation", "matrix_type"), [("Q8_0", weights.Q8_0), ("Q4_0", weights.Q4_1)])
def test_a_matrix_that_genai_reads_rightly_keeps_its_bytes(tmp_path, quantisation, matrix_type):
    contents = stored(random_weights(Shape(layers=1)), quantisation)
    kinds, found = written(tmp_path, Shape(layers=1), contents, matrix_type)
    assert kinds["blk.0.attn_q.weight"] == quantisation
    expected = dequantised(contents)
    for name in ("blk.0.attn_q.weight", "blk.0.ffn_down.weight"):
        np.testing.assert_array_equal(found[name], expected[name])


def test_int4_keeps_the_embedding_and_the_output_layer_in_eight_bits(tmp_path):
    kinds, _ = written(tmp_path, Shape(layers=1), None, weights.Q4_1)
    assert {kinds["token_embd.weight"], kinds["output.weight"]} == {"Q8_0"}
    assert kinds["blk.0.attn_q.weight"] == "Q4_1"
    assert kinds["blk.0.attn_norm.weight"] == "F32"


def test_int4_keeps_what_a_file_has_in_four_bits_and_leaves_eight_to_what_has_more(tmp_path):
    arrays = random_weights(Shape(layers=1))
    contents = stored(arrays, "Q4_K")
    for name, quantisation in (("attn_output", "Q6_K"), ("attn_v", "Q5_0"), ("ffn_up", "Q3_K"), ("attn_q", "Q4_0")):
        contents |= stored({f"blk.0.{name}.weight": arrays[f"blk.0.{name}.weight"]}, quantisation)
    kinds, found = written(tmp_path, Shape(layers=1), contents, weights.Q4_1)
    names = ("attn_k", "attn_output", "attn_v", "ffn_up", "attn_q")
    assert [kinds[f"blk.0.{name}.weight"] for name in names] == ["Q4_1", "Q8_0", "Q8_0", "Q4_1", "Q4_0"]
    expected = dequantised(contents)["blk.0.attn_k.weight"]
    np.testing.assert_allclose(found["blk.0.attn_k.weight"], expected, atol=1e-3 * np.abs(expected).max())


def test_four_bits_are_what_int4_gives_where_the_file_has_few_of_them(tmp_path):
    arrays = random_weights(Shape(layers=1))
    contents = stored(arrays, "Q5_0") | stored({"blk.0.attn_q.weight": arrays["blk.0.attn_q.weight"]}, "Q4_K")
    kinds, _ = written(tmp_path, Shape(layers=1), contents, weights.Q4_1)
    assert {kinds[f"blk.0.{name}.weight"] for name in ("attn_q", "attn_v", "ffn_up", "ffn_down")} == {"Q4_1"}


def test_rows_that_a_block_does_not_divide_stay_in_sixteen_bits(tmp_path):
    shape = Shape(layers=1, feed_forward=520)
    kinds, _ = written(tmp_path, shape, None, weights.Q8_0)
    assert kinds["blk.0.ffn_down.weight"] == "F16"
    assert kinds["blk.0.ffn_up.weight"] == "Q8_0"


def test_a_split_file_is_written_as_a_whole_one(tmp_path):
    write_gguf(tmp_path / "whole.gguf")
    write_gguf(tmp_path / "split.gguf", split_max_tensors=10)
    made = []
    for name in ("whole.gguf", "split-00002-of-00003.gguf"):
        file, target = GgufFile.open(tmp_path / name), tmp_path / f"target-{name}"
        target.mkdir()
        made.append(weights.write(file, Structure.of(file), weights.Q8_0, target, lambda progress: None).read_bytes())
    assert made[0] == made[1]


def test_large_weights_are_written_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "_PART_BYTES", 500_000)
    write_gguf(tmp_path / "sheep.gguf")
    file = GgufFile.open(tmp_path / "sheep.gguf")
    (tmp_path / "target").mkdir()
    first = weights.write(file, Structure.of(file), weights.F16, tmp_path / "target", lambda progress: None)
    assert first.name == "weights-00001-of-00007.gguf"
    again = GgufFile.open(first)
    assert again.tensors[0].name == "token_embd.weight"
    assert len(again.tensors) == len(file.tensors)


def test_progress_tells_the_bytes_that_are_read(tmp_path):
    write_gguf(tmp_path / "sheep.gguf")
    file = GgufFile.open(tmp_path / "sheep.gguf")
    (tmp_path / "target").mkdir()
    reports = []
    weights.write(file, Structure.of(file), weights.F16, tmp_path / "target", reports.append)
    assert {report.stage for report in reports} == {"load"}
    assert reports[-1].fraction == 1
    assert reports[-1].done_bytes == reports[-1].total_bytes == sum(tensor.n_bytes for tensor in file.tensors)


@pytest.mark.parametrize(
    ("value", "quantisation", "sentence"),
    [
        (np.nan, "F32", "has weights that are not numbers"),
        (np.inf, "F16", "has weights that are not numbers"),
        (1e5, "F32", "has weights above 65,504 .*which 16 bits cannot hold"),
    ],
)
def test_weights_that_cannot_be_stored_are_refused(tmp_path, value, quantisation, sentence):
    arrays = random_weights(Shape(layers=1))
    arrays["blk.0.ffn_up.weight"][3, 5] = value
    with pytest.raises(ModelError, match=sentence):
        written(tmp_path, Shape(layers=1), stored(arrays, quantisation), weights.F16)


def test_a_file_that_shrinks_meanwhile_is_refused(tmp_path):
    write_gguf(tmp_path / "sheep.gguf")
    file = GgufFile.open(tmp_path / "sheep.gguf")
    structure = Structure.of(file)
    os.truncate(tmp_path / "sheep.gguf", 500_000)
    (tmp_path / "target").mkdir()
    with pytest.raises(ModelError, match="has become shorter while it was read"):
        weights.write(file, structure, weights.F16, tmp_path / "target", lambda progress: None)


PEAK = """
import re, sys
from pathlib import Path
from dolly_widget.models import WeightFormat
from dolly_widget.models.gguf.conversion import convert
import gguf, openvino, openvino_genai, tokenizers

def peak_bytes():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024  # ru_maxrss: a parent's

before = peak_bytes()
convert(Path(sys.argv[1]), Path(sys.argv[2]), WeightFormat.of(sys.argv[3]), lambda progress: None)
print(peak_bytes() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is in /proc")
@pytest.mark.parametrize("weight_format", ["fp16", "int8"])
def test_a_conversion_takes_no_more_memory_than_1_3_times_the_weights_in_sixteen_bits(tmp_path, weight_format):
    shape = Shape(hidden=2048, heads=16, head_size=128, feed_forward=8192, layers=8, vocab=32000)
    draw = np.random.default_rng(1)
    block = encoded(draw.standard_normal((1, 1 << 16)).astype(np.float32), 8)
    contents = {}
    for name, values in zeros(shape).items():
        is_matrix = values.ndim == 2
        data = np.resize(block, (values.shape[0], values.shape[1] // 32 * 34)) if is_matrix else np.array(values)
        contents[name] = (data, 8 if is_matrix else 0)
    write_gguf(tmp_path / "sheep.gguf", shape, contents=contents)
    parameters = GgufFile.open(tmp_path / "sheep.gguf").parameters
    assert parameters > 500_000_000
    (tmp_path / "target").mkdir()
    command = [sys.executable, "-c", PEAK, str(tmp_path / "sheep.gguf"), str(tmp_path / "target"), weight_format]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert peak < 1.3 * 2 * parameters


def zeros(shape):
    """The names and shapes of the weights, without memory for them."""
    small = random_weights(Shape(layers=shape.layers))
    sizes = {256: shape.hidden, 512: shape.feed_forward, 288: shape.vocab, 128: shape.kv_heads * shape.head_size}
    rows = {"attn_q": shape.heads * shape.head_size}
    found = {}
    for name, values in small.items():
        part = name.split(".")[-2]
        lengths = [sizes[size] for size in values.shape]
        if part in rows:
            lengths[0] = rows[part]
        if part == "attn_output":
            lengths = [shape.hidden, shape.heads * shape.head_size]
        found[name] = np.broadcast_to(np.float32(1), tuple(lengths))
    return found


def test_frequencies_cannot_be_divided_by_nothing(tmp_path):
    write_gguf(tmp_path / "sheep.gguf", Shape(rope_factors=(1.0,) * 15 + (0.0,)))
    with pytest.raises(ModelError, match=r"is damaged: rope_freqs\.weight has factors not above 0; download it again"):
        weights.rope_factors(GgufFile.open(tmp_path / "sheep.gguf"))
