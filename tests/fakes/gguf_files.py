"""Tiny GGUF files with random weights of a fixed seed, written by the `gguf` package, and their logits in numpy."""

from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType, quants
from tokenizers import pre_tokenizers

SEED = 20261128
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
MERGES = ("Ġ t", "h e", "Ġt he")


@dataclass
class Shape:
    """Sizes of a tiny model, divisible as the quantisations need it: rows of 256."""

    architecture: str = "llama"
    hidden: int = 256
    layers: int = 2
    heads: int = 8
    kv_heads: int = 4
    head_size: int = 32
    feed_forward: int = 512
    vocab: int = 288
    context: int = 512
    epsilon: float = 1e-6
    rope_base: float = 10000.0
    is_tied: bool = False
    has_biases: bool = False
    rope_factors: tuple[float, ...] = ()
    rope_scale: float = 1.0
    metadata: dict = field(default_factory=dict)
    """Beside what the sizes say; by key, with the method of GGUFWriter that writes it: ("uint32", 3)."""


def tokens(vocab):
    """As many tokens as a model has: special ones, the 256 bytes, some words, and fillers."""
    words = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(merge.split()) for merge in MERGES)]
    return [*words, *(f"<|unused_{i}|>" for i in range(vocab - len(words)))]


def random_weights(shape, seed=SEED):
    """float32 arrays by their names in GGUF; large enough that a rounding hardly changes the likeliest token."""
    draw = np.random.default_rng(seed)

    def matrix(rows, columns, scale=2.0):
        return (draw.standard_normal((rows, columns)) * scale / np.sqrt(columns)).astype(np.float32)

    def norm(size):
        return (1 + 0.1 * draw.standard_normal(size)).astype(np.float32)

    q, kv = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    weights = {"token_embd.weight": matrix(shape.vocab, shape.hidden, 8.0), "output_norm.weight": norm(shape.hidden)}
    if not shape.is_tied:
        weights["output.weight"] = matrix(shape.vocab, shape.hidden)
    if shape.rope_factors:
        weights["rope_freqs.weight"] = np.array(shape.rope_factors, np.float32)
    for i in range(shape.layers):
        rows = {"attn_q": q, "attn_k": kv, "attn_v": kv, "ffn_gate": shape.feed_forward, "ffn_up": shape.feed_forward}
        for name, count in rows.items():
            weights[f"blk.{i}.{name}.weight"] = matrix(count, shape.hidden)
            if name.startswith("attn") and (shape.has_biases or shape.architecture == "qwen2"):
                weights[f"blk.{i}.{name}.bias"] = draw.standard_normal(count).astype(np.float32)
        weights[f"blk.{i}.attn_output.weight"] = matrix(shape.hidden, q)
        weights[f"blk.{i}.ffn_down.weight"] = matrix(shape.hidden, shape.feed_forward)
        weights[f"blk.{i}.attn_norm.weight"] = norm(shape.hidden)
        weights[f"blk.{i}.ffn_norm.weight"] = norm(shape.hidden)
        if shape.architecture == "qwen3":
            weights[f"blk.{i}.attn_q_norm.weight"] = norm(shape.head_size)
            weights[f"blk.{i}.attn_k_norm.weight"] = norm(shape.head_size)
    return weights


def stored(weights, quantisation):
    """The weights as a file of a quantisation has them: bytes and type by name. Norms and biases stay float32."""
    found = {}
    for name, values in weights.items():
        kind = GGMLQuantizationType[quantisation]
        if values.ndim == 1:
            kind = GGMLQuantizationType.F32
        found[name] = (encoded(values, kind), kind)
    return found


def encoded(values, kind):
    """Values in a quantisation; random bytes, with scales that are small, where the package cannot write it."""
    try:
        return quants.quantize(values, kind)
    except NotImplementedError:
        return _random_blocks(values.shape, kind)


def dequantised(contents):
    """float32 arrays by name, as the `gguf` package reads them."""
    return {name: np.array(quants.dequantize(data, kind)) for name, (data, kind) in contents.items()}


