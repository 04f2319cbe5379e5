"""The tokens of a GGUF file as its metadata list them, checked. Knows nothing of how a text becomes tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dolly_widget.errors import ModelError

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
"""Types of tokens. Source: ggml-org/llama.cpp, gguf-py, ``TokenType``."""

_MAX_TOKENS = 1 << 20  # four times the largest vocabulary in use
_MAX_TOKEN_CHARACTERS = 1024
_MAX_TEXT_CHARACTERS = 1 << 23
_SURROGATE = re.compile("[\ud800-\udfff]")

_NO_ID = (-1, 0xFFFFFFFF)  # what some converters write for a token that a model does not have
_IDS = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding", "eot": "eot", "eom": "eom"}

# What ends an answer, of whatever type the file says that it is. Source: llama-vocab.cpp, ``special_eog_ids``.
_ENDS = {
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<end_of_utterance>",
    "<eos>",
    "<turn|>",
    "<|tool_response>",
    "<｜end▁of▁sentence｜>",
    "[e~[",
}


@dataclass(frozen=True)
class Vocabulary:
    """Tokens in the order of their ids, with what is known of each."""

    tokens: tuple[str, ...]
    types: tuple[int, ...]
    scores: tuple[float, ...]
    """Empty where the file has none."""
    named: Mapping[str, int]
    """Ids of "bos", "eos", "unk", "pad", "eot" and "eom", as far as the file names them."""

    def special(self) -> set[int]:
        """Ids of what is no text: the tokens that a user cannot type."""
        ends = {self.named[name] for name in ("eos", "eot", "eom") if name in self.named}
        kinds = enumerate(zip(self.tokens, self.types, strict=True))
        return ends | {token_id for token_id, (token, kind) in kinds if kind in (UNKNOWN, CONTROL) or token in _ENDS}


def read_vocabulary(metadata: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of ``tokenizer.ggml.*``. Raises ModelError for one that cannot be right."""
    tokens = _tokens(metadata.get("tokenizer.ggml.tokens"))
    types = _beside(metadata, "token_type", tokens) or [NORMAL] * len(tokens)
    if not all(type(kind) is int and 0 <= kind <= BYTE for kind in types):
        raise broken("a token type that is none of 0 to 6")
    scores = [float(score) for score in _beside(metadata, "scores", tokens) if _is_number(score)]
    if len(scores) != len(metadata.get("tokenizer.ggml.scores") or ()):
        raise broken("a score that is no number")
    return Vocabulary(tuple(tokens), tuple(types), tuple(scores), _named(metadata, len(tokens)))


def broken(what: str) -> ModelError:
    """The error of a vocabulary that cannot be right."""
    return ModelError(
        f"The GGUF file's tokenizer has {what}: the file is damaged or was made wrongly; download it again, or take "
        "the model from another source."
    )


def _tokens(tokens: Any) -> list[str]:
    if not isinstance(tokens, list | tuple) or not tokens:
        raise broken("no list of tokens")
    if len(tokens) > _MAX_TOKENS:
        raise broken(f"{len(tokens):,} tokens, more than {_MAX_TOKENS:,}")
    # llama.cpp calls a token without a text so, too.
    named = [token or f"[EMPTY_{token_id}]" for token_id, token in enumerate(tokens)]
    if not all(isinstance(token, str) for token in named):
        raise broken("a token that is not text")
    if max(map(len, named)) > _MAX_TOKEN_CHARACTERS or sum(map(len, named)) > _MAX_TEXT_CHARACTERS:
        raise broken("tokens of too many characters")
    if any(map(_SURROGATE.search, named)):
        raise broken("a token that cannot be encoded")
    if len(set(named)) < len(named):
        raise broken("the same token twice")
    return named


def _is_number(score: Any) -> bool:
    return type(score) in (int, float) and math.isfinite(score)


def _beside(metadata: Mapping[str, Any], name: str, tokens: list[str]) -> list[Any]:
    """A list with an entry for each token; an empty one where there is none."""
    values = metadata.get(f"tokenizer.ggml.{name}")
    if values is None:
        return []
    if not isinstance(values, list | tuple) or len(values) != len(tokens):
        raise broken(f"a {name} list that does not have one entry for each of its {len(tokens):,} tokens")
    return list(values)


def _named(metadata: Mapping[str, Any], count: int) -> dict[str, int]:
    named = {name: metadata.get(f"tokenizer.ggml.{key}_token_id") for name, key in _IDS.items()}
    found = {name: token_id for name, token_id in named.items() if token_id is not None and token_id not in _NO_ID}
    for name, token_id in found.items():
        if type(token_id) is not int or not 0 <= token_id < count:
            raise broken(f"the {name} token {str(token_id)[:40]}, which is none of its {count:,} tokens")
    return found
