"""The tokenizer of a GGUF file, written as ``tokenizer.json`` and ``tokenizer_config.json``.

It gives the ids that llama.cpp's own tokenizer gives for the file. Two kinds can be written: byte-level BPE (``gpt2``)
and SentencePiece's BPE (``llama``). Knows nothing of the file itself: it is given the metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.pretokenizers import PRETOKENIZERS, Pretokenizer
from dolly_widget.models.gguf.vocabulary import BYTE, USER_DEFINED, Vocabulary, broken, read_vocabulary
from dolly_widget.text import encodable

if TYPE_CHECKING:
    import tokenizers

_MAX_MERGES = 1 << 21
_MAX_MERGE_CHARACTERS = 1 << 26
_MAX_ADDED = 1 << 15  # all of them are looked for in every text
_LONGEST_TEMPLATE = 1_000_000
"""Characters, more than a chat template may have."""
_MAX_TEMPLATES = 20


def write_tokenizer(metadata: Mapping[str, Any], target: Path) -> None:
    """Write ``tokenizer.json`` and ``tokenizer_config.json`` into the directory ``target``.

    ``metadata`` are a GGUF file's, as plain values: those of ``tokenizer.*`` are read. Raises ModelError for a kind of
    tokenizer that is not known, and for metadata that cannot be right.
    """
    kind = metadata.get("tokenizer.ggml.model")
    if kind == "gpt2":
        backend, config = _byte_level(metadata)
    elif kind == "llama":
        backend, config = _sentencepiece(metadata)
    else:
        raise ModelError(_unknown("kind", kind))
    config |= _chat_templates(metadata)
    (target / "tokenizer.json").write_text(backend.to_str(pretty=True), encoding="utf-8")
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    (target / "tokenizer_config.json").write_text(text, encoding="utf-8")


def _unknown(what: str, name: Any) -> str:
    if name is None:
        return (
            f"The GGUF file does not name its tokenizer's {what}, as files from before May 2024 do not: take a newer "
            "file of the model, or its checkpoint."
        )
    return (
        f"The {what} of the GGUF file's tokenizer is {str(name)[:60]!a}, which is not known here: take the checkpoint "
        "that the file was made from."
    )


# Byte-level BPE


def _byte_level(metadata: Mapping[str, Any]) -> tuple[tokenizers.Tokenizer, dict[str, Any]]:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors

    way = _pretokenizer(metadata.get("tokenizer.ggml.pre"))
    vocabulary = read_vocabulary(metadata)
    ids = {token: token_id for token_id, token in enumerate(vocabulary.tokens)}
    merges = _listed_merges(metadata.get("tokenizer.ggml.merges"), ids)
    backend = Tokenizer(models.BPE(vocab=ids, merges=merges, ignore_merges=way.keeps_whole))
    cuts = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in way.patterns]
    in_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([*cuts, in_bytes, *_without_missing_bytes(ids)])
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.ByteLevel(trim_offsets=False)
    return backend, _finish(backend, vocabulary, metadata, adds_bos=way.adds_bos)


def _without_missing_bytes(ids: Mapping[str, int]) -> list[tokenizers.pre_tokenizers.PreTokenizer]:
    """Leave out the bytes that have no token, as llama.cpp does: what is beside them is not joined."""
    from tokenizers import Regex, pre_tokenizers

    missing = sorted(set(pre_tokenizers.ByteLevel.alphabet()) - ids.keys())
    pattern = "|".join(map(re.escape, missing))
    return [pre_tokenizers.Split(Regex(pattern), "removed")] if missing else []


def _pretokenizer(name: Any) -> Pretokenizer:
    found = PRETOKENIZERS.get(name) if isinstance(name, str) else None
    if found is None:
        raise ModelError(_unknown("pre-tokenizer", name))
    return found


def _listed_merges(merges: Any, ids: Mapping[str, int]) -> list[tuple[str, str]]:
    """The file's merges, the first of equal ones. Each is two tokens with a space between, and makes a third."""
    if not isinstance(merges, list | tuple) or not all(isinstance(merge, str) for merge in merges):
        raise broken("no list of merges")
    if len(merges) > _MAX_MERGES:
        raise broken(f"{len(merges):,} merges, more than {_MAX_MERGES:,}")
    pairs = dict.fromkeys(_pair(merge) for merge in merges)
    for left, right in pairs:
        if left not in ids or right not in ids or left + right not in ids:
            raise broken(f"a merge, {left[:40]!a} with {right[:40]!a}, of what are no tokens")
    return list(pairs)


