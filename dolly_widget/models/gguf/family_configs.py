"""The ``config.json`` of each family, from the settings of a GGUF file: one function for each.

Sources: llama.cpp, conversion/*.py (what is written) and src/models/*.cpp (what is computed); transformers,
models/*/configuration_*.py.
"""

from __future__ import annotations

from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.family_settings import Settings

Config = dict[str, Any]
SECOND_NORM = "blk.0.attn_norm_2.weight"
"""That Falcon 40B has, and Falcon 7B has not."""


# What many have


def _sizes(settings: Settings) -> Config:
    return {
        "hidden_size": settings.hidden,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "num_key_value_heads": settings.kv_heads,
        "intermediate_size": settings.integer("feed_forward_length"),
        "max_position_embeddings": settings.integer("context_length"),
    }


def _with_rms_norm(settings: Settings) -> Config:
    return {**_sizes(settings), "rms_norm_eps": settings.real("attention.layer_norm_rms_epsilon")}


def _rope(settings: Settings, base: float = 10000.0) -> Config:
    """Rotary embeddings (Su et al. 2021) of whole heads."""
    settings.expect("rope.dimension_count", settings.head_size)
    return {"rope_parameters": _rope_parameters(settings, base)}


def _partial_rope(settings: Settings) -> Config:
    """Of the first part of each head."""
    share = settings.integer("rope.dimension_count", settings.head_size) / settings.head_size
    parameters = {**_rope_parameters(settings), "partial_rotary_factor": share}
    return {"rope_parameters": parameters, "partial_rotary_factor": share}


def _rope_parameters(settings: Settings, base: float = 10000.0) -> Config:
    parameters: Config = {"rope_type": "default", "rope_theta": settings.real("rope.freq_base", base)}
    settings.expect("rope.scaling.type", "none", "linear")
    settings.expect("rope.scaling.finetuned", True, False)
    if settings.get("rope.scaling.type") == "linear":
        parameters |= {"rope_type": "linear", "factor": settings.real("rope.scaling.factor", 1.0)}
    settings.expect("rope.scaling.factor", 0.0, 1.0, parameters.get("factor"))
    return parameters


def _without_own_head_size(settings: Settings) -> None:
    if settings.head_size * settings.heads != settings.hidden:
        raise settings.refused("attention.head_count", settings.heads, f"a divisor of {settings.hidden}")


# One function for each


def gpt2(settings: Settings) -> Config:
    """GPT-2."""
    _without_own_head_size(settings)
    return {
        "n_embd": settings.hidden,
        "n_layer": settings.layers,
        "n_head": settings.heads,
        "n_inner": settings.integer("feed_forward_length"),
        "n_positions": settings.integer("context_length"),
        "layer_norm_epsilon": settings.real("attention.layer_norm_epsilon"),
    }


def gpt_neox(settings: Settings) -> Config:
    """GPT-NeoX: Pythia, Dolly 2.0."""
    _without_own_head_size(settings)
    rope = _partial_rope(settings)
    return {
        **_sizes(settings),
        **rope,
        "rotary_pct": rope["partial_rotary_factor"],
        "layer_norm_eps": settings.real("attention.layer_norm_epsilon"),
        "use_parallel_residual": settings.flag("use_parallel_residual", True),
    }


def bloom(settings: Settings) -> Config:
    """Bloom."""
    _without_own_head_size(settings)
    settings.expect("attention.head_count_kv", settings.heads)
    settings.expect("feed_forward_length", 4 * settings.hidden)
    settings.integer("context_length")  # attention with linear biases has no longest text of its own
    settings.get("attention.max_alibi_bias")
    return {
        "hidden_size": settings.hidden,
        "n_layer": settings.layers,
        "n_head": settings.heads,
        "layer_norm_epsilon": settings.real("attention.layer_norm_epsilon"),
    }


