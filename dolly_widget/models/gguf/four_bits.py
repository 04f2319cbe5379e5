"""Weights in four bits, with a scale and a zero point for each 32: the INT4 that OpenVINO computes with.

In the bytes of Q4_1, a scale ``d`` and a minimum ``m``: a weight is ``d * code + m``, and OpenVINO's zero point is
``-m / d``. GenAI's reader rounds that to a whole number. For weights that are rounded here, it is one. Those that the
file has in four bits keep their codes, and ``graph.restore_zero_points`` puts the fraction back.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
Bytes = npt.NDArray[np.uint8]

BLOCK = 32
KEPT = ("Q4_1", "Q4_K")
"""Quantisations whose codes ``kept`` keeps."""
_LEVELS = 15
# A block with a minimum of more steps than this is all but one value: float16 cannot tell its weights apart.
_MOST_STEPS = 1 << 15


def quantised(values: Floats) -> Bytes:
    """Bytes in Q4_1 of float32 weights, (rows, row size), whose rows are whole blocks: (rows, row size / 32 x 20).

    Rounded as NNCF does it without data. Tried on SmolLM2, and not better: a narrower range with a smaller squared
    error, and a range from the least to the largest weight with a fractional zero point.
    """
    blocks = values.reshape(-1, BLOCK)
    low = np.minimum(blocks.min(axis=1, keepdims=True), 0)
    high = np.maximum(blocks.max(axis=1, keepdims=True), 0)
    scale = _rounded((high - low) / _LEVELS)
    scale = np.where(scale == 0, np.float32(1), scale)
    zero = np.clip(np.round(-low / scale), 0, _LEVELS)
    codes = np.clip(np.round(blocks / scale) + zero, 0, _LEVELS)
    return _packed(scale, -zero * scale, codes.astype(np.uint8)).reshape(len(values), -1)


def kept(raw: Bytes, type_name: str) -> Bytes:
    """Bytes in Q4_1 for those of a quantisation of ``KEPT``, with the same codes: (blocks, 20)."""
    scale, low, codes = _parts_of_q4_k(raw) if type_name == "Q4_K" else _parts(raw)
    is_one_value = np.abs(low) >= _MOST_STEPS * np.abs(scale)
    scale = np.where(is_one_value, np.where(low == 0, np.float32(1), np.abs(low)), scale)
    return _packed(scale, low, np.where(is_one_value, np.uint8(0), codes))


def zero_points(raw: Bytes) -> tuple[Halves, Halves]:
    """Scales and zero points, (blocks,) each, of bytes that ``kept`` gave."""
    scale, low, _ = _parts(raw)
    return scale.astype(np.float16)[:, 0], (-low / scale).astype(np.float16)[:, 0]


def digest(scales: Halves) -> bytes:
    """Of a matrix's scales, (rows, …), by which it is known again in a graph."""
    return hashlib.blake2b(
        np.ascontiguousarray(scales).data, digest_size=16, salt=len(scales).to_bytes(8, "big")
    ).digest()


def _rounded(values: Floats) -> Floats:
    return values.astype(np.float16).astype(np.float32)


def _parts(raw: Bytes) -> tuple[Floats, Floats, Bytes]:
    """Scales (blocks, 1), minima (blocks, 1) and codes (blocks, 32). Source: ggml-common.h (block_q4_1)."""
    blocks = raw.reshape(-1, 20)
    scale, low = (blocks[:, place : place + 2].copy().view(np.float16).astype(np.float32) for place in (0, 2))
    pairs = blocks[:, 4:]
    return scale, low, np.concatenate([pairs & 15, pairs >> 4], axis=1)


def _parts_of_q4_k(raw: Bytes) -> tuple[Floats, Floats, Bytes]:
    """The same of Q4_K, where eight blocks share a factor. Source: ggml-common.h (block_q4_K)."""
    from gguf.quants import Q4_K

    groups = raw.reshape(-1, 144)
    factors = groups[:, :4].copy().view(np.float16).astype(np.float32)
    scale, low = Q4_K.get_scale_min(groups[:, 4:16])
    scales, lows = _rounded(factors[:, :1] * scale), _rounded(-factors[:, 1:] * low)
    pairs = groups[:, 16:].reshape(-1, 4, BLOCK)
    codes = np.stack([pairs & 15, pairs >> 4], axis=2)
    return scales.reshape(-1, 1), lows.reshape(-1, 1), codes.reshape(-1, BLOCK)


def _packed(scale: Floats, low: Floats, codes: Bytes) -> Bytes:
    """Blocks as Q4_1 has them: scale, minimum, and two codes to a byte."""
    ends = (each.astype(np.float16).view(np.uint8) for each in (scale, low))
    return np.concatenate([*ends, codes[:, : BLOCK // 2] | codes[:, BLOCK // 2 :] << 4], axis=1)
