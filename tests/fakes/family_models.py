"""Tiny models with random weights, one or more for each family of causal language models in transformers.

A family is plain data: the name of a configuration's class, and what it is given. Windows are short and limits low, so
that a text of some fifty tokens goes beyond them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

SEED = 20230412
VOCAB_SIZE, POSITIONS, WINDOW = 384, 512, 16
# A wide spread, and an output layer of its own: no rounding turns which token is the likeliest.
_PLAIN: dict[str, Any] = {
    "vocab_size": VOCAB_SIZE, "initializer_range": 0.2, "bos_token_id": 0, "eos_token_id": 0,
    "tie_word_embeddings": False,
}  # fmt: skip
_HEADS = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
_USUAL = {**_PLAIN, **_HEADS, "max_position_embeddings": POSITIONS}
_LLAMA = {**_USUAL, "intermediate_size": 128, "num_key_value_heads": 2, "pad_token_id": None}
_MOE = {"moe_intermediate_size": 32, "num_experts_per_tok": 2}
_GPT = {**_PLAIN, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": POSITIONS}
_MLA = {
    "kv_lora_rank": 16, "q_lora_rank": 24, "qk_rope_head_dim": 8, "qk_nope_head_dim": 16, "v_head_dim": 16,
    "num_key_value_heads": 4, "n_routed_experts": 4, "n_group": 2, "topk_group": 1, "first_k_dense_replace": 1,
    "n_shared_experts": 1,
}  # fmt: skip
_LONGROPE = {
    "rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0] * 8, "long_factor": [2.0] * 8,
    "original_max_position_embeddings": 64, "partial_rotary_factor": 1.0,
}  # fmt: skip
_LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}  # fmt: skip
_MAMBA = {**_PLAIN, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8, "pad_token_id": 0}


class Family(NamedTuple):
    """A model to make."""

    config_class: str
    settings: dict[str, Any]


FAMILIES = {
    "afmoe": Family("AfmoeConfig", {**_LLAMA, **_MOE, "num_experts": 4, "sliding_window": WINDOW, "head_dim": 16}),
    "arcee": Family("ArceeConfig", _LLAMA),
    "biogpt": Family("BioGptConfig", {**_USUAL, "intermediate_size": 128, "pad_token_id": 1}),
    "bitnet": Family("BitNetConfig", _LLAMA),
    "bloom": Family("BloomConfig", {**_PLAIN, "hidden_size": 64, "n_layer": 2, "n_head": 4}),
    "codegen": Family("CodeGenConfig", {**_GPT, "rotary_dim": 8, "n_ctx": POSITIONS}),
    "cohere": Family("CohereConfig", {**_LLAMA, "logit_scale": 1.0}),
    "cohere2": Family("Cohere2Config", {**_LLAMA, "logit_scale": 1.0, "sliding_window": WINDOW}),
    "dbrx": Family(
        "DbrxConfig",
        {**_PLAIN, "d_model": 64, "n_heads": 4, "n_layers": 2, "max_seq_len": POSITIONS,
         "attn_config": {"kv_n_heads": 2, "rope_theta": 10000.0, "clip_qkv": 8.0},
         "ffn_config": {"ffn_hidden_size": 64, "moe_num_experts": 4, "moe_top_k": 2}},
    ),
    "deepseek_v2": Family("DeepseekV2Config", {**_LLAMA, **_MOE, **_MLA}),
    "deepseek_v3": Family("DeepseekV3Config", {**_LLAMA, **_MOE, **_MLA}),
    "exaone4": Family("Exaone4Config", {**_LLAMA, "sliding_window": WINDOW, "sliding_window_pattern": 2}),
    "falcon": Family("FalconConfig", {**_USUAL, "new_decoder_architecture": True, "num_kv_heads": 2}),
    "falcon (multi-query)": Family("FalconConfig", {**_USUAL, "multi_query": True}),
    "falcon (alibi)": Family("FalconConfig", {**_USUAL, "alibi": True, "multi_query": False, "parallel_attn": False}),
    "falcon_mamba": Family("FalconMambaConfig", _MAMBA),
    "gemma": Family("GemmaConfig", {**_LLAMA, "head_dim": 16, "pad_token_id": 0}),
    "gemma2": Family("Gemma2Config", {**_LLAMA, "head_dim": 16, "pad_token_id": 0, "sliding_window": WINDOW}),
    "gemma3_text": Family(
        "Gemma3TextConfig",
        {**_LLAMA, "head_dim": 16, "pad_token_id": 0, "sliding_window": WINDOW,
         "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "gemma4_text": Family(
        "Gemma4TextConfig",
        {**_LLAMA, "head_dim": 16, "global_head_dim": 16, "pad_token_id": 0, "sliding_window": WINDOW,
         "layer_types": ["sliding_attention", "full_attention"], "vocab_size_per_layer_input": VOCAB_SIZE,
         "hidden_size_per_layer_input": 16, "num_kv_shared_layers": 0},
    ),
    "glm": Family("GlmConfig", {**_LLAMA, "head_dim": 16, "pad_token_id": 0}),
    "glm4": Family("Glm4Config", {**_LLAMA, "head_dim": 16, "pad_token_id": 0}),
    "gpt2": Family("GPT2Config", _GPT),
    "gpt_bigcode": Family("GPTBigCodeConfig", _GPT),
    "gpt_neo": Family(
        "GPTNeoConfig",
        {**_PLAIN, "hidden_size": 64, "num_layers": 2, "num_heads": 4, "max_position_embeddings": POSITIONS,
         "attention_types": [[["global", "local"], 1]], "window_size": WINDOW},
    ),
    "gpt_neox": Family("GPTNeoXConfig", {**_USUAL, "intermediate_size": 256}),
    "gpt_neox_japanese": Family("GPTNeoXJapaneseConfig", _USUAL),
    "gpt_oss": Family(
        "GptOssConfig",
        {**_LLAMA, "head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": WINDOW},
    ),
    "gptj": Family("GPTJConfig", {**_GPT, "rotary_dim": 8}),
    "granite": Family("GraniteConfig", _LLAMA),
    "granitemoe": Family("GraniteMoeConfig", {**_LLAMA, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "granitemoehybrid": Family(
        "GraniteMoeHybridConfig",
        {**_LLAMA, "num_local_experts": 4, "num_experts_per_tok": 2, "layer_types": ["mamba", "attention"],
         "mamba_n_heads": 8, "mamba_d_state": 16, "mamba_n_groups": 1, "mamba_d_head": 16,
         "shared_intermediate_size": 64},
    ),
    "hunyuan_v1_dense": Family("HunYuanDenseV1Config", {**_LLAMA, "head_dim": 16, "pad_token_id": 0}),
    "lfm2": Family("Lfm2Config", {**_LLAMA, "layer_types": ["conv", "full_attention"], "pad_token_id": 0}),
    "llama": Family("LlamaConfig", _LLAMA),
    "llama (llama3 rope)": Family("LlamaConfig", {**_LLAMA, "rope_parameters": _LLAMA3}),
    "llama4_text": Family(
        "Llama4TextConfig",
        {**_LLAMA, "head_dim": 16, "num_local_experts": 2, "intermediate_size_mlp": 128, "attention_chunk_size": WINDOW,
         "layer_types": ["chunked_attention", "full_attention"]},
    ),
    "mamba": Family("MambaConfig", _MAMBA),
    "mistral": Family("MistralConfig", {**_LLAMA, "sliding_window": WINDOW}),
    "mixtral": Family("MixtralConfig", {**_LLAMA, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "mpt": Family(
        "MptConfig", {**_PLAIN, "d_model": 64, "n_layers": 2, "n_heads": 4, "max_seq_len": POSITIONS}
    ),
    "olmo": Family("OlmoConfig", _LLAMA),
    "olmo2": Family("Olmo2Config", _LLAMA),
    "opt": Family(
        "OPTConfig", {**_USUAL, "ffn_dim": 128, "word_embed_proj_dim": 64, "init_std": 0.2, "pad_token_id": 1}
    ),
    "persimmon": Family("PersimmonConfig", {**_USUAL, "intermediate_size": 128}),
    "phi": Family("PhiConfig", {**_USUAL, "intermediate_size": 128}),
    "phi3": Family("Phi3Config", {**_LLAMA, "pad_token_id": 0}),
    "phi3 (longrope)": Family(
        "Phi3Config",
        {**_LLAMA, "num_key_value_heads": 4, "pad_token_id": 0, "original_max_position_embeddings": 64,
         "rope_parameters": _LONGROPE},
    ),
    "phimoe": Family("PhimoeConfig", {**_LLAMA, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "qwen2": Family("Qwen2Config", _LLAMA),
    "qwen2_moe": Family(
        "Qwen2MoeConfig", {**_LLAMA, **_MOE, "num_experts": 4, "shared_expert_intermediate_size": 64}
    ),
    "qwen3": Family("Qwen3Config", {**_LLAMA, "head_dim": 16}),
    "qwen3_moe": Family("Qwen3MoeConfig", {**_LLAMA, **_MOE, "head_dim": 16, "num_experts": 4}),
    "qwen3_next": Family(
        "Qwen3NextConfig",
        {**_LLAMA, **_MOE, "head_dim": 16, "num_experts": 4, "shared_expert_intermediate_size": 32,
         "linear_num_value_heads": 4, "linear_num_key_heads": 2, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
         "layer_types": ["linear_attention", "full_attention"]},
    ),
    "smollm3": Family("SmolLM3Config", {**_LLAMA, "pad_token_id": 0}),
    "stablelm": Family("StableLmConfig", _LLAMA),
    "starcoder2": Family("Starcoder2Config", {**_LLAMA, "sliding_window": WINDOW}),
    "xglm": Family(
        "XGLMConfig",
        {"vocab_size": VOCAB_SIZE, "init_std": 0.2, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1,
         "tie_word_embeddings": False, "d_model": 64, "num_layers": 2, "attention_heads": 4, "ffn_dim": 128,
         "max_position_embeddings": POSITIONS},
    ),
    "zamba2": Family(
        "Zamba2Config",
        {**_LLAMA, "num_key_value_heads": 4, "layers_block_type": ["mamba", "hybrid"],
         "mamba_d_state": 16, "n_mamba_heads": 8, "mamba_ngroups": 1,
         "attention_head_dim": 32, "pad_token_id": 0, "num_mem_blocks": 1},
    ),
}  # fmt: skip
"""By name: the ``model_type``, and in brackets what is special."""


def make_family(name: str, directory: Path) -> Path:
    """Write a checkpoint of a family into ``directory``, with a tokenizer of one token a byte, and return it.

    Its weights are float16 values in float32: FP16 stores them as they are.
    """
    import torch
    import transformers

    family = FAMILIES[name]
    directory.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        config = getattr(transformers, family.config_class)(**family.settings)
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.half().float().save_pretrained(directory)
    _tokenizer().save_pretrained(directory)
    return directory


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={text: i for i, text in enumerate(["</s>", *alphabet])}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>", clean_up_tokenization_spaces=False)
