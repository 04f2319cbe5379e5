"""The models that are measured: the bundled one, and two of random weights. Makes their checkpoints."""

import json
import math
import shutil
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from convert import FULL_SIZES, make_full_checkpoint

from dolly_widget.models.demo import CHECKPOINT_DIR

# Standard deviation of the logits. At 4, top-p 0.92 keeps tens to hundreds of tokens, as with a trained model; a plain
# random model's is 1 or less: top-p then keeps most of the vocabulary, which no sampler is made for.
LOGITS_SPREAD = 4.0
# Of numbers drawn evenly between -0.035 and 0.035, as `make_full_checkpoint` does.
WEIGHTS_SPREAD = 0.07 / math.sqrt(12)


@dataclass(frozen=True)
class Shape:
    """A model's size, and how it is asked."""

    name: str
    title: str
    sizes: Mapping[str, int] | None
    """Of a GPT-NeoX with random weights; None: the bundled demonstration model."""
    new_tokens: int
    """Length of every answer."""
    turns: int
    """How many times as many rounds as are asked for: short answers want more of them."""

    @property
    def is_random(self) -> bool:
        return self.sizes is not None


MIDDLE_SIZES = {
    "vocab_size": 50304,
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
# The bundled model ends its answers by itself: few are longer than 64 tokens.
SHAPES = {
    each.name: each
    for each in (
        Shape("demo", "the bundled demonstration model", None, new_tokens=64, turns=4),
        Shape("0.4b", "0.4 billion parameters", MIDDLE_SIZES, new_tokens=64, turns=1),
        Shape("3b", "dolly-v2-3b's shape, 2.8 billion parameters", FULL_SIZES, new_tokens=32, turns=1),
    )
}


def checkpoint_of(shape: Shape, work: Path) -> Path:
    """The checkpoint of a shape, made if it is not there yet."""
    if shape.sizes is None:
        return CHECKPOINT_DIR
    directory = work / "checkpoints" / shape.name
    if not directory.is_dir():
        unfinished = directory.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_full_checkpoint(unfinished, shape.sizes)
        _sharpen(
            unfinished / "model.safetensors", LOGITS_SPREAD / WEIGHTS_SPREAD / math.sqrt(shape.sizes["hidden_size"])
        )
        _spell_all_tokens(unfinished / "tokenizer.json", shape.sizes["vocab_size"])
        unfinished.rename(directory)
    return directory


def _sharpen(file: Path, factor: float) -> None:
    """Multiply the output layer of a bfloat16 safetensors file, in place: the file is as large as memory is."""
    import torch

    with file.open("rb") as opened:
        header_bytes = int.from_bytes(opened.read(8), "little")
        place = json.loads(opened.read(header_bytes))["embed_out.weight"]
    start, end = (8 + header_bytes + offset for offset in place["data_offsets"])
    whole = torch.from_file(str(file), shared=True, size=file.stat().st_size, dtype=torch.uint8)
    # A copy: a tensor need not begin at an even byte of the file.
    weights = whole[start:end].clone().view(torch.bfloat16)
    whole[start:end] = (weights * factor).view(torch.uint8)


def _spell_all_tokens(file: Path, vocab_size: int) -> None:
    """Give every id a text of four letters, so that what a random model writes has to be decoded, sent and shown."""
    tokenizer = json.loads(file.read_text(encoding="utf-8"))
    first = 1 + max(each["id"] for each in tokenizer["added_tokens"])
    for token_id in range(first, vocab_size):
        tokenizer["model"]["vocab"][f"Ġ{_word(token_id)}"] = token_id
    file.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")


def _word(number: int) -> str:
    """Four letters with an x before them, which no English word begins with."""
    letters = []
    for _ in range(4):
        number, letter = divmod(number, len(string.ascii_lowercase))
        letters.append(string.ascii_lowercase[letter])
    return "x" + "".join(letters)
