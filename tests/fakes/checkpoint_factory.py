"""Hugging Face checkpoints for tests: tiny, with random weights of a fixed seed, as `save_pretrained` writes them.

Those of KINDS can be converted; those of WRONG_KINDS are whole checkpoints too, but of something else.
"""

import json
from pathlib import Path

SEED = 20230412
KINDS = ("dolly", "llama", "qwen", "tied", "sharded", "pickled", "pickled_sharded")
WRONG_KINDS = (
    "encoder_decoder",
    "vision",
    "vision_language",
    "unknown_architecture",
    "own_code",
    "embedding",
)
# Small enough for three weight files or more.
SHARD_BYTES = {"float32": 150_000, "float16": 75_000, "bfloat16": 75_000}

VOCAB_SIZE = 384
HIDDEN, LAYERS, HEADS, POSITIONS = 64, 2, 4, 512
SIZES = {"hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
# Ten times the usual: the likeliest token is then so by a margin that a rounding does not turn.
SPREAD = {"initializer_range": 0.2}

END_OF_TEXT = "<|endoftext|>"
LLAMA_TOKENS = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
QWEN_TOKENS = (END_OF_TEXT, "<|im_start|>", "<|im_end|>")
# As Llama 3 has it, without its tools.
LLAMA_TEMPLATE = (
    "{{- bos_token }}{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim"
    " + '<|eot_id|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
)
# As Qwen 2 has it: with a system message of its own where there is none.
QWEN_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TEXT = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.",
    "The sheep sleep in the meadow, and the shepherd counts them: one, two, three, four, five.",
    "A model reads the instruction, then the context, and writes its response token by token.",
    "Where do the electric sheep sleep? They sleep where the other sheep sleep.",
)


def make_checkpoint(directory, kind, *, dtype="float32", response_token="### Response:\n"):
    """Write a checkpoint of a kind into ``directory``, which may be missing, and return it as a Path.

    ``dtype`` is "float32", "bfloat16" or "float16"; ``response_token`` is Dolly's, in one of its two spellings.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "README.md").write_text("---\nlicense: mit\n---\n")
    if kind in ("vision", "vision_language", "encoder_decoder", "embedding"):
        return _save(_other_model(kind), _tokenizer((END_OF_TEXT,)), directory, dtype)
    if kind == "llama":
        tokenizer = _llama_tokenizer()
        return _save(_llama(tokenizer), tokenizer, directory, dtype)
    if kind in ("qwen", "tied"):
        tokenizer = _qwen_tokenizer()
        return _save(_qwen(tokenizer, is_tied=kind == "tied"), tokenizer, directory, dtype)
    tokenizer = _dolly_tokenizer(response_token)
    model = _dolly(tokenizer)
    if kind.startswith("pickled"):
        return _save_pickled(model, tokenizer, directory, dtype, is_sharded=kind == "pickled_sharded")
    _save(model, tokenizer, directory, dtype, **({"max_shard_size": SHARD_BYTES[dtype]} if kind == "sharded" else {}))
    if kind == "unknown_architecture":
        change_config(directory, model_type="nonesuch", architectures=["NonesuchForCausalLM"])
    elif kind == "own_code":
        _add_own_code(directory)
    elif kind not in KINDS:
        raise ValueError(f"no kind of checkpoint: {kind!r}")
    return directory


def change_config(directory, **settings):
    """Set fields of ``config.json``; None removes one."""
    path = Path(directory) / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | settings
    kept = {name: value for name, value in config.items() if value is not None}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _save(model, tokenizer, directory, dtype, **options):
    import torch

    model.to(getattr(torch, dtype)).save_pretrained(directory, **options)
    tokenizer.save_pretrained(directory)
    return directory


def _save_pickled(model, tokenizer, directory, dtype, is_sharded):
    # transformers 5 writes no pickles any more: this is how version 4 did.
    import torch
    from huggingface_hub import split_torch_state_dict_into_shards

    model = model.to(getattr(torch, dtype))
    weights = model.state_dict()
    split = split_torch_state_dict_into_shards(
        weights,
        filename_pattern="pytorch_model{suffix}.bin",
        max_shard_size=SHARD_BYTES[dtype] if is_sharded else "5GB",
    )
    for name, tensors in split.filename_to_tensors.items():
        torch.save({tensor: weights[tensor].clone() for tensor in tensors}, directory / name)
    if split.is_sharded:
        index = {"metadata": split.metadata, "weight_map": split.tensor_to_filename}
        (directory / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")
    model.config.architectures, model.config.dtype = [type(model).__name__], dtype
    model.config.save_pretrained(directory)
    model.generation_config.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def _add_own_code(directory):
    classes = {"AutoConfig": "modeling_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.OwnForCausalLM"}
    change_config(directory, model_type="nonesuch", architectures=["OwnForCausalLM"], auto_map=classes)
    # It shows that it ran by the file that it leaves.
    code = "from pathlib import Path\n\nPath(__file__).with_name('it-ran').touch()\n"
    (directory / "modeling_own.py").write_text(code, encoding="utf-8")


def _backend(special):
    """A byte-level BPE with ``special`` as its first ids, of VOCAB_SIZE tokens or a few less."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(TEXT, trainer)
    return backend