def _pair(merge: str) -> tuple[str, str]:
    space = merge.find(" ", 1)
    return (merge[:space], merge[space + 1 :]) if space > 0 else (merge, "")


# SentencePiece's BPE


def _sentencepiece(metadata: Mapping[str, Any]) -> tuple[tokenizers.Tokenizer, dict[str, Any]]:
    from tokenizers import Tokenizer, decoders, models, normalizers

    vocabulary = _with_defaults(read_vocabulary(metadata))
    if not vocabulary.scores:
        raise broken("no scores")
    ids = {token: token_id for token_id, token in enumerate(vocabulary.tokens)}
    unknown = vocabulary.tokens[vocabulary.named["unk"]]
    merges = _merges_by_score(vocabulary, ids)
    backend = Tokenizer(models.BPE(vocab=ids, merges=merges, unk_token=unknown, fuse_unk=True, byte_fallback=True))
    has_prefix = _flag(metadata, "add_space_prefix", True)
    prefix = [normalizers.Prepend("▁")] if has_prefix else []
    backend.normalizer = normalizers.Sequence([*prefix, normalizers.Replace(" ", "▁")])
    strip = [decoders.Strip(" ", 1, 0)] if has_prefix else []
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    return backend, _finish(backend, vocabulary, metadata, adds_bos=True)


def _with_defaults(vocabulary: Vocabulary) -> Vocabulary:
    """The ids that llama.cpp takes where the file names none."""
    defaults = {"unk": 0, "bos": 1, "eos": 2}
    known = {name: token_id for name, token_id in defaults.items() if token_id < len(vocabulary.tokens)}
    return Vocabulary(vocabulary.tokens, vocabulary.types, vocabulary.scores, known | dict(vocabulary.named))


def _merges_by_score(vocabulary: Vocabulary, ids: Mapping[str, int]) -> list[tuple[str, str]]:
    """Every way to make a token of two others, the token of the highest score first.

    llama.cpp joins the two neighbours that make the token of the highest score; rules in this order do the same. Of
    equal ones, it takes those that come first in the text; there, the longer beginning does the same for a row of one
    character, which is where equal scores occur.
    Source: llama-vocab.cpp, ``llm_tokenizer_spm_session``.
    """
    # Otherwise a user could type a control token: llama.cpp makes one of what has the same letters.
    no_text = vocabulary.special() | {token_id for token_id, kind in enumerate(vocabulary.types) if kind == BYTE}
    words = {token: token_id for token, token_id in ids.items() if token_id not in no_text}
    found = []
    characters = 0
    for token, token_id in words.items():
        halves = [(left, right) for left, right in _halves(token) if left in words and right in words]
        characters += len(halves) * len(token)
        if characters > _MAX_MERGE_CHARACTERS:
            raise broken("more merges than a vocabulary has")
        found += [(-vocabulary.scores[token_id], -len(left), left, right) for left, right in halves]
    found.sort(key=lambda merge: merge[:2])
    return [(left, right) for _, _, left, right in found]


def _halves(token: str) -> Iterator[tuple[str, str]]:
    return ((token[:place], token[place:]) for place in range(1, len(token)))


# Both