def falcon(settings: Settings) -> Config:
    """Falcon 7B; 40B and its successors, with groups of heads."""
    _without_own_head_size(settings)
    settings.expect("tensor_data_layout", "jploski")
    has_two_norms = SECOND_NORM in settings.shapes
    is_new = has_two_norms or settings.kv_heads > 1
    return {
        "hidden_size": settings.hidden,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "num_kv_heads": settings.kv_heads,
        "ffn_hidden_size": settings.integer("feed_forward_length"),
        "max_position_embeddings": settings.integer("context_length"),
        "layer_norm_epsilon": settings.real("attention.layer_norm_epsilon"),
        "new_decoder_architecture": is_new,
        "multi_query": True,
        "parallel_attn": True,
        "num_ln_in_parallel_attn": (2 if has_two_norms else 1) if is_new else None,
        "bias": False,
        "alibi": False,
        **_rope(settings),
    }


def phi2(settings: Settings) -> Config:
    """Phi-1, 1.5 and 2."""
    _without_own_head_size(settings)
    epsilon = settings.real("attention.layer_norm_epsilon")
    return {**_sizes(settings), **_partial_rope(settings), "layer_norm_eps": epsilon, "hidden_act": "gelu_new"}


def phi3(settings: Settings) -> Config:
    """Phi-3 and Phi-4; LongRoPE where the file has its factors."""
    _without_own_head_size(settings)
    window, context = settings.get("attention.sliding_window"), settings.integer("context_length")
    original = settings.integer("rope.scaling.original_context_length", context)
    rope = _partial_rope(settings)
    settings.get("rope.scaling.attn_factor")  # which follows from the two lengths
    if "rope_factors_long.weight" in settings.vectors:
        rope["rope_parameters"] |= {
            "rope_type": "longrope",
            "original_max_position_embeddings": original,
            **{f"{name}_factor": _factors(settings, name) for name in ("short", "long")},
        }
    return {
        **_with_rms_norm(settings),
        **rope,
        "original_max_position_embeddings": original,
        "sliding_window": settings.integer("attention.sliding_window") if window else None,
        "pad_token_id": None,  # else one that smaller vocabularies do not have
    }


def _factors(settings: Settings, name: str) -> list[float]:
    from dolly_widget.models.gguf.weights import _all

    tensor = settings.vectors.get(f"rope_factors_{name}.weight")
    if tensor is None:
        raise ModelError(f"{settings.path} lacks rope_factors_{name}.weight: give another file of the model.")
    return [float(factor) for factor in _all(tensor)]


def stablelm(settings: Settings) -> Config:
    """StableLM."""
    _without_own_head_size(settings)
    return {
        **_sizes(settings),
        **_partial_rope(settings),
        "layer_norm_eps": settings.real("attention.layer_norm_epsilon"),
        "use_parallel_residual": settings.flag("use_parallel_residual", False),
        "use_qkv_bias": "blk.0.attn_q.bias" in settings.shapes,
        "qk_layernorm": False,
    }


def starcoder2(settings: Settings) -> Config:
    """StarCoder 2."""
    _without_own_head_size(settings)
    return {
        **_sizes(settings),
        **_rope(settings),
        "norm_epsilon": settings.real("attention.layer_norm_epsilon"),
        "use_bias": "blk.0.attn_q.bias" in settings.shapes,
        # The files do not say it. It is the same in all three that were published.
        "sliding_window": settings.integer("attention.sliding_window", 4096),
    }


def cohere(settings: Settings) -> Config:
    """Command R, Aya."""
    _without_own_head_size(settings)
    return {
        **_sizes(settings),
        **_rope(settings),
        "layer_norm_eps": settings.real("attention.layer_norm_epsilon"),
        "logit_scale": settings.real("logit_scale"),
        "use_qk_norm": False,
    }


def cohere2(settings: Settings) -> Config:
    """Command R7B."""
    # Every fourth layer reads the whole text, and has no rotary embedding (cohere2.cpp).
    kinds = ["full_attention" if (i + 1) % 4 == 0 else "sliding_attention" for i in range(settings.layers)]
    window, head_size = settings.integer("attention.sliding_window"), settings.head_size
    return {**cohere(settings), "head_dim": head_size, "layer_types": kinds, "sliding_window": window}


def gemma(settings: Settings) -> Config:
    """Gemma."""
    head_size = settings.head_size
    return {
        **_with_rms_norm(settings),
        **_rope(settings),
        "head_dim": head_size,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
    }


