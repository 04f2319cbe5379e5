"""Tokenizers that a test can see through: one token a byte."""

from tokenizers import AddedToken, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Backend

from dolly_widget.text.tokenizer import Tokenizer

SPECIAL = ["<|endoftext|>", "<|padding|>", "### End", "### Instruction:", "### Response:\n"]


def byte_level(special=SPECIAL, merges=()):
    """A tokenizer of the 256 bytes, with ``special`` tokens before them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *("".join(pair) for pair in merges)]
    backend = Backend(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=list(merges)))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in special])
    return backend


def save(backend, model_dir):
    backend.save(str(model_dir / "tokenizer.json"))
    return Tokenizer(model_dir)