def _finish(
    backend: tokenizers.Tokenizer, vocabulary: Vocabulary, metadata: Mapping[str, Any], *, adds_bos: bool
) -> dict[str, Any]:
    """Give the tokenizer its special tokens, and return its settings."""
    _add_tokens(backend, vocabulary, takes_spaces=_is_phi3(metadata))
    adds_bos = _flag(metadata, "add_bos_token", adds_bos)
    adds_eos = _flag(metadata, "add_eos_token", False)
    _surround(backend, vocabulary, adds_bos, adds_eos)
    texts = {f"{name}_token": vocabulary.tokens[token_id] for name, token_id in vocabulary.named.items()}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **{name: text for name, text in texts.items() if name in ("bos_token", "eos_token", "unk_token", "pad_token")},
        "add_bos_token": adds_bos,
        "add_eos_token": adds_eos,
        "clean_up_tokenization_spaces": False,
    }


def _flag(metadata: Mapping[str, Any], name: str, default: bool) -> bool:
    value = metadata.get(f"tokenizer.ggml.{name}", default)
    if not isinstance(value, bool):
        raise broken(f"a setting, {name}, that is neither true nor false")
    return value


def _is_phi3(metadata: Mapping[str, Any]) -> bool:
    """Whether the special tokens take the white space behind them, which no file says: llama.cpp goes by the name."""
    name = str(metadata.get("general.name", "")).lower()
    return "phi-3" in name or "phi3" in name


def _add_tokens(backend: tokenizers.Tokenizer, vocabulary: Vocabulary, *, takes_spaces: bool) -> None:
    from tokenizers import AddedToken

    special = vocabulary.special()
    added = [
        (token, token_id in special)
        for token_id, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.types, strict=True))
        if token_id in special or kind == USER_DEFINED
    ]
    if len(added) > _MAX_ADDED:
        raise broken(f"{len(added):,} special tokens, more than {_MAX_ADDED:,}")
    keep_spaces = ("<unk>", "<s>", "<|endoftext|>")
    backend.add_tokens(
        [
            AddedToken(token, normalized=False, special=is_special, rstrip=takes_spaces and token not in keep_spaces)
            for token, is_special in added
        ]
    )


def _surround(backend: tokenizers.Tokenizer, vocabulary: Vocabulary, adds_bos: bool, adds_eos: bool) -> None:
    from tokenizers import processors

    for name, is_added, place in (("bos", adds_bos, "begin"), ("eos", adds_eos, "end")):
        if is_added and name not in vocabulary.named:
            raise broken(f"no {name.upper()} token to {place} a text with")
    if not adds_bos and not adds_eos:
        return
    before, after = ["bos"] * adds_bos, ["eos"] * adds_eos
    # By names of our own: a token's text may hold what the template's syntax would take for something else.
    named = [
        {"id": name, "ids": [vocabulary.named[name]], "tokens": [vocabulary.tokens[vocabulary.named[name]]]}
        for name in (*before, *after)
    ]
    around = processors.TemplateProcessing(
        single=[*before, "$A", *after], pair=[*before, "$A", "$B:1", *after], special_tokens=named
    )
    parts = [backend.post_processor] if backend.post_processor else []
    backend.post_processor = processors.Sequence([*parts, around])


def _chat_templates(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The chat template as transformers' settings have it: a text, or a list where there are several."""
    start = "tokenizer.chat_template"
    named = {key.removeprefix(f"{start}."): value for key, value in metadata.items() if key.startswith(f"{start}.")}
    templates = ({"default": metadata[start]} if start in metadata else {}) | named
    if len(templates) > _MAX_TEMPLATES or not all(map(_is_template, [*templates, *templates.values()])):
        raise ModelError(
            "The GGUF file's chat template is not text, or is too long: take the checkpoint that the file "
            "was made from."
        )
    if not named:
        return {"chat_template": templates["default"]} if templates else {}
    return {"chat_template": [{"name": name, "template": template} for name, template in templates.items()]}


def _is_template(template: Any) -> bool:
    return isinstance(template, str) and len(template) <= _LONGEST_TEMPLATE and template == encodable(template)