def gemma2(settings: Settings) -> Config:
    """Gemma 2."""
    kinds = ("sliding_attention", "full_attention")
    return {
        **gemma(settings),
        "query_pre_attn_scalar": _gemma_scale(settings, layers_of_27b=46),
        "attn_logit_softcapping": settings.real("attn_logit_softcapping", 50.0),
        "final_logit_softcapping": settings.real("final_logit_softcapping", 30.0),
        "sliding_window": settings.integer("attention.sliding_window", 4096),
        "layer_types": [kinds[i % 2] for i in range(settings.layers)],
    }


def gemma3(settings: Settings) -> Config:
    """Gemma 3, its text alone."""
    settings.expect("attention.sliding_window_pattern", 6)
    cap = settings.get("final_logit_softcapping")
    window = settings.get("attention.sliding_window")
    local = {"rope_type": "default", "rope_theta": settings.real("rope.freq_base_swa", 10000.0)}
    rope = {"full_attention": _rope_parameters(settings, 1e6), "sliding_attention": local}
    kinds = [
        "full_attention" if (i + 1) % 6 == 0 or not window else "sliding_attention" for i in range(settings.layers)
    ]
    return {
        **gemma(settings),
        "rope_parameters": rope,
        "query_pre_attn_scalar": _gemma_scale(settings, layers_of_27b=62),
        "attn_logit_softcapping": None,
        "final_logit_softcapping": settings.real("final_logit_softcapping") if cap else None,
        "sliding_window": settings.integer("attention.sliding_window") if window else 4096,
        "layer_types": kinds,
    }


def _gemma_scale(settings: Settings, layers_of_27b: int) -> int:
    """Whose root the queries are divided by: the size of a head; the largest model has its own (gemma2.cpp)."""
    return settings.hidden // settings.heads if settings.layers == layers_of_27b else settings.head_size


def granite(settings: Settings) -> Config:
    """Granite."""
    _without_own_head_size(settings)
    return {
        **_with_rms_norm(settings),
        **_rope(settings),
        "attention_multiplier": settings.real("attention.scale", settings.head_size**-0.5),
        "embedding_multiplier": settings.real("embedding_scale", 1.0),
        "residual_multiplier": settings.real("residual_scale", 1.0),
        "logits_scaling": settings.real("logit_scale", 1.0),
    }


def olmo2(settings: Settings) -> Config:
    """OLMo 2."""
    _without_own_head_size(settings)
    return {**_with_rms_norm(settings), **_rope(settings, 500000.0)}


def smollm3(settings: Settings) -> Config:
    """SmolLM3."""
    _without_own_head_size(settings)
    # llama.cpp has the interval in its code, too (smollm3.cpp).
    interval = {"no_rope_layer_interval": 4, "no_rope_layers": [int((i + 1) % 4 != 0) for i in range(settings.layers)]}
    return {**_with_rms_norm(settings), **_rope(settings, 2e6), **interval, "pad_token_id": None}


def _experts(settings: Settings) -> Config:
    settings.expect("expert_weights_scale", 0.0, 1.0)
    count = settings.integer("expert_count")
    return {
        **_with_rms_norm(settings),
        "num_experts_per_tok": settings.integer("expert_used_count"),
        "num_experts": count,
        "moe_intermediate_size": settings.integer("expert_feed_forward_length"),
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
    }


def mixtral(settings: Settings) -> Config:
    """Mixtral: Llama's tensors, with experts."""
    settings.expect("expert_weights_norm", True)
    return {
        **_with_rms_norm(settings),
        **_rope(settings),
        "head_dim": settings.head_size,
        "num_local_experts": settings.integer("expert_count"),
        "num_experts_per_tok": settings.integer("expert_used_count"),
        "sliding_window": None,
    }


def qwen2_moe(settings: Settings) -> Config:
    """Qwen 1.5 and 2 with experts."""
    _without_own_head_size(settings)
    settings.expect("expert_weights_norm", False)
    shared = settings.integer("expert_shared_feed_forward_length")
    return {
        **_experts(settings),
        **_rope(settings),
        "shared_expert_intermediate_size": shared,
        "norm_topk_prob": False,
        "use_sliding_window": False,
    }


def qwen3_moe(settings: Settings) -> Config:
    """Qwen 3 with experts."""
    settings.expect("expert_weights_norm", True)
    head_size = settings.head_size
    return {**_experts(settings), **_rope(settings), "head_dim": head_size, "norm_topk_prob": True}
