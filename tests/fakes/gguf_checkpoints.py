"""GGUF files of tiny checkpoints, one for each family, written as llama.cpp's converter writes them.

Names come from the `gguf` package's own map, and what is done to the weights from llama.cpp, conversion/*.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import gguf
import numpy as np
from family_models import FAMILIES, SEED, Family, make_family
from tokenizers import pre_tokenizers

_GEMMA = {"tie_word_embeddings": True, "query_pre_attn_scalar": 16}
_LONGROPE = {
    "max_position_embeddings": 512,
    "rope_parameters": {
        "rope_type": "longrope", "rope_theta": 10000.0, "partial_rotary_factor": 0.75,
        "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5], "long_factor": [2.0, 2.1, 2.2, 2.3, 2.4, 2.5],
        "original_max_position_embeddings": 256,
    },
    "original_max_position_embeddings": 256,
}  # fmt: skip


class Case(NamedTuple):
    """A family in GGUF: llama.cpp's name for it, the checkpoint that it is made from, and what is special of that."""

    architecture: str
    family: str
    settings: Mapping[str, Any] = MappingProxyType({})


CASES = {
    "bloom": Case("bloom", "bloom"),
    "cohere2": Case(
        "cohere2", "cohere2",
        {"tie_word_embeddings": True, "num_hidden_layers": 4, "layer_types": None, "logit_scale": 0.5},
    ),
    "command-r": Case("command-r", "cohere", {"tie_word_embeddings": True, "logit_scale": 0.25}),
    "falcon": Case("falcon", "falcon (multi-query)"),
    "falcon (new)": Case("falcon", "falcon"),
    "gemma": Case("gemma", "gemma", {"tie_word_embeddings": True}),
    "gemma2": Case("gemma2", "gemma2", _GEMMA),
    "gemma3": Case("gemma3", "gemma3_text", {**_GEMMA, "num_hidden_layers": 6, "layer_types": None}),
    "gemma3 (long)": Case(
        "gemma3", "gemma3_text",
        {**_GEMMA, "num_hidden_layers": 6, "layer_types": None,
         "rope_parameters": {
             "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
             "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}},
    ),
    "gpt2": Case("gpt2", "gpt2", {"tie_word_embeddings": True}),
    "gptneox": Case("gptneox", "gpt_neox", {"use_parallel_residual": False}),
    "granite": Case(
        "granite", "granite",
        {"attention_multiplier": 0.2, "embedding_multiplier": 3.0, "residual_multiplier": 0.5, "logits_scaling": 2.0},
    ),
    "mixtral": Case("llama", "mixtral"),
    "olmo2": Case("olmo2", "olmo2"),
    "phi2": Case("phi2", "phi"),
    "phi3": Case("phi3", "phi3", {"sliding_window": 16}),
    "phi3 (longrope)": Case("phi3", "phi3 (longrope)", _LONGROPE),
    "qwen2moe": Case("qwen2moe", "qwen2_moe"),
    "qwen3moe": Case("qwen3moe", "qwen3_moe", {"norm_topk_prob": True}),
    "smollm3": Case("smollm3", "smollm3", {"num_hidden_layers": 4}),
    "stablelm": Case("stablelm", "stablelm", {"use_qkv_bias": True, "partial_rotary_factor": 0.5}),
    "starcoder2": Case("starcoder2", "starcoder2", {"sliding_window": 4096}),
}  # fmt: skip


def make_gguf(name: str, directory: Path) -> tuple[Path, Path]:
    """Write a case's checkpoint and its GGUF file into ``directory``; return the file, and the checkpoint."""
    case = CASES[name]
    family = FAMILIES[case.family]
    key = f"{name} in GGUF"
    FAMILIES[key] = Family(family.config_class, {**family.settings, **case.settings})
    try:
        checkpoint = make_family(key, directory / "checkpoint")
    finally:
        del FAMILIES[key]
    _draw_vectors(checkpoint / "model.safetensors")
    return write(case.architecture, checkpoint, directory / "model.gguf"), checkpoint


def _draw_vectors(path: Path) -> None:
    """Give norms and biases weights of their own: as they are made, all norms are 1, and all biases 0.

    In steps of 1/256: adding 1, as llama.cpp does to Gemma's norms, and taking it away leaves them as they are.
    """
    from safetensors.numpy import load_file, save_file

    draw = np.random.default_rng(SEED)
    weights = load_file(path)
    for name, values in sorted(weights.items()):
        if values.ndim == 1:
            weights[name] = values + np.round(50 * draw.standard_normal(values.shape)).astype(np.float32) / 256
    save_file(weights, path, {"format": "pt"})


def write(architecture: str, checkpoint: Path, path: Path) -> Path:
    """Write the GGUF file of a checkpoint, its weights as F16 and F32."""
    from safetensors.numpy import load_file

    config = json.loads((checkpoint / "config.json").read_text())
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in _settings(architecture, config).items():
        kind = {bool: "bool", int: "uint32", float: "float32", str: "string"}[type(value)]
        getattr(writer, f"add_{kind}")(f"{architecture}.{key}", value)
    _add_tokenizer(writer, config["vocab_size"])
    weights = load_file(checkpoint / "model.safetensors")
    for name, values in _tensors(architecture, config, weights):
        writer.add_tensor(name, values.astype(np.float16 if values.ndim > 1 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _settings(architecture: str, config: dict[str, Any]) -> dict[str, Any]:
    """What the converter writes under the architecture's name."""
    hidden = config.get("hidden_size", config.get("n_embd"))
    heads = config.get("num_attention_heads", config.get("n_head"))
    rope = config.get("rope_parameters", {})
    rope = rope.get("full_attention", rope)
    share = config.get("partial_rotary_factor", rope.get("partial_rotary_factor"))
    kv_heads = config.get("num_key_value_heads")
    if architecture == "falcon":
        kv_heads = config["num_kv_heads"] if config["new_decoder_architecture"] else 1
    found = {
        "block_count": config.get("num_hidden_layers", config.get("n_layer")),
        "context_length": config.get("max_position_embeddings", config.get("n_positions", hidden)),
        "embedding_length": hidden,
        "feed_forward_length": config.get("intermediate_size", 4 * hidden),
        "attention.head_count": heads,
        "attention.head_count_kv": kv_heads,
        "attention.layer_norm_rms_epsilon": config.get("rms_norm_eps"),
        "attention.layer_norm_epsilon": next(
            (config[key] for key in ("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon") if key in config), None
        ),
        "attention.key_length": config.get("head_dim"),
        "attention.value_length": config.get("head_dim"),
        "attention.sliding_window": config.get("sliding_window"),
        "attention.scale": config.get("attention_multiplier"),
        "embedding_scale": config.get("embedding_multiplier"),
        "residual_scale": config.get("residual_multiplier"),
        "logit_scale": config.get("logit_scale", config.get("logits_scaling")),
        "attn_logit_softcapping": config.get("attn_logit_softcapping"),
        "final_logit_softcapping": config.get("final_logit_softcapping"),
        "rope.dimension_count": share and int(share * (hidden // heads)),
        "rope.freq_base": rope.get("rope_theta"),
        "rope.scaling.type": "linear" if rope.get("rope_type") == "linear" else None,
        "rope.scaling.factor": rope.get("factor"),
        "rope.scaling.original_context_length": config.get("original_max_position_embeddings"),
        "use_parallel_residual": config.get("use_parallel_residual"),
        "expert_count": config.get("num_experts", config.get("num_local_experts")),
        "expert_used_count": config.get("num_experts_per_tok"),
        "expert_feed_forward_length": config.get("moe_intermediate_size"),
        "expert_shared_feed_forward_length": config.get("shared_expert_intermediate_size"),
        "tensor_data_layout": "jploski" if architecture == "falcon" else None,
    }
    if architecture in ("starcoder2", "qwen2moe", "qwen3moe", "smollm3", "llama"):
        found["attention.sliding_window"] = None
    if architecture == "phi3":
        found["attention.sliding_window"] = config["sliding_window"] or 0
        if rope["rope_type"] == "longrope":
            found["rope.scaling.attn_factor"] = 1.0
    return {key: value for key, value in found.items() if value is not None}


def _add_tokenizer(writer: gguf.GGUFWriter, vocab_size: int) -> None:
    tokens = ["</s>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġt"]
    kinds = [3, *[1] * 257]
    more = vocab_size - len(tokens)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([*tokens, *(f"[PAD{i}]" for i in range(more))])
    writer.add_token_types([*kinds, *[5] * more])
    writer.add_token_merges(["Ġ t"])
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)


def _tensors(architecture: str, config: dict[str, Any], weights: dict[str, Any]):
    """GGUF's names and values of a checkpoint's."""
    layers = config.get("num_hidden_layers", config.get("n_layer"))
    kind = next(key for key, value in gguf.MODEL_ARCH_NAMES.items() if value == architecture)
    names = gguf.get_tensor_name_map(kind, layers)
    is_tied = config["tie_word_embeddings"]
    experts: dict[str, list[Any]] = {}
    for name in sorted(weights):
        values = weights[name]
        if name.startswith("lm_head") and (is_tied or architecture.startswith("gemma")):
            continue
        stem, _, suffix = name.rpartition(".")
        if ".experts." in name:
            merged = re.sub(r"\.experts\.\d+\.", ".experts.", stem)
            merged = re.sub(r"^model\.(.*)\.block_sparse_moe\.", r"\1.feed_forward.", merged)
            experts.setdefault(merged, []).append(values)
            continue
        found = names.get_name(stem.removeprefix("transformer.") if architecture == "bloom" else stem)
        assert found is not None, name
        yield f"{found}.{suffix}", _converted(architecture, config, name, values)
    for stem, each in experts.items():
        yield f"{names.get_name(stem)}.weight", np.stack(each)
    if (factors := config.get("rope_parameters", {}).get("long_factor")) is not None:
        yield "rope_factors_long.weight", np.array(factors, np.float32)
        yield "rope_factors_short.weight", np.array(config["rope_parameters"]["short_factor"], np.float32)


def _converted(architecture: str, config: dict[str, Any], name: str, values: Any) -> Any:
    heads = config.get("num_attention_heads", config.get("n_head"))
    if architecture.startswith("gemma") and name.endswith("norm.weight"):
        return values + 1
    if architecture == "gpt2" and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
        return values.T
    if architecture in ("granite", "llama", "smollm3") and ("q_proj" in name or "k_proj" in name):
        count = heads if "q_proj" in name else config["num_key_value_heads"]
        return values.reshape(count, 2, -1, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)
    if "query_key_value" in name and architecture == "falcon":
        groups = config["num_kv_heads"] if config["new_decoder_architecture"] else 1
        qkv = values.reshape(groups, heads // groups + 2, -1, values.shape[-1])
        parts = [qkv[:, :-2], qkv[:, [-2]], qkv[:, [-1]]]
        return np.concatenate([part.reshape(-1, values.shape[-1]) for part in parts])
    if "query_key_value" in name:
        qkv = values.reshape(heads, 3, -1, *values.shape[1:])
        return np.concatenate([qkv[:, i].reshape(-1, *values.shape[1:]) for i in range(3)])
    if name.endswith("shared_expert_gate.weight"):
        return values.reshape(-1)
    return values


def changed(path, target, metadata=(), tensors=()):
    """A copy of a GGUF file with other settings and further tensors; None leaves a setting or a tensor out."""
    reader, metadata, tensors = gguf.GGUFReader(path), dict(metadata), dict(tensors)
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture" or key in metadata:
            continue
        inner = field.types[-1] if len(field.types) > 1 else None
        writer.add_key_value(key, field.contents(), field.types[0], inner)
    for key, value in metadata.items():
        if value is not None:
            writer.add_key_value(key, value, gguf.GGUFValueType.get_type(value))
    for tensor in reader.tensors:
        if tensor.name not in tensors:
            writer.add_tensor(tensor.name, np.array(tensor.data))
    for name, values in tensors.items():
        if values is not None:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
