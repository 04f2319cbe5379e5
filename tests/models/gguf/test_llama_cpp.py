"""Written tokenizers give the ids of llama.cpp's own. Slow: a server is started for each; needs xllamacpp."""

import os
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from gguf import GGUFReader
from gguf_vocabularies import (
    END,
    START,
    TOOL,
    byte_level,
    pairs_of_bytes,
    sentencepiece,
    spelled,
    trained_words,
    write_file,
)
from llama_tokenizer import IS_INSTALLED, NEEDS_IT, RefusedError, llama_tokenizer
from random_texts import random_texts
from tokenizers import Tokenizer

from dolly_widget.models.gguf.pretokenizers import PRETOKENIZERS
from dolly_widget.models.gguf.tokenizer import write_tokenizer

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not IS_INSTALLED, reason=NEEDS_IT)]

SMOLLM2 = os.environ.get("DOLLY_WIDGET_TEST_GGUF", "")
"""A GGUF file of published weights, SmolLM2-135M-Instruct's for one."""


def has_plain_letters(text):
    """No combining marks, and no letters beyond ASCII that are of one case."""
    kinds = {unicodedata.category(character) for character in text if not character.isascii()}
    return not kinds & {"Mn", "Mc", "Me", "Lu", "Ll", "Lt"}


def is_lower_case(text):
    return text.isascii() and text == text.lower()


def has_plain_spaces(text):
    return not any(character.isspace() for character in text if not character.isascii())


def has_plain_digits(text):
    return not any(unicodedata.category(character) == "Nd" for character in text if not character.isascii())


# Where llama.cpp does not do what the expression says, and the texts that remain.
ADAPTED = {
    # Combining marks are no part of a word, and letters beyond ASCII are both upper and lower case.
    **dict.fromkeys(["tekken", "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], has_plain_letters),
    # Upper and lower case are one: "helloWorld" is not cut.
    "youtu": is_lower_case,
    # White space beyond ASCII is matched by \s alone, and by no range of characters that it lies in.
    **dict.fromkeys(["deepseek-llm", "deepseek-coder"], has_plain_spaces),
    "superbpe": has_plain_digits,  # \d is ASCII's
}


@cache
def all_texts():
    return random_texts(2000)


def special_texts():
    names = ["<s>", "</s>", "<unk>", START, END, TOOL]
    texts = [text.replace("the", names[index % 6]) for index, text in enumerate(random_texts(300, seed=1))]
    return [f"{text}{names[index % 5]}  x{names[index % 6]}" for index, text in enumerate(texts)]


def written(metadata, directory):
    write_tokenizer(metadata, directory)
    return Tokenizer.from_file(str(directory / "tokenizer.json"))


def ids(ours, texts, *, parse_special=False, add_special=False):
    ours.encode_special_tokens = not parse_special
    return [encoding.ids for encoding in ours.encode_batch(texts, add_special_tokens=add_special)]


def mismatches(ours, theirs, texts):
    pairs = zip(texts, ids(ours, texts), theirs.encode(texts), strict=True)
    return [text for text, our_ids, their_ids in pairs if our_ids != their_ids]


@pytest.mark.skipif(not SMOLLM2, reason="published weights are compared with: DOLLY_WIDGET_TEST_GGUF=/path/to/a.gguf")
def test_a_published_file_has_the_ids_and_the_round_trips_of_llama_cpp(tmp_path):
    metadata = {name: field.contents() for name, field in GGUFReader(SMOLLM2).fields.items()}
    ours, texts = written(metadata, tmp_path), all_texts()
    with llama_tokenizer(Path(SMOLLM2)) as theirs:
        encodings = theirs.encode(texts)
        whole = [text for text, found in zip(texts, encodings, strict=True) if theirs.decode(found) == text]
        assert mismatches(ours, theirs, texts) == []
        assert [text for text in whole if ours.decode(ours.encode(text).ids, skip_special_tokens=False) != text] == []
    assert len(whole) > 1000


@pytest.mark.parametrize("pre", PRETOKENIZERS)
def test_each_pretokenizer_cuts_as_llama_cpp(pre, tmp_path):
    """Any two bytes that stand in one piece are joined, so that the ids tell where each piece ends."""
    metadata = byte_level(pre, pairs_of_bytes(), words=[spelled(word) for word in (" hello", "World", "  ", "HELLO")])
    ours = written(metadata, tmp_path)
    texts = list(filter(ADAPTED.get(pre), all_texts())) if pre in ADAPTED else all_texts()
    try:
        with llama_tokenizer(write_file(tmp_path / "model.gguf", metadata)) as theirs:
            assert mismatches(ours, theirs, texts) == []
            assert ids(ours, ["x"], add_special=True) == [theirs.encode_one("x", add_special=True)]
    except RefusedError as refused:
        if "unknown pre-tokenizer type" not in str(refused):
            raise
        pytest.skip(f"this llama.cpp does not know {pre!r}")
    assert len(texts) >= 100


@pytest.mark.parametrize("add_space_prefix", [True, False])
@pytest.mark.parametrize("size", [600, 3000, 12000])
def test_sentencepiece_has_the_ids_and_the_round_trips_of_llama_cpp(size, add_space_prefix, tmp_path):
    words = trained_words([*random_texts(3000, seed=size), *(" " * count for count in range(40))], size)
    metadata = sentencepiece(words, add_space_prefix=add_space_prefix)
    ours, texts = written(metadata, tmp_path), all_texts()
    with llama_tokenizer(write_file(tmp_path / "model.gguf", metadata)) as theirs:
        assert mismatches(ours, theirs, texts) == []
        decoded = [theirs.decode(found) for found in theirs.encode(texts)]
    prefix = " " if add_space_prefix else ""
    whole = [text for text, again in zip(texts, decoded, strict=True) if again == f"{prefix}{text}"]
    assert [text for text in whole if ours.decode(ours.encode(text).ids) != text] == []
    assert len(whole) > 1000


@pytest.mark.parametrize("scores", ["falling", "equal"])
def test_rows_of_one_character_are_joined_as_by_llama_cpp(scores, tmp_path):
    words = [*("a" * count for count in range(2, 8)), *("▁" * count for count in range(2, 32)), "ab", "ba", "aba"]
    metadata = sentencepiece([*words, "a", "b", "▁"], add_space_prefix=False)
    if scores == "equal":
        metadata["tokenizer.ggml.scores"] = [0.0] * len(metadata["tokenizer.ggml.scores"])
    texts = ["a" * count + " " * (50 - count) for count in range(50)]
    ours = written(metadata, tmp_path)
    with llama_tokenizer(write_file(tmp_path / "model.gguf", metadata)) as theirs:
        assert mismatches(ours, theirs, texts) == []


@pytest.mark.parametrize("kind", ["byte-level", "sentencepiece"])
@pytest.mark.parametrize("parse_special", [True, False])
def test_special_tokens_count_where_they_are_asked_for(kind, parse_special, tmp_path):
    made = (
        byte_level("qwen2", pairs_of_bytes())
        if kind == "byte-level"
        else sentencepiece(trained_words(all_texts(), 900))
    )
    ours, texts = written(made, tmp_path), special_texts()
    with llama_tokenizer(write_file(tmp_path / "model.gguf", made)) as theirs:
        for add_special in (True, False):
            asked = {"parse_special": parse_special, "add_special": add_special}
            assert ids(ours, texts, **asked) == [theirs.encode_one(text, **asked) for text in texts]
