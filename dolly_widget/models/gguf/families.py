"""The families of models whose GGUF files become a checkpoint of Hugging Face's: in whose words, and by which names.

A family is data, and a function from a file's settings to a ``config.json``. A setting that the function does not ask
for is not left out silently: the file is refused by that setting's name. How weights are arranged: ``arrangement``.

transformers reads GGUF files too (modeling_gguf_pytorch_utils.py). It is not used: it leaves out settings (bases and
factors of rotary embeddings, windows, the attention's scale of Gemma 27B), and takes all weights in float32 at once.

Sources: llama.cpp, conversion/*.py (what is written) and src/models/*.cpp (what is computed).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf import structure
from dolly_widget.models.gguf.file import GgufFile
from dolly_widget.models.gguf.structure import _Numbers

Config = dict[str, Any]
WITHOUT_TORCH = structure.FAMILIES
"""Those that OpenVINO GenAI reads, which are converted without PyTorch."""


class Settings(_Numbers):
    """The settings of a file under its architecture's name; knows which of them were asked for."""

    def __init__(self, file: GgufFile) -> None:
        super().__init__(file)
        self.shapes = {tensor.name: tensor.shape for tensor in file.tensors}
        self.vectors = {tensor.name: tensor for tensor in file.tensors if len(tensor.shape) == 1}
        self._asked: set[str] = set()

    def get(self, name: str) -> Any:
        """A setting, None where there is none."""
        self._asked.add(name)
        return super().get(name)

    def flag(self, name: str, default: bool) -> bool:
        """A setting that is true or false."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.refused(name, value, "true or false")
        return default if value is None else value

    def expect(self, name: str, *values: object) -> None:
        """Raise ModelError where a setting is there, and is none of ``values``."""
        value = self.get(name)
        if value is not None and value not in values:
            raise self.refused(name, value, " or ".join(map(repr, values)))

    def refuse_others(self) -> None:
        """Raise ModelError for a setting that nobody asked for."""
        for key in self._metadata:
            prefix, _, name = key.partition(".")
            if prefix == self._prefix and name not in self._asked:
                raise ModelError(
                    f"{self.path} has the setting {ascii(key)[:80]}, which is not known for its family: give another "
                    "file of the model, or the checkpoint that it was made from."
                )

    @property
    def hidden(self) -> int:
        """Size of the states between layers."""
        return self.integer("embedding_length")

    @property
    def layers(self) -> int:
        """Number of layers. Raises ModelError for more than the file has tensors."""
        count = self.integer("block_count")
        if count > len(self.shapes):
            raise self.refused("block_count", count, f"no more than its {len(self.shapes):,} tensors")
        return count

    @property
    def heads(self) -> int:
        """Number of heads, which divides the size of the states where heads have no size of their own."""
        return self.integer("attention.head_count")

    @property
    def kv_heads(self) -> int:
        """Number of heads for keys and values."""
        return self.integer("attention.head_count_kv", self.heads)

    @property
    def head_size(self) -> int:
        """Size of a head."""
        size = self.integer("attention.key_length", max(1, self.hidden // self.heads))
        self.expect("attention.value_length", size)
        return size

    @property
    def is_tied(self) -> bool:
        """Whether the output layer is the embedding."""
        return "output.weight" not in self.shapes


@dataclass(frozen=True)
class Family:
    """A family of models, as transformers has it."""

    model_type: str
    architecture: str
    """The class of the model."""
    names: Mapping[str, str]
    """Name in GGUF, without ".weight" or ".bias", "blk." for a layer -> name in the checkpoint, {} for the layer."""
    config: Callable[[Settings], Config]
    arrangement: str = ""
    """How the weights are arranged in GGUF: a name in ``arrangement``; "" as in the checkpoint."""


def family_of(file: GgufFile) -> Family:
    """The family of a file. Raises ModelError, with what can be converted, for one that cannot."""
    if file.architecture == "falcon" and any(tensor.name == _SECOND_NORM for tensor in file.tensors):
        return _FALCON_40B
    if file.architecture == "llama" and has_experts(file):
        return _MIXTRAL
    if found := FAMILIES.get(file.architecture):
        return found
    known = ", ".join(sorted({*WITHOUT_TORCH, *FAMILIES}))
    raise ModelError(
        f"{file.path} is of the family {file.architecture!r}, and GGUF files of these can be converted: {known}; give "
        "the checkpoint that it was made from."
    )


def has_experts(file: GgufFile) -> bool:
    """Whether a file's model is a mixture of experts."""
    return bool(file.metadata.get(f"{file.architecture}.expert_count"))


