"""A SentencePiece model (``tokenizer.model``) as a tokenizer of the `tokenizers` library that gives the same ids.

transformers 5 makes one too, but by the name of its class alone: it reads every Llama's as BPE, and keeps neither the
model's normalisation nor what it does with spaces. So each is compared with the SentencePiece library itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tokenizers

# Spaces at both ends and in rows, lines, code, what no vocabulary has, and forms that a normalisation changes.
_PROBES = (
    "Where do the electric sheep sleep?",
    "  two  spaces,   three ",
    "\n a new\tline\n\n",
    "def f(x):\n    return x  # 12345",
    "é ü ß 你好 🙂 한국어 مرحبا",
    "ﬁ ① Ａ ™ e\u0301 \u00a0\u3000x",
    "▁ ▁▁x",
    "x",
    " ",
    "",
)
_UNIGRAM = 1  # sentencepiece_model.proto, TrainerSpec.ModelType


def faithful(backend: tokenizers.Tokenizer, model_file: Path, *, legacy: bool = True) -> tokenizers.Tokenizer | None:
    """Return ``backend``, or one like it, if it encodes and decodes as the SentencePiece model does; None if none does.

    What is beside the model, such as added tokens and what stands before a text, stays as it is in ``backend``. It is
    returned itself for a file that is no SentencePiece model. ``legacy`` is that of ``tokenizer_config.json``: where it
    is false, a text after a special token does not begin with a space, which only ``backend`` can express; that it
    drops a space at the beginning of a prompt is then let be.
    """
    import sentencepiece

    try:
        original = sentencepiece.SentencePieceProcessor(model_file=str(model_file))
    except (RuntimeError, OSError):
        return backend
    probes = [text for text in _PROBES if legacy or not text.startswith((" ", "▁"))]
    candidates = _candidates(backend, model_file)
    return next((candidate for candidate in candidates if _is_same(candidate, original, probes)), None)


def _is_same(candidate: tokenizers.Tokenizer, original: Any, probes: Sequence[str]) -> bool:
    for text in probes:
        ids = original.encode(text)
        if candidate.encode(text, add_special_tokens=False).ids != ids:
            return False
        if candidate.decode(ids, skip_special_tokens=False) != original.decode(ids):
            return False
    return True


def _candidates(backend: tokenizers.Tokenizer, model_file: Path) -> Iterator[tokenizers.Tokenizer]:
    import tokenizers
    from sentencepiece import sentencepiece_model_pb2 as messages

    yield backend
    proto: Any = messages.ModelProto()  # type: ignore[attr-defined]  # made when it is imported
    proto.ParseFromString(model_file.read_bytes())
    rebuilt = tokenizers.Tokenizer.from_str(backend.to_str())
    rebuilt.normalizer, rebuilt.pre_tokenizer = _normalizer(proto.normalizer_spec), None
    if proto.trainer_spec.model_type == _UNIGRAM:
        vocab = [(piece.piece, piece.score) for piece in proto.pieces]
        rebuilt.model = tokenizers.models.Unigram(vocab, proto.trainer_spec.unk_id, proto.trainer_spec.byte_fallback)
    rebuilt.decoder = _decoder(proto.normalizer_spec.add_dummy_prefix)
    yield rebuilt


def _normalizer(spec: Any) -> Any:
    """What SentencePiece does to a text first: characters, then spaces. Source: google/sentencepiece, normalizer.cc."""
    from tokenizers import Regex, normalizers

    steps = [normalizers.Precompiled(spec.precompiled_charsmap)] if spec.precompiled_charsmap else []
    if spec.remove_extra_whitespaces:
        steps += [normalizers.Replace(Regex("^ +| +$"), ""), normalizers.Replace(Regex(" {2,}"), " ")]
    if spec.add_dummy_prefix:
        steps.append(normalizers.Prepend("▁"))
    return normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])


def _decoder(has_prefix: bool) -> Any:
    from tokenizers import decoders

    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)] if has_prefix else steps)
