"""What a model directory says of a model beside its weights: ``config.json`` and ``generation_config.json``.

In the words of transformers, from a GGUF file's metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dolly_widget.models.gguf.structure import Structure
from dolly_widget.models.own_sampling import usable

_CLASSES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}
# That end an answer: the end of a text, of a turn, and of a message before a tool's.
_ENDS = ("eos_token_id", "eot_token_id", "eom_token_id")
# The name of each sampling setting after general.sampling (llama.cpp, gguf-py/gguf/constants.py, Keys.General).
_SAMPLING = {
    "temperature": "temp",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "repetition_penalty": "penalty_repeat",
}


def config(structure: Structure, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """``config.json``. The frequencies of Llama 3.1 are in the graph alone: the file has them as a tensor."""
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": structure.rope_base}
    if structure.rope_scale != 1:
        rope |= {"rope_type": "linear", "factor": structure.rope_scale}
    return {
        "architectures": [_CLASSES[structure.family]],
        "model_type": structure.family,
        "hidden_act": "silu",
        "hidden_size": structure.hidden,
        "intermediate_size": structure.feed_forward,
        "num_hidden_layers": structure.layers,
        "num_attention_heads": structure.heads,
        "num_key_value_heads": structure.kv_heads,
        "head_dim": structure.head_size,
        "vocab_size": structure.vocab,
        "max_position_embeddings": structure.context,
        "rms_norm_eps": structure.epsilon,
        "rope_theta": structure.rope_base,
        "rope_parameters": rope,
        "tie_word_embeddings": structure.is_tied,
        **_ids(structure, metadata),
    }


def generation_config(structure: Structure, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """``generation_config.json``: what begins and ends a text, and the sampling settings that the file has."""
    return _ids(structure, metadata) | sampling(metadata)


def sampling(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The sampling settings of a file, in the words of ``generation_config.json``; nothing where it has none."""
    values = {name: metadata.get(f"general.sampling.{key}") for name, key in _SAMPLING.items()}
    # They are float32: 0.2 is 0.200000003.
    values = {name: float(f"{each:.6g}") if isinstance(each, float) else each for name, each in values.items()}
    found = usable(values)
    return {"do_sample": True, **found} if found else {}


def _ids(structure: Structure, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Ids of special tokens that the model has; none for what the file does not name."""
    ids = {key: metadata.get(f"tokenizer.ggml.{key}") for key in (*_ENDS, "bos_token_id", "padding_token_id")}
    known = {key: found for key, found in ids.items() if type(found) is int and 0 <= found < structure.vocab}
    ends = list(dict.fromkeys(known[key] for key in _ENDS if key in known))
    found: dict[str, Any] = {"bos_token_id": known.get("bos_token_id"), "pad_token_id": known.get("padding_token_id")}
    found |= {"eos_token_id": ends[0] if len(ends) == 1 else ends or None}
    return {name: value for name, value in found.items() if value is not None}