def _tokenizer(special, backend=None, **settings):
    from transformers import PreTrainedTokenizerFast

    settings = {"eos_token": special[0], "pad_token": special[0]} | settings
    return PreTrainedTokenizerFast(
        tokenizer_object=backend or _backend(special),
        model_max_length=POSITIONS,
        clean_up_tokenization_spaces=False,
        **settings,
    )


def _dolly_tokenizer(response_token):
    # Dolly's own tokens come after all others, as they were added to GPT-NeoX's tokenizer.
    from tokenizers import AddedToken

    special = (END_OF_TEXT, "<|padding|>")
    backend = _backend(special)
    own = ("### End", "### Instruction:", response_token)
    backend.add_special_tokens([AddedToken(token, normalized=False) for token in own])
    return _tokenizer(special, backend, bos_token=END_OF_TEXT, unk_token=END_OF_TEXT)


def _llama_tokenizer():
    from tokenizers import processors

    bos = LLAMA_TOKENS[0]
    backend = _backend(LLAMA_TOKENS)
    backend.post_processor = processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[(bos, 0)])
    return _tokenizer(
        LLAMA_TOKENS,
        backend,
        bos_token=bos,
        eos_token="<|eot_id|>",
        pad_token="<|end_of_text|>",
        chat_template=LLAMA_TEMPLATE,
    )


def _qwen_tokenizer():
    return _tokenizer(QWEN_TOKENS, eos_token="<|im_end|>", chat_template=QWEN_TEMPLATE)


def _dolly(tokenizer):
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    return _seeded(
        GPTNeoXForCausalLM,
        GPTNeoXConfig(
            **SIZES,
            **SPREAD,
            intermediate_size=4 * HIDDEN,
            vocab_size=len(tokenizer),
            max_position_embeddings=POSITIONS,
            rotary_pct=0.25,
            use_parallel_residual=True,
            tie_word_embeddings=False,
            bos_token_id=0,
            eos_token_id=0,
        ),
    )


def _llama(tokenizer):
    from transformers import LlamaConfig, LlamaForCausalLM

    return _seeded(
        LlamaForCausalLM,
        LlamaConfig(
            **SIZES,
            **SPREAD,
            num_key_value_heads=2,
            intermediate_size=2 * HIDDEN,
            vocab_size=len(tokenizer),
            max_position_embeddings=POSITIONS,
            tie_word_embeddings=False,
            bos_token_id=0,
            eos_token_id=[1, 4],
        ),
    )


def _qwen(tokenizer, is_tied):
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return _seeded(
        Qwen2ForCausalLM,
        Qwen2Config(
            **SIZES,
            **SPREAD,
            num_key_value_heads=2,
            intermediate_size=2 * HIDDEN,
            vocab_size=len(tokenizer),
            max_position_embeddings=POSITIONS,
            tie_word_embeddings=is_tied,
            bos_token_id=None,
            eos_token_id=[2, 0],
        ),
    )


def _other_model(kind):
    import transformers as hf

    vision = {"image_size": 32, "patch_size": 16, "intermediate_size": HIDDEN}
    if kind == "vision":
        return _seeded(hf.ViTForImageClassification, hf.ViTConfig(**SIZES, **vision))
    if kind == "embedding":
        config = hf.BertConfig(**SIZES, intermediate_size=HIDDEN, vocab_size=VOCAB_SIZE)
        return _seeded(hf.BertModel, config)
    if kind == "encoder_decoder":
        config = hf.T5Config(vocab_size=VOCAB_SIZE, d_model=HIDDEN, d_kv=16, d_ff=HIDDEN, num_layers=1, num_heads=HEADS)
        return _seeded(hf.T5ForConditionalGeneration, config)
    text = hf.LlamaConfig(**SIZES, intermediate_size=HIDDEN, vocab_size=VOCAB_SIZE, max_position_embeddings=POSITIONS)
    config = hf.LlavaConfig(vision_config=hf.CLIPVisionConfig(**SIZES, **vision), text_config=text, image_token_index=3)
    return _seeded(hf.LlavaForConditionalGeneration, config)


def _seeded(model_class, config):
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        return model_class(config).eval()
