"""Four bits a weight, in bytes that the `gguf` package and GenAI, with its zero points, understand alike."""

import numpy as np
import pytest
from gguf import GGMLQuantizationType, quants
from gguf_files import encoded

from dolly_widget.models.gguf import four_bits


def drawn(rows=64, columns=256):
    return np.random.default_rng(4).standard_normal((rows, columns)).astype(np.float32) * 0.05


def parts(data):
    """Scales and minima of all blocks, as float32."""
    blocks = data.reshape(-1, 20)
    return (blocks[:, place : place + 2].copy().view(np.float16).astype(np.float32)[:, 0] for place in (0, 2))


def error(values, data):
    kind = GGMLQuantizationType.Q4_1 if data.size == values.size // 32 * 20 else GGMLQuantizationType.Q4_0
    return float(np.square(quants.dequantize(data, kind) - values).mean())


def test_zero_points_are_whole_numbers_of_four_bits():
    """GenAI rounds them (gguf_utils/building_blocks.cpp, make_int4_weights): nothing may be lost by that."""
    scales, minima = parts(four_bits.quantised(drawn()))
    zeros = -minima / scales
    assert (scales > 0).all()
    np.testing.assert_allclose(zeros, np.round(zeros), atol=0.01)
    assert zeros.min() >= 0
    assert zeros.max() <= 15


def test_it_is_nearer_than_what_the_gguf_package_writes_in_as_many_bits():
    values = drawn()
    simple = quants.quantize(values, GGMLQuantizationType.Q4_0)
    assert error(values, four_bits.quantised(values)) < 0.9 * error(values, simple)


def test_weights_of_one_sign_and_of_none_are_kept():
    values = np.zeros((4, 32), np.float32)
    values[1], values[2], values[3, 5] = 0.5, -0.25, 3
    found = quants.dequantize(four_bits.quantised(values), GGMLQuantizationType.Q4_1)
    np.testing.assert_allclose(found, values, atol=2e-3)
    assert (found[0] == 0).all()


def test_weights_that_four_bits_can_hold_come_back():
    codes = np.random.default_rng(5).integers(16, size=(8, 64))
    codes[:, ::32], codes[:, 1::32] = 0, 15
    values = ((codes - 6) * np.float32(0.25)).astype(np.float32)
    found = quants.dequantize(four_bits.quantised(values), GGMLQuantizationType.Q4_1)
    np.testing.assert_array_equal(found, values)


def kept(data, kind):
    """What OpenVINO makes of it: (code - zero point) * scale, the latter two in float16."""
    raw = four_bits.kept(data, kind.name)
    scales, zeros = (each.astype(np.float32)[:, None] for each in four_bits.zero_points(raw))
    pairs = raw[:, 4:]
    codes = np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.float32)
    assert np.isfinite(scales).all()
    assert np.isfinite(zeros).all()
    return (codes - zeros) * scales


@pytest.mark.parametrize("quantisation", four_bits.KEPT)
def test_weights_that_are_in_four_bits_keep_their_codes(quantisation):
    kind = GGMLQuantizationType[quantisation]
    data = encoded(drawn() + np.float32(0.01), kind)
    expected = quants.dequantize(data, kind).reshape(-1, 32)
    rounding = 2.0**-10 * np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(kept(data, kind) - expected) <= rounding).all()


def test_a_block_of_one_value_keeps_it():
    """Its scale is 0, or as good as 0: no zero point belongs to that."""
    values = np.zeros((4, 32), np.float32)
    values[1], values[2], values[3, 5] = 0.5, -0.25, 3
    kind = GGMLQuantizationType.Q4_1
    data = encoded(values, kind)
    data[1, :2] = np.frombuffer(np.float16(1e-7).tobytes(), np.uint8)
    np.testing.assert_allclose(kept(data, kind), values, atol=2e-3)
