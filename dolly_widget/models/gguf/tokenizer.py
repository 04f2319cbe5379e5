"""A GGUF file's tokenizer as the files that a model directory has. Byte-level BPE alone, split as SmolLM splits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolly_widget.errors import ModelError


def write_tokenizer(metadata: Mapping[str, Any], target: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json into ``target``. Raises ModelError for another tokenizer."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    found = {key.removeprefix("tokenizer.ggml."): value for key, value in metadata.items()}
    if found.get("model") != "gpt2" or found.get("pre") != "smollm":
        raise ModelError(f"The tokenizer {ascii(found.get('pre'))[:60]} is not known: give another model.")
    tokens = found["tokens"]
    merges = [tuple(merge.split(" ")) for merge in found["merges"]]
    backend = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    kinds = zip(tokens, found["token_type"], strict=True)
    backend.add_special_tokens([AddedToken(token, normalized=False) for token, kind in kinds if kind == 3])
    backend.save(str(target / "tokenizer.json"))
    config = {"eos_token": tokens[found["eos_token_id"]], "chat_template": metadata.get("tokenizer.chat_template")}
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    (target / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