def config_of(file: GgufFile) -> Config:
    """The ``config.json`` of a file's model. Raises ModelError for settings that its family does not have."""
    family, settings = family_of(file), Settings(file)
    if not settings.shapes.get("token_embd.weight"):
        raise ModelError(f"{file.path} has no embedding (token_embd.weight): download it again.")
    config = {
        "architectures": [family.architecture],
        "model_type": family.model_type,
        "dtype": "float16",
        "tie_word_embeddings": settings.is_tied,
        "vocab_size": settings.shapes["token_embd.weight"][0],
        **family.config(settings),
    }
    settings.expect("vocab_size", config["vocab_size"])
    settings.expect("attention.causal", True)
    settings.refuse_others()
    return config


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


def _gpt2(settings: Settings) -> Config:
    _without_own_head_size(settings)
    return {
        "n_embd": settings.hidden,
        "n_layer": settings.layers,
        "n_head": settings.heads,
        "n_inner": settings.integer("feed_forward_length"),
        "n_positions": settings.integer("context_length"),
        "layer_norm_epsilon": settings.real("attention.layer_norm_epsilon"),
    }


def _gpt_neox(settings: Settings) -> Config:
    _without_own_head_size(settings)
    rope = _partial_rope(settings)
    return {
        **_sizes(settings),
        **rope,
        "rotary_pct": rope["partial_rotary_factor"],
        "layer_norm_eps": settings.real("attention.layer_norm_epsilon"),
        "use_parallel_residual": settings.flag("use_parallel_residual", True),
    }


def _bloom(settings: Settings) -> Config:
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


def _falcon(settings: Settings) -> Config:
    _without_own_head_size(settings)
    settings.expect("tensor_data_layout", "jploski")
    has_two_norms = _SECOND_NORM in settings.shapes
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


def _phi2(settings: Settings) -> Config:
    _without_own_head_size(settings)
    epsilon = settings.real("attention.layer_norm_epsilon")
    return {**_sizes(settings), **_partial_rope(settings), "layer_norm_eps": epsilon, "hidden_act": "gelu_new"}


def _phi3(settings: Settings) -> Config:
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


def _stablelm(settings: Settings) -> Config:
    _without_own_head_size(settings)
    return {
        **_sizes(settings),
        **_partial_rope(settings),
        "layer_norm_eps": settings.real("attention.layer_norm_epsilon"),
        "use_parallel_residual": settings.flag("use_parallel_residual", False),
        "use_qkv_bias": "blk.0.attn_q.bias" in settings.shapes,
        "qk_layernorm": False,
    }


def _starcoder2(settings: Settings) -> Config:
    _without_own_head_size(settings)
    return {
        **_sizes(settings),
        **_rope(settings),
        "norm_epsilon": settings.real("attention.layer_norm_epsilon"),
        "use_bias": "blk.0.attn_q.bias" in settings.shapes,
        # The files do not say it. It is the same in all three that were published.
        "sliding_window": settings.integer("attention.sliding_window", 4096),
    }


def _cohere(settings: Settings) -> Config:
    _without_own_head_size(settings)
    return {
        **_sizes(settings),
        **_rope(settings),
        "layer_norm_eps": settings.real("attention.layer_norm_epsilon"),
        "logit_scale": settings.real("logit_scale"),
        "use_qk_norm": False,
    }


def _cohere2(settings: Settings) -> Config:
    # Every fourth layer reads the whole text, and has no rotary embedding (cohere2.cpp).
    kinds = ["full_attention" if (i + 1) % 4 == 0 else "sliding_attention" for i in range(settings.layers)]
    window, head_size = settings.integer("attention.sliding_window"), settings.head_size
    return {**_cohere(settings), "head_dim": head_size, "layer_types": kinds, "sliding_window": window}


def _gemma(settings: Settings) -> Config:
    head_size = settings.head_size
    return {
        **_with_rms_norm(settings),
        **_rope(settings),
        "head_dim": head_size,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
    }


