"""One small tokenizer of each kind, by what its decoder does with ids. All have control tokens, and a few words."""

from byte_tokenizers import byte_level
from tokenizers import AddedToken, Tokenizer, decoders, models

CONTROL = ["<s>", "</s>", "<|im_end|>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
WORDS = ["▁", "▁▁", "▁a", "a", "b", "▁b", "é", "你", "▁你", ".", "\n", "\ufffd", "a▁b"]


def _vocabulary(*words):
    return {word: index for index, word in enumerate(["<unk>", *words])}


def _bpe(words, decoder):
    backend = Tokenizer(models.BPE(vocab=_vocabulary(*words), merges=[], unk_token="<unk>", byte_fallback=True))
    return _finished(backend, decoder)


def _unigram(words, decoder):
    scores = [(word, -float(index)) for index, word in enumerate(["<unk>", *words])]
    return _finished(Tokenizer(models.Unigram(scores, unk_id=0, byte_fallback="<0x00>" in words)), decoder)


def _word_level(words, decoder):
    return _finished(Tokenizer(models.WordLevel(_vocabulary(*words), unk_token="<unk>")), decoder)


def _word_piece(decoder):
    words = ["a", "##a", "##b", "c", ".", "'", "##s", "n't", "do", "not", "\ufffd"]
    return _finished(Tokenizer(models.WordPiece(_vocabulary(*words), unk_token="<unk>")), decoder)


def _finished(backend, decoder):
    if decoder is not None:
        backend.decoder = decoder
    backend.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in CONTROL])
    return backend


def _byte_level_with_words():
    backend = byte_level(merges=[("Ã", "©"), ("ð", "Ł")])
    backend.add_tokens([AddedToken(text, normalized=False) for text in ("<tool>", "é", " 日", "\ufffd")])
    return backend


def _sequence(*parts):
    return decoders.Sequence([decoders.Replace("▁", " "), *parts])


_FUSED = decoders.ByteFallback(), decoders.Fuse()

KINDS = {
    "byte-level, as GPT-2's": byte_level,
    "byte-level with words of its own": _byte_level_with_words,
    "byte-fallback, as Llama 2's": lambda: _bpe([*BYTES, *WORDS], _sequence(*_FUSED, decoders.Strip(" ", 1, 0))),
    "byte-fallback, as Gemma's": lambda: _bpe([*BYTES, *WORDS], _sequence(*_FUSED)),
    "byte-fallback, nothing fused": lambda: _bpe([*BYTES, *WORDS], _sequence(decoders.ByteFallback())),
    "Unigram with bytes": lambda: _unigram([*BYTES, *WORDS], _sequence(*_FUSED, decoders.Strip(" ", 1, 0))),
    "Unigram, as T5's": lambda: _unigram(WORDS, decoders.Metaspace()),
    "Metaspace at the first word only": lambda: _word_level(WORDS, decoders.Metaspace(prepend_scheme="first")),
    "Metaspace at no word": lambda: _word_level(WORDS, decoders.Metaspace(prepend_scheme="never")),
    "WordPiece, as BERT's": lambda: _word_piece(decoders.WordPiece()),
    "WordPiece without clean-up": lambda: _word_piece(decoders.WordPiece(cleanup=False)),
    "words by their ends": lambda: _word_level(["a", "b</w>", "c</w>", "."], decoders.BPEDecoder()),
    "words without a decoder": lambda: _word_level(["a", "b", "c", "\ufffd"], None),
    "repetitions dropped, as in CTC": lambda: _word_level(["a", "b", "|", "<pad>"], decoders.CTC()),
}
