"""The weights of a GGUF file in the arrangement that a checkpoint has: what llama.cpp's converter did is undone.

Sources: llama.cpp, conversion/*.py, ``modify_tensors`` of each family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]
Arrange = Callable[[str, Values, Mapping[str, Any]], Values]

_TRANSPOSED = ("attn_qkv.weight", "attn_output.weight", "ffn_up.weight", "ffn_down.weight")


def _transposed(name: str, values: Values, config: Mapping[str, Any]) -> Values:
    """GPT-2's ``Conv1D`` has its input first."""
    return values.T if name in _TRANSPOSED else values


def _less_one(name: str, values: Values, config: Mapping[str, Any]) -> Values:
    """Gemma's norms multiply with one more than their weight."""
    return values - 1 if name.endswith("norm.weight") else values


def _halves_of_heads(name: str, values: Values, config: Mapping[str, Any]) -> Values:
    """Rotary embeddings turn neighbours in llama.cpp, and the two halves of a head here."""
    heads = {"attn_q": "num_attention_heads", "attn_k": "num_key_value_heads"}.get(name.partition(".")[0])
    if heads is None:
        return values
    count = config[heads]
    return values.reshape(count, -1, 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


def _heads_of_three(name: str, values: Values, config: Mapping[str, Any]) -> Values:
    """Bloom and GPT-NeoX have a head's query, key and value beside each other."""
    if not name.startswith("attn_qkv."):
        return values
    heads = config.get("n_head") or config["num_attention_heads"]
    return values.reshape(3, heads, -1, *values.shape[1:]).swapaxes(0, 1).reshape(values.shape)


def _groups(name: str, values: Values, config: Mapping[str, Any]) -> Values:
    """Falcon has the queries of a group, and then its key and its value."""
    if not name.startswith("attn_qkv."):
        return values
    heads, groups = config["num_attention_heads"], config["num_kv_heads"]
    parts = values.reshape(heads + 2 * groups, -1, *values.shape[1:])
    queries, keys, others = np.split(parts, [heads, heads + groups])
    queries = queries.reshape(groups, heads // groups, *parts.shape[1:])
    return np.concatenate([queries, keys[:, None], others[:, None]], axis=1).reshape(values.shape)


def _as_matrix(name: str, values: Values, config: Mapping[str, Any]) -> Values:
    """The gate of Qwen's shared expert is a row; the experts' own weights are split by ``pieces``."""
    return values.reshape(1, -1) if name == "ffn_gate_inp_shexp.weight" else values


_ARRANGED: Mapping[str, Arrange] = {
    "": lambda name, values, config: values,
    "transposed": _transposed,
    "norms plus one": _less_one,
    "halves of heads": _halves_of_heads,
    "heads of queries, keys and values": _heads_of_three,
    "groups of queries, keys and values": _groups,
    "experts": _as_matrix,
}


def arranged(arrangement: str, name: str, values: Values, config: Mapping[str, Any]) -> Values:
    """A tensor as the checkpoint has it. ``name`` is that in GGUF, within its layer: "attn_q.weight"."""
    return _ARRANGED[arrangement](name, values, config)


def pieces(name: str, values: Values) -> Iterator[tuple[str, Values]]:
    """The tensors that one of GGUF stands for, by the name in the checkpoint: one, or one for each expert."""
    if "{}" not in name:
        yield name, values
        return
    for i, each in enumerate(values):
        yield name.replace("{}", str(i)), each