def _gemma2(settings: Settings) -> Config:
    kinds = ("sliding_attention", "full_attention")
    return {
        **_gemma(settings),
        "query_pre_attn_scalar": _gemma_scale(settings, layers_of_27b=46),
        "attn_logit_softcapping": settings.real("attn_logit_softcapping", 50.0),
        "final_logit_softcapping": settings.real("final_logit_softcapping", 30.0),
        "sliding_window": settings.integer("attention.sliding_window", 4096),
        "layer_types": [kinds[i % 2] for i in range(settings.layers)],
    }


def _gemma3(settings: Settings) -> Config:
    settings.expect("attention.sliding_window_pattern", 6)
    cap = settings.get("final_logit_softcapping")
    window = settings.get("attention.sliding_window")
    local = {"rope_type": "default", "rope_theta": settings.real("rope.freq_base_swa", 10000.0)}
    rope = {"full_attention": _rope_parameters(settings, 1e6), "sliding_attention": local}
    kinds = [
        "full_attention" if (i + 1) % 6 == 0 or not window else "sliding_attention" for i in range(settings.layers)
    ]
    return {
        **_gemma(settings),
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


def _granite(settings: Settings) -> Config:
    _without_own_head_size(settings)
    return {
        **_with_rms_norm(settings),
        **_rope(settings),
        "attention_multiplier": settings.real("attention.scale", settings.head_size**-0.5),
        "embedding_multiplier": settings.real("embedding_scale", 1.0),
        "residual_multiplier": settings.real("residual_scale", 1.0),
        "logits_scaling": settings.real("logit_scale", 1.0),
    }


def _olmo2(settings: Settings) -> Config:
    _without_own_head_size(settings)
    return {**_with_rms_norm(settings), **_rope(settings, 500000.0)}


def _smollm3(settings: Settings) -> Config:
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


def _mixtral(settings: Settings) -> Config:
    settings.expect("expert_weights_norm", True)
    return {
        **_with_rms_norm(settings),
        **_rope(settings),
        "head_dim": settings.head_size,
        "num_local_experts": settings.integer("expert_count"),
        "num_experts_per_tok": settings.integer("expert_used_count"),
        "sliding_window": None,
    }


def _qwen2_moe(settings: Settings) -> Config:
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


def _qwen3_moe(settings: Settings) -> Config:
    settings.expect("expert_weights_norm", True)
    head_size = settings.head_size
    return {**_experts(settings), **_rope(settings), "head_dim": head_size, "norm_topk_prob": True}


def _named(root: str, **names: str) -> dict[str, str]:
    """The names of a layer's parts, which begin with ``root``."""
    return {f"blk.{name}": f"{root}.{inner}" for name, inner in names.items()}


_ENDS = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_ATTENTION = {f"attn_{name}": f"self_attn.{name}_proj" for name in "qkv"}
_GATED = {f"ffn_{name}": f"mlp.{name}_proj" for name in ("gate", "up", "down")}
_LAYER = {"attn_norm": "input_layernorm", **_ATTENTION, "attn_output": "self_attn.o_proj", **_GATED}
_LLAMA = {**_ENDS, **_named("model.layers.{}", **_LAYER, ffn_norm="post_attention_layernorm")}
_HEAD_NORMS = _named("model.layers.{}", attn_q_norm="self_attn.q_norm", attn_k_norm="self_attn.k_norm")
_FOUR_NORMS = _named(
    "model.layers.{}",
    post_attention_norm="post_attention_layernorm",
    ffn_norm="pre_feedforward_layernorm",
    post_ffw_norm="post_feedforward_layernorm",
)
_MOE = {
    **{name: inner for name, inner in _LLAMA.items() if ".mlp." not in inner},
    **_named("model.layers.{}.mlp", ffn_gate_inp="gate"),
    **_named("model.layers.{}.mlp.experts.{}", **{f"ffn_{x}_exps": f"{x}_proj" for x in ("gate", "up", "down")}),
}
_GPT2 = {
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
_GPT_NEOX = {
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
_BLOOM = {
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
_PHI2 = {
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
_PHI3 = {
    **_LLAMA,
    **_named("model.layers.{}", attn_qkv="self_attn.qkv_proj", ffn_up="mlp.gate_up_proj"),
    "rope_factors_long": "",
    "rope_factors_short": "",
}
_FALCON = {
    **{name: inner for name, inner in _BLOOM.items() if "norm" not in name},
    "output_norm": "transformer.ln_f",
    **_named("transformer.h.{}", attn_norm="input_layernorm"),
}
_SECOND_NORM = "blk.0.attn_norm_2.weight"

_MIXTRAL = Family(
    "mixtral",
    "MixtralForCausalLM",
    {
        **{name: inner for name, inner in _LLAMA.items() if ".mlp." not in inner},
        **_named("model.layers.{}.block_sparse_moe", ffn_gate_inp="gate"),
        **_named(
            "model.layers.{}.block_sparse_moe.experts.{}", ffn_gate_exps="w1", ffn_up_exps="w3", ffn_down_exps="w2"
        ),
    },
    _mixtral,
    "halves of heads",
)
_FALCON_40B = Family(
    "falcon",
    "FalconForCausalLM",
    {**_FALCON, **_named("transformer.h.{}", attn_norm="ln_mlp", attn_norm_2="ln_attn")},
    _falcon,
    "groups of queries, keys and values",
)

FAMILIES: Mapping[str, Family] = {
    "bloom": Family("bloom", "BloomForCausalLM", _BLOOM, _bloom, "heads of queries, keys and values"),
    "cohere2": Family("cohere2", "Cohere2ForCausalLM", _LLAMA, _cohere2),
    "command-r": Family("cohere", "CohereForCausalLM", _LLAMA, _cohere),
    "falcon": Family("falcon", "FalconForCausalLM", _FALCON, _falcon, "groups of queries, keys and values"),
    "gemma": Family("gemma", "GemmaForCausalLM", _LLAMA, _gemma, "norms plus one"),
    "gemma2": Family("gemma2", "Gemma2ForCausalLM", {**_LLAMA, **_FOUR_NORMS}, _gemma2, "norms plus one"),
    "gemma3": Family(
        "gemma3_text", "Gemma3ForCausalLM", {**_LLAMA, **_FOUR_NORMS, **_HEAD_NORMS}, _gemma3, "norms plus one"
    ),
    "gpt2": Family("gpt2", "GPT2LMHeadModel", _GPT2, _gpt2, "transposed"),
    "gptneox": Family("gpt_neox", "GPTNeoXForCausalLM", _GPT_NEOX, _gpt_neox, "heads of queries, keys and values"),
    "granite": Family("granite", "GraniteForCausalLM", _LLAMA, _granite, "halves of heads"),
    "olmo2": Family(
        "olmo2",
        "Olmo2ForCausalLM",
        {
            **{name: inner for name, inner in _LLAMA.items() if name != "blk.attn_norm"},
            **_HEAD_NORMS,
            **{name: inner for name, inner in _FOUR_NORMS.items() if name != "blk.ffn_norm"},
        },
        _olmo2,
    ),
    "phi2": Family("phi", "PhiForCausalLM", _PHI2, _phi2),
    "phi3": Family("phi3", "Phi3ForCausalLM", _PHI3, _phi3),
    "qwen2moe": Family(
        "qwen2_moe",
        "Qwen2MoeForCausalLM",
        {
            **_MOE,
            **_named("model.layers.{}.mlp", ffn_gate_inp_shexp="shared_expert_gate"),
            **_named(
                "model.layers.{}.mlp.shared_expert", **{f"ffn_{x}_shexp": f"{x}_proj" for x in ("gate", "up", "down")}
            ),
        },
        _qwen2_moe,
        "experts",
    ),
    "qwen3moe": Family("qwen3_moe", "Qwen3MoeForCausalLM", {**_MOE, **_HEAD_NORMS}, _qwen3_moe, "experts"),
    "smollm3": Family("smollm3", "SmolLM3ForCausalLM", _LLAMA, _smollm3, "halves of heads"),
    "stablelm": Family("stablelm", "StableLmForCausalLM", _LLAMA, _stablelm),
    "starcoder2": Family(
        "starcoder2",
        "Starcoder2ForCausalLM",
        {**_LLAMA, **_named("model.layers.{}.mlp", ffn_up="c_fc", ffn_down="c_proj")},
        _starcoder2,
    ),
}
"""By llama.cpp's name. Each was tried: tests/models/gguf/test_families.py."""
