"""Weights in four bits, with a scale and a zero point for each 32: the INT4 that OpenVINO computes with.

In the bytes of Q4_1, a scale ``d`` and a minimum ``m``, in such a way that ``-m / d`` is a whole number: GenAI's reader
makes a zero point of it, and is then exact. Of the files of others, where it is a fraction, it is not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

BLOCK = 32
_LEVELS = 15


def quantised(values: Floats) -> npt.NDArray[np.uint8]:
    """Bytes in Q4_1 of float32 weights, (rows, row size), whose rows are whole blocks: (rows, row size / 32 x 20).

    Rounded as NNCF does it without data. A narrower range with a smaller squared error was tried: it made the answers
    of SmolLM2 worse.
    """
    blocks = values.reshape(-1, BLOCK)
    low = np.minimum(blocks.min(axis=1, keepdims=True), 0)
    high = np.maximum(blocks.max(axis=1, keepdims=True), 0)
    scale = ((high - low) / _LEVELS).astype(np.float16).astype(np.float32)
    scale = np.where(scale == 0, np.float32(1), scale)
    zero = np.clip(np.round(-low / scale), 0, _LEVELS)
    codes = np.clip(np.round(blocks / scale) + zero, 0, _LEVELS)
    return _packed(scale, zero, codes).reshape(len(values), -1)


def _packed(scale: Floats, zero: Floats, codes: Floats) -> npt.NDArray[np.uint8]:
    """Blocks as Q4_1 has them: scale, minimum, and two codes to a byte. Source: ggml-common.h (block_q4_1)."""
    halves = codes.astype(np.uint8).reshape(-1, 2, BLOCK // 2)
    ends = (each.astype(np.float16).view(np.uint8) for each in (scale, -zero * scale))
    return np.concatenate([*ends, halves[:, 0] | halves[:, 1] << 4], axis=1)
