"""What a model's attention asks of those who run it, from its config and its manifest. Loads no model.

OpenVINO GenAI replaces a model's attention by its paged attention, which some kinds of attention do not survive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DEFAULT, SDPA, NONE = "default", "SDPA", "none"
GENAI_ATTENTION = (DEFAULT, SDPA, NONE)
"""With which attention OpenVINO GenAI is right for a model: whatever it chooses, its backend "SDPA" only, or none."""
MANIFEST_KEY = "genai_attention"

# Computed wrongly with paged attention (tests/benchmarks/families.py): biases by distance (ALiBi) other than Bloom's,
# and local attention without a sliding window. Those of Baichuan and Jais are ALiBi, too, without a word in the config.
_SDPA_TYPES = frozenset({"mpt", "gpt_neo", "baichuan", "jais"})
_LONGROPE = ("longrope", "su")
_WINDOWS = ("sliding_window", "window_size", "attention_chunk_size")


def genai_attention(config: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """One of ``GENAI_ATTENTION``: as the check after the conversion found it, and not better than the family's."""
    found = manifest.get(MANIFEST_KEY)
    found = found if found in GENAI_ATTENTION else DEFAULT
    family = SDPA if _is_sdpa_only(config) else DEFAULT
    return max(found, family, key=GENAI_ATTENTION.index)


def _is_sdpa_only(config: Mapping[str, Any]) -> bool:
    # LongRoPE: paged attention keeps the keys of texts that begin alike, and those of a short text are other ones.
    has_alibi = bool(config.get("alibi"))
    return has_alibi or config.get("model_type") in _SDPA_TYPES or longrope_limit(config) is not None


def longrope_limit(config: Mapping[str, Any]) -> int | None:
    """The longest text, in tokens, that the short factors of LongRoPE are for; None for other models.

    A longer text is computed with the long factors, from its first token on. Source: Ding et al. 2024; transformers,
    modeling_rope_utils.py (longrope_frequency_update).
    """
    for name in ("rope_parameters", "rope_scaling"):
        rope = config.get(name)
        if isinstance(rope, Mapping) and (rope.get("rope_type") or rope.get("type")) in _LONGROPE:
            limit = rope.get("original_max_position_embeddings") or config.get("original_max_position_embeddings")
            return limit if isinstance(limit, int) and limit > 0 else None
    return None


def windows(config: Mapping[str, Any]) -> Iterator[int]:
    """The numbers of tokens that some layers look back to."""
    for name in _WINDOWS:
        if isinstance(size := config.get(name), int) and size > 0:
            yield size
