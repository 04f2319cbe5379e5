"""Vocabularies as a GGUF file's metadata list them, and the smallest files that llama.cpp loads with them."""

import random

import numpy as np

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
START, END, TOOL = "<|im_start|>", "<|im_end|>", "<tool>"


def spelled(text):
    """Bytes as byte-level vocabularies spell them."""
    from tokenizers import pre_tokenizers

    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)[0][0]


def byte_level(pre="gpt-2", merges=(), words=(), **more):
    """Metadata of a byte-level vocabulary: all bytes, what ``merges`` make, ``words``, and three tokens of its own."""
    from tokenizers import pre_tokenizers

    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(merge) for merge in merges), *words]
    tokens = list(dict.fromkeys(tokens))
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": [*tokens, START, END, TOOL],
        "tokenizer.ggml.token_type": [NORMAL] * len(tokens) + [CONTROL, CONTROL, USER_DEFINED],
        "tokenizer.ggml.merges": [" ".join(merge) for merge in merges],
        "tokenizer.ggml.bos_token_id": len(tokens),
        "tokenizer.ggml.eos_token_id": len(tokens) + 1,
        **{f"tokenizer.ggml.{name}": value for name, value in more.items()},
    }


def pairs_of_bytes(seed=0):
    """Merges of any two bytes: wherever a text is cut, the ids tell."""
    from tokenizers import pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = [(left, right) for left in alphabet for right in alphabet]
    random.Random(seed).shuffle(pairs)
    return pairs


def sentencepiece(words, **more):
    """Metadata of a SentencePiece vocabulary: three control tokens, all bytes, a tool, ``words`` by falling score."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), TOOL, *words]
    types = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, USER_DEFINED, *[NORMAL] * len(words)]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.scores": [0.0] * 260 + [-float(index) for index in range(len(words))],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        **{f"tokenizer.ggml.{name}": value for name, value in more.items()},
    }


def trained_words(texts, size, characters=300):
    """Words of a SentencePiece vocabulary, in the order in which BPE finds them; its characters come last."""
    from tokenizers import Tokenizer, models, normalizers, trainers

    backend = Tokenizer(models.BPE())
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trainer = trainers.BpeTrainer(vocab_size=size, limit_alphabet=characters, show_progress=False)
    # llama.cpp reads a token as far as its first NUL.
    backend.train_from_iterator([text.replace("\0", "") for text in texts], trainer)
    words = sorted(backend.get_vocab().items(), key=lambda item: item[1])
    return [word for word, _ in words if len(word) > 1] + [word for word, _ in words if len(word) == 1]


def write_file(path, metadata, width=32):
    """A GGUF file of a llama of one layer, with these metadata."""
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(width)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    for key, value in metadata.items():
        _add(writer, key, value)
    for name, shape in _shapes(len(metadata["tokenizer.ggml.tokens"]), width).items():
        writer.add_tensor(name, np.ones(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer, key, value):
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)


def _shapes(tokens, width):
    block = {f"attn_{name}": (width, width) for name in ("q", "k", "v", "output")}
    block |= {f"ffn_{name}": (width, width) for name in ("gate", "up", "down")}
    block |= {"attn_norm": (width,), "ffn_norm": (width,)}
    return {"token_embd.weight": (tokens, width), "output_norm.weight": (width,)} | {
        f"blk.0.{name}.weight": shape for name, shape in block.items()
    }
