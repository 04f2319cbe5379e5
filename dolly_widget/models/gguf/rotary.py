"""The frequencies of the rotary position embedding (Su et al. 2021), which the graph has as a constant."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dolly_widget.models.gguf.structure import Structure

Floats = npt.NDArray[np.float32]


def frequencies(structure: Structure, factors: Floats | None) -> Floats:
    """Radians per position, (head_size / 2,). ``factors``, of the same shape, divide them: those of Llama 3.1.

    Source: llama.cpp, ggml/src/ggml-cpu/ops.cpp (ggml_rope_cache_init), whose ``freq_factors`` are ``factors``.
    """
    half = structure.head_size // 2
    radians = structure.rope_base ** (-np.arange(half) / half) / structure.rope_scale
    return (radians if factors is None else radians / factors).astype(np.float32)
