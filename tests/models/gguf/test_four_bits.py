"""Four bits a weight, in bytes that the `gguf` package and GenAI, with its zero points, understand alike."""

import numpy as np
from gguf import GGMLQuantizationType, quants

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
