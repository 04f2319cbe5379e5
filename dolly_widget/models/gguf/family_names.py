"""The names of the tensors of each family: in GGUF, without ".weight" or ".bias", and in the checkpoint.

"blk." stands for a layer, {} in the checkpoint's name for its number; "" is what is a setting there.

Source: llama.cpp, gguf-py/gguf/tensor_mapping.py.
"""

from __future__ import annotations


def _named(root: str, **names: str) -> dict[str, str]:
    """The names of a layer's parts in GGUF, and in the checkpoint, where they begin with ``root``."""
    return {f"blk.{name}": f"{root}.{inner}" for name, inner in names.items()}


_ENDS = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_ATTENTION = {f"attn_{name}": f"self_attn.{name}_proj" for name in "qkv"}
_GATED = {f"ffn_{name}": f"mlp.{name}_proj" for name in ("gate", "up", "down")}
_LAYER = {"attn_norm": "input_layernorm", **_ATTENTION, "attn_output": "self_attn.o_proj", **_GATED}
LLAMA = {**_ENDS, **_named("model.layers.{}", **_LAYER, ffn_norm="post_attention_layernorm")}
_HEAD_NORMS = _named("model.layers.{}", attn_q_norm="self_attn.q_norm", attn_k_norm="self_attn.k_norm")
_FOUR_NORMS = _named(
    "model.layers.{}",
    post_attention_norm="post_attention_layernorm",
    ffn_norm="pre_feedforward_layernorm",
    post_ffw_norm="post_feedforward_layernorm",
)
_EXPERTS = {
    **{name: inner for name, inner in LLAMA.items() if ".mlp." not in inner},
    **_named("model.layers.{}.mlp", ffn_gate_inp="gate"),
    **_named("model.layers.{}.mlp.experts.{}", **{f"ffn_{x}_exps": f"{x}_proj" for x in ("gate", "up", "down")}),
}
GPT2 = {
    "token_embd": "transformer.wte",
    "position_embd": "transformer.wpe",
    "output_norm": "transformer.ln_f",
    "output": "lm_head",
    **_named(
        "transformer.h.{}",
        attn_norm="ln_1",
        attn_qkv="attn.c_attn",
        attn_output="attn.c_proj",
        ffn_norm="ln_2",
        ffn_up="mlp.c_fc",
        ffn_down="mlp.c_proj",
    ),
}
GPT_NEOX = {
    "token_embd": "gpt_neox.embed_in",
    "output_norm": "gpt_neox.final_layer_norm",
    "output": "embed_out",
    **_named(
        "gpt_neox.layers.{}",
        attn_norm="input_layernorm",
        attn_qkv="attention.query_key_value",
        attn_output="attention.dense",
        ffn_norm="post_attention_layernorm",
        ffn_up="mlp.dense_h_to_4h",
        ffn_down="mlp.dense_4h_to_h",
    ),
}
BLOOM = {
    "token_embd": "transformer.word_embeddings",
    "token_embd_norm": "transformer.word_embeddings_layernorm",
    "output_norm": "transformer.ln_f",
    "output": "lm_head",
    **_named(
        "transformer.h.{}",
        attn_norm="input_layernorm",
        attn_qkv="self_attention.query_key_value",
        attn_output="self_attention.dense",
        ffn_norm="post_attention_layernorm",
        ffn_up="mlp.dense_h_to_4h",
        ffn_down="mlp.dense_4h_to_h",
    ),
}
PHI2 = {
    **_ENDS,
    "output_norm": "model.final_layernorm",
    **_named(
        "model.layers.{}",
        attn_norm="input_layernorm",
        **_ATTENTION,
        attn_output="self_attn.dense",
        ffn_up="mlp.fc1",
        ffn_down="mlp.fc2",
    ),
}
PHI3 = {
    **LLAMA,
    **_named("model.layers.{}", attn_qkv="self_attn.qkv_proj", ffn_up="mlp.gate_up_proj"),
    "rope_factors_long": "",
    "rope_factors_short": "",
}
FALCON = {
    **{name: inner for name, inner in BLOOM.items() if "norm" not in name},
    "output_norm": "transformer.ln_f",
    **_named("transformer.h.{}", attn_norm="input_layernorm"),
}
FALCON_40B = {**FALCON, **_named("transformer.h.{}", attn_norm="ln_mlp", attn_norm_2="ln_attn")}
GEMMA2 = {**LLAMA, **_FOUR_NORMS}
GEMMA3 = {**GEMMA2, **_HEAD_NORMS}
OLMO2 = {
    **{name: inner for name, inner in LLAMA.items() if name != "blk.attn_norm"},
    **_HEAD_NORMS,
    **{name: inner for name, inner in _FOUR_NORMS.items() if name != "blk.ffn_norm"},
}
MIXTRAL = {
    **{name: inner for name, inner in LLAMA.items() if ".mlp." not in inner},
    **_named("model.layers.{}.block_sparse_moe", ffn_gate_inp="gate"),
    **_named("model.layers.{}.block_sparse_moe.experts.{}", ffn_gate_exps="w1", ffn_up_exps="w3", ffn_down_exps="w2"),
}
QWEN2_MOE = {
    **_EXPERTS,
    **_named("model.layers.{}.mlp", ffn_gate_inp_shexp="shared_expert_gate"),
    **_named("model.layers.{}.mlp.shared_expert", **{f"ffn_{x}_shexp": f"{x}_proj" for x in ("gate", "up", "down")}),
}
QWEN3_MOE = {**_EXPERTS, **_HEAD_NORMS}
STARCODER2 = {**LLAMA, **_named("model.layers.{}.mlp", ffn_up="c_fc", ffn_down="c_proj")}