def write_gguf(path, shape=None, quantisation="F16", contents=None, split_max_tensors=0):
    """Write a file, or its parts, and return what is in it: see ``stored``."""
    shape = shape or Shape()
    contents = stored(random_weights(shape), quantisation) if contents is None else contents
    writer = gguf.GGUFWriter(Path(path), shape.architecture, split_max_tensors=split_max_tensors)
    _add_sizes(writer, shape)
    _add_tokenizer(writer, shape)
    for key, (method, value) in shape.metadata.items():
        writer.kv_data[0].pop(key, None)
        getattr(writer, f"add_{method}")(key, value)
    for name, (data, kind) in contents.items():
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return contents


def logits(shape, weights, ids):
    """(positions, vocab), in float64: Llama's arithmetic (llama.cpp, src/models/llama.cpp and qwen3.cpp)."""
    weights = {name: values.astype(np.float64) for name, values in weights.items()}
    x = weights["token_embd.weight"][ids]
    for i in range(shape.layers):
        layer = {name.removeprefix(f"blk.{i}."): values for name, values in weights.items()}
        x = x + _attention(shape, layer, _norm(x, layer["attn_norm.weight"], shape.epsilon))
        h = _norm(x, layer["ffn_norm.weight"], shape.epsilon)
        gate = h @ layer["ffn_gate.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ layer["ffn_up.weight"].T)) @ layer["ffn_down.weight"].T
    x = _norm(x, weights["output_norm.weight"], shape.epsilon)
    return x @ weights["token_embd.weight" if shape.is_tied else "output.weight"].T


def _attention(shape, layer, h):
    n = len(h)

    def heads(name, count):
        values = h @ layer[f"attn_{name}.weight"].T + layer.get(f"attn_{name}.bias", 0)
        return values.reshape(n, count, shape.head_size)

    q, k, v = heads("q", shape.heads), heads("k", shape.kv_heads), heads("v", shape.kv_heads)
    if shape.architecture == "qwen3":
        q = _norm(q, layer["attn_q_norm.weight"], shape.epsilon)
        k = _norm(k, layer["attn_k_norm.weight"], shape.epsilon)
    q, k = _rotated(shape, q), _rotated(shape, k)
    k, v = (np.repeat(each, shape.heads // shape.kv_heads, axis=1) for each in (k, v))
    scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(shape.head_size)
    scores = np.where(np.tri(n, dtype=bool), scores, -np.inf)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", shares, v).reshape(n, -1) @ layer["attn_output.weight"].T


def _rotated(shape, x):
    """Rotary positions: of neighbours in a llama's file, of halves in a qwen's."""
    half = shape.head_size // 2
    frequencies = shape.rope_base ** (-np.arange(half) / half) / (shape.rope_factors or shape.rope_scale)
    angles = np.arange(len(x))[:, None, None] * frequencies
    cos, sin = np.cos(angles), np.sin(angles)
    is_llama = shape.architecture == "llama"
    a, b = (x[..., ::2], x[..., 1::2]) if is_llama else (x[..., :half], x[..., half:])
    turned = (a * cos - b * sin, a * sin + b * cos)
    return np.stack(turned, axis=-1).reshape(x.shape) if is_llama else np.concatenate(turned, axis=-1)


def _norm(x, weight, epsilon):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon) * weight


def _random_blocks(shape, kind):
    draw = np.random.default_rng(SEED + kind)
    raw = draw.integers(256, size=quants.quant_shape_to_byte_shape(shape, kind), dtype=np.uint8)
    _, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    blocks = raw.reshape(-1, block_bytes)
    small = np.frombuffer(np.float16(0.0002 if kind.name == "Q6_K" else 0.002).tobytes(), np.uint8)
    for place in _SCALES[kind.name]:
        blocks[:, place : place + 2] = small
    return raw


# Where a block has its float16 scales. Source: ggml-common.h.
_SCALES = {
    "Q2_K": (80, 82),
    "Q3_K": (108,),
    "Q4_K": (0, 2),
    "Q5_K": (0, 2),
    "Q6_K": (208,),
    "IQ4_NL": (0,),
    "IQ4_XS": (0,),
    "IQ2_XXS": (0,),
    "IQ3_S": (0,),
}


def _add_sizes(writer, shape):
    writer.add_name("Tiny")
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_freq_base(shape.rope_base)


def _add_tokenizer(writer, shape):
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    words = tokens(shape.vocab)
    writer.add_token_list(words)
    writer.add_token_types([3 if word.startswith("<|") else 1 for word in words])
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
