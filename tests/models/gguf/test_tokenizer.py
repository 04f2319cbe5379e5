"""A GGUF file's metadata become a tokenizer: fixed ids of small vocabularies, and every kind of bad metadata."""

import json

import pytest
from gguf_vocabularies import CONTROL, END, NORMAL, START, TOOL, USER_DEFINED, byte_level, sentencepiece, spelled
from tokenizers import Regex, Tokenizer, pre_tokenizers

from dolly_widget.errors import ModelError
from dolly_widget.models.gguf.pretokenizers import PRETOKENIZERS
from dolly_widget.models.gguf.tokenizer import write_tokenizer
from dolly_widget.models.template_files import template_for
from dolly_widget.text import ChatTemplate
from dolly_widget.text.incremental_decoder import IncrementalDecoder
from dolly_widget.text.template import Prompt, Segment
from dolly_widget.text.tokenizer import Tokenizer as OurTokenizer

HI = [("h", "i"), ("Ġ", "hi")]
WORDS = ["▁hi", "hi", "▁h", "▁", "h", "i", "▁▁"]


def written(metadata, directory):
    write_tokenizer(metadata, directory)
    return Tokenizer.from_file(str(directory / "tokenizer.json"))


def config(directory):
    return json.loads((directory / "tokenizer_config.json").read_text(encoding="utf-8"))


def tokens(backend, text, **more):
    return backend.encode(text, **more).tokens


def pieces(pre, text):
    """Where a text is cut."""
    cuts = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in PRETOKENIZERS[pre].patterns]
    return [piece for piece, _ in pre_tokenizers.Sequence(cuts).pre_tokenize_str(text)]


# Byte-level BPE


def test_merges_are_applied_in_their_order_within_the_pieces(tmp_path):
    metadata = byte_level("smollm", HI)
    names = metadata["tokenizer.ggml.tokens"]
    backend = written(metadata, tmp_path)
    assert tokens(backend, "hi hi 12é") == ["hi", "Ġhi", "Ġ", "1", "2", "Ã", "©"]
    assert backend.encode("hi hi").ids == [names.index("hi"), names.index("Ġhi")]
    assert backend.decode(backend.encode("hi hi 12é 👍\x00\n").ids) == "hi hi 12é 👍\x00\n"


def test_the_first_of_equal_merges_counts(tmp_path):
    merges = [("a", "b"), ("b", "c"), ("a", "b")]
    assert tokens(written(byte_level("gpt-2", merges), tmp_path), "abc") == ["ab", "c"]


def test_bytes_without_a_token_are_left_out_and_keep_their_neighbours_apart(tmp_path):
    metadata = byte_level("gpt-2", [("!", "?")])
    missing = metadata["tokenizer.ggml.tokens"].index(spelled("\x04"))
    for name in ("tokens", "token_type"):
        del metadata[f"tokenizer.ggml.{name}"][missing]
    for name in ("bos", "eos"):
        metadata[f"tokenizer.ggml.{name}_token_id"] -= 1
    backend = written(metadata, tmp_path)
    assert tokens(backend, "!?") == ["!?"]
    assert tokens(backend, "!\x04?") == ["!", "?"]


@pytest.mark.parametrize(("pre", "expected"), [("llama-bpe", ["hello"]), ("qwen2", ["h", "e", "l", "l", "o"])])
def test_a_piece_that_is_a_token_is_kept_whole_where_the_pretokenizer_says_so(pre, expected, tmp_path):
    backend = written(byte_level(pre, words=["hello"]), tmp_path)
    assert tokens(backend, "hello", add_special_tokens=False) == expected


@pytest.mark.parametrize("pre", PRETOKENIZERS)
def test_each_pretokenizer_can_be_written_and_loses_nothing(pre, tmp_path):
    backend = written(byte_level(pre, add_bos_token=False), tmp_path)
    text = "Hello wörld, it's 12345!\n\n\tif (x) { y = 'é'; }  \r\n 你好ａ 👍🏽"
    assert backend.decode(backend.encode(text).ids) == text


@pytest.mark.parametrize(
    ("pre", "text", "expected"),
    [
        ("gpt-2", "it's 1234  x\n\n y!?", ["it", "'s", " 1234", " ", " x", "\n\n", " y", "!?"]),
        ("gpt-2", "IT'S", ["IT", "'", "S"]),
        ("smollm", "a 123", ["a", " ", "1", "2", "3"]),
        ("llama-bpe", "IT'S 12345.\n\n x", ["IT", "'S", " ", "123", "45", ".\n\n", " x"]),
        ("llama-bpe", "(word", ["(word"]),
        ("qwen2", "a 123 é", ["a", " ", "1", "2", "3", " é"]),
        ("qwen2", "ne\u0301e", ["ne", "\u0301e"]),
        ("qwen35", "ne\u0301e", ["ne\u0301e"]),
        ("tekken", "helloWorld USA", ["hello", "World", " USA"]),
        ("tekken", "12", ["1", "2"]),
        ("gpt-4o", "don't 1234/x", ["don't", " ", "123", "4", "/x"]),
        ("seed-coder", "a!\n", ["a", "!", "\n"]),
        ("ufakzeka", "Ali'nin", ["Ali", "'nin"]),
        ("minicpm5", "a 1234", ["a", " ", "123", "4"]),
        ("exaone-moe", "two words 1", ["two words", " ", "1"]),
        ("bailingmoe", "a\n\nb", ["a", "\n\n", "b"]),
        ("jais-2", "a" + " " * 6 + "b", ["a", " " * 4, " ", " b"]),
        ("deepseek-v3", "a1234你好b!c", ["a", "123", "4", "你好", "b", "!c"]),
        ("deepseek-llm", "é 12你", ["é", " ", "12", "你"]),
        ("deepseek-coder", "a 12!\n", ["a", " ", "1", "2", "!", "\n"]),
        ("spark2_5", "a!\n12", ["a", "!", "\n", "1", "2"]),
        ("falcon", "a12345, b", ["a", "123", "45", ",", " b"]),
        ("bloom", "a b, c|1", ["a", " b", ",", " c", "|", "1"]),
        ("viking", "a b12", ["a", " b", "1", "2"]),
        ("superbpe", "one two 12345", ["one two ", "12", "345"]),
        ("chameleon", "a\nb  12.", ["a", "\n", "b", "  ", "1", "2", "."]),
        ("youtu", "helloWorld 가12", ["hello", "World", " ", "가", "1", "2"]),
        ("laguna", "a\n b", ["a", "\n", " b"]),
        ("default", "a$12345 b", ["a", "$", "123", "45", " b"]),
    ],
)
def test_each_pretokenizer_cuts_telling_texts_where_its_source_does(pre, text, expected):
    assert pieces(pre, text) == expected


# SentencePiece's BPE


def test_neighbours_that_make_the_token_of_the_highest_score_are_joined(tmp_path):
    backend = written(sentencepiece(WORDS), tmp_path)
    assert tokens(backend, "hi hi", add_special_tokens=False) == ["▁hi", "▁hi"]
    lower = sentencepiece(["▁h", "hi", "▁hi", "▁", "h", "i"])
    # "▁h" comes before "hi", and no token is made of "▁h" and "i" but "▁hi".
    assert tokens(written(lower, tmp_path), "hi", add_special_tokens=False) == ["▁hi"]
    apart = sentencepiece(["hi", "▁h", "▁", "h", "i"])
    assert tokens(written(apart, tmp_path), "hi", add_special_tokens=False) == ["▁", "hi"]


def test_what_has_no_token_becomes_its_bytes(tmp_path):
    backend = written(sentencepiece(WORDS), tmp_path)
    assert tokens(backend, "é\n", add_special_tokens=False) == ["▁", "<0xC3>", "<0xA9>", "<0x0A>"]
    for text in ("é\n", "hi  hi", "", " hi", "👍🏽 \x00"):
        assert backend.decode(backend.encode(text).ids) == text


def test_a_text_begins_with_a_space_only_where_the_file_says_so(tmp_path):
    backend = written(sentencepiece(WORDS, add_space_prefix=False), tmp_path)
    assert tokens(backend, "hi hi", add_special_tokens=False) == ["hi", "▁hi"]
    assert backend.decode(backend.encode(" hi").ids) == " hi"


def test_a_user_cannot_spell_a_control_token_by_its_letters(tmp_path):
    """llama.cpp joins "<" and "s>" to the token that begins a text."""
    metadata = sentencepiece(["s>", "<", "s", ">", "▁"], add_space_prefix=False)
    backend = written(metadata, tmp_path)
    backend.encode_special_tokens = True
    assert tokens(backend, "<s>", add_special_tokens=False) == ["<", "s>"]


# Tokens of their own


@pytest.mark.parametrize("metadata", [byte_level("gpt-2", HI), sentencepiece(WORDS)], ids=["gpt2", "llama"])
def test_control_tokens_count_in_the_template_and_users_tokens_everywhere(metadata, tmp_path):
    write_tokenizer(metadata, tmp_path)
    tokenizer = OurTokenizer(tmp_path)
    control = START if metadata["tokenizer.ggml.model"] == "gpt2" else "<s>"
    control_id, tool_id = tokenizer.token_id(control), tokenizer.token_id(TOOL)
    template, user = Segment(control, is_template=True), Segment(f"hi {control}{TOOL}", is_template=False)
    ids = tokenizer.encode(Prompt([template, user], adds_special_tokens=False))
    assert ids[0] == control_id
    assert ids.count(control_id) == 1
    assert ids.count(tool_id) == 1
    assert tokenizer.is_special(control_id)
    assert not tokenizer.is_special(tool_id)
    decoder = IncrementalDecoder(tokenizer)
    assert "".join(decoder.push([token_id]) for token_id in ids[1:]) + decoder.flush() == tokenizer.decode(ids[1:])
    assert tokenizer.decode(ids).replace(" ", "") == f"hi{control}{TOOL}"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["hi"]),
        ({"add_bos_token": True}, [START, "hi"]),
        ({"add_bos_token": True, "add_eos_token": True}, [START, "hi", END]),
        ({"add_bos_token": False, "add_eos_token": True}, ["hi", END]),
    ],
)
def test_a_text_begins_and_ends_as_the_file_says(more, expected, tmp_path):
    backend = written(byte_level("gpt-2", HI, **more), tmp_path)
    assert tokens(backend, "hi") == expected
    assert tokens(backend, "hi", add_special_tokens=False) == ["hi"]
    assert config(tmp_path)["add_bos_token"] == more.get("add_bos_token", False)
    assert config(tmp_path)["add_eos_token"] == more.get("add_eos_token", False)


def test_where_the_file_does_not_say_a_text_begins_as_in_llama_cpp(tmp_path):
    assert tokens(written(byte_level("llama-bpe", HI), tmp_path), "hi") == [START, "hi"]
    assert tokens(written(sentencepiece(WORDS), tmp_path), "hi") == ["<s>", "▁hi"]


def test_the_settings_name_the_tokens(tmp_path):
    write_tokenizer(byte_level("gpt-2", padding_token_id=0), tmp_path)
    settings = config(tmp_path)
    assert {name: settings[name] for name in settings if name.endswith("s_token") or name == "pad_token"} == {
        "bos_token": START,
        "eos_token": END,
        "pad_token": spelled("!"),
        "add_bos_token": False,
        "add_eos_token": False,
    }


def test_an_id_that_stands_for_no_token_is_none(tmp_path):
    write_tokenizer(byte_level("gpt-2", padding_token_id=0xFFFFFFFF, unknown_token_id=-1), tmp_path)
    assert not {"pad_token", "unk_token"} & config(tmp_path).keys()


def test_what_ends_an_answer_is_no_text_whatever_its_type(tmp_path):
    metadata = byte_level("gpt-2", HI, words=["<|eot_id|>", "[STOP]"])
    names = metadata["tokenizer.ggml.tokens"]
    metadata["tokenizer.ggml.token_type"][names.index(END)] = USER_DEFINED
    metadata["tokenizer.ggml.eos_token_id"] = names.index("[STOP]")
    write_tokenizer(metadata, tmp_path)
    tokenizer = OurTokenizer(tmp_path)
    assert tokenizer.is_special(names.index("[STOP]"))
    assert tokenizer.is_special(names.index(END))
    assert tokenizer.is_special(names.index("<|eot_id|>"))


def test_special_tokens_of_phi_3_take_the_white_space_behind_them(tmp_path):
    metadata = sentencepiece([*WORDS, "<|assistant|>"])
    metadata["tokenizer.ggml.token_type"][-1] = CONTROL
    assert tokens(written(metadata, tmp_path), "<|assistant|>\n", add_special_tokens=False)[1:] == ["▁", "<0x0A>"]
    metadata["general.name"] = "Phi 3 Mini"
    assert len(tokens(written(metadata, tmp_path), "<|assistant|>\n", add_special_tokens=False)) == 3
    metadata["general.name"] = "Phi-3 Mini"
    ids = written(metadata, tmp_path).encode("<|assistant|>\n", add_special_tokens=False).ids
    assert ids == [metadata["tokenizer.ggml.tokens"].index("<|assistant|>")]


def test_an_empty_token_is_named_by_its_id(tmp_path):
    metadata = byte_level("gpt-2", HI)
    metadata["tokenizer.ggml.tokens"][3] = ""
    assert written(metadata, tmp_path).id_to_token(3) == "[EMPTY_3]"


# The chat template

TEMPLATE = "{% for m in messages %}" + START + "{{ m.role }}\n{{ m.content }}" + END + "\n{% endfor %}"


def test_the_chat_template_is_the_model_s(tmp_path):
    metadata = byte_level("gpt-2", HI) | {"tokenizer.chat_template": TEMPLATE}
    write_tokenizer(metadata, tmp_path)
    template = template_for(tmp_path)
    assert isinstance(template, ChatTemplate)
    assert str(template.render("hi")).startswith(f"{START}user\nhi{END}\n")
    assert END in template.stop


def test_of_several_chat_templates_the_default_is_taken(tmp_path):
    metadata = byte_level("gpt-2", HI) | {
        "tokenizer.chat_template": TEMPLATE,
        "tokenizer.chat_template.tool_use": "{{ tools }}",
        "tokenizer.chat_templates": ["tool_use"],
    }
    write_tokenizer(metadata, tmp_path)
    assert config(tmp_path)["chat_template"] == [
        {"name": "default", "template": TEMPLATE},
        {"name": "tool_use", "template": "{{ tools }}"},
    ]
    assert str(template_for(tmp_path).render("hi")).startswith(START)


def test_no_chat_template_is_none(tmp_path):
    write_tokenizer(byte_level("gpt-2", HI), tmp_path)
    assert "chat_template" not in config(tmp_path)
    assert template_for(tmp_path).name == "plain"


@pytest.mark.parametrize(
    "templates",
    [
        {"tokenizer.chat_template": 7},
        {"tokenizer.chat_template": "x" * 1_000_001},
        {"tokenizer.chat_template.rag": None},
        {"tokenizer.chat_template": "\ud800"},
        {"tokenizer.chat_template.\ud800": "x"},
        {f"tokenizer.chat_template.{index}": "x" for index in range(21)},
    ],
)
def test_a_chat_template_that_cannot_be_one_is_refused(templates, tmp_path):
    with pytest.raises(ModelError, match="The GGUF file's chat template is not text, or is too long: take"):
        write_tokenizer(byte_level("gpt-2", HI) | templates, tmp_path)


# What is refused


@pytest.mark.parametrize("kind", ["bert", "t5", "rwkv", "plamo2", "gemma4", "hybriddna", "no_vocab", "x" * 999, 7])
def test_a_kind_that_is_not_known_is_refused_by_name(kind, tmp_path):
    message = f"The kind of the GGUF file's tokenizer is '{str(kind)[:60]}', which is not known here: take the"
    with pytest.raises(ModelError, match=message):
        write_tokenizer(byte_level() | {"tokenizer.ggml.model": kind}, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pre", ["kimi-k2", "whitespace", "Qwen2", "", "x\n\x1b[2J", 7, ["7"]])
def test_a_pretokenizer_that_is_not_known_is_refused_by_name(pre, tmp_path):
    with pytest.raises(
        ModelError, match=r"The pre-tokenizer of the GGUF file's tokenizer is .*, which is not known here: take"
    ) as raised:
        write_tokenizer(byte_level(pre), tmp_path)
    assert "\n" not in str(raised.value)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize(("key", "what"), [("model", "kind"), ("pre", "pre-tokenizer")])
def test_what_the_file_does_not_say_is_not_guessed(key, what, tmp_path):
    metadata = byte_level()
    del metadata[f"tokenizer.ggml.{key}"]
    with pytest.raises(ModelError, match=f"does not name its tokenizer's {what}"):
        write_tokenizer(metadata, tmp_path)


BROKEN = {
    "no tokens": (lambda count: {"tokens": None}, "no list of tokens"),
    "no list of tokens": (lambda count: {"tokens": "abc"}, "no list of tokens"),
    "an empty list of tokens": (lambda count: {"tokens": []}, "no list of tokens"),
    "tokens that are no text": (lambda count: {"tokens": list(range(1, count + 1))}, "a token that is not text"),
    "a lone surrogate": (lambda count: {"tokens": ["\ud800", "b"]}, "a token that cannot be encoded"),
    "the same token twice": (lambda count: {"tokens": ["a", "a"]}, "the same token twice"),
    "a token that is too long": (lambda count: {"tokens": ["a" * 1025, "b"]}, "tokens of too many characters"),
    "too many characters": (
        lambda count: {"tokens": [f"{index:01000}" for index in range(8400)]},
        "tokens of too many characters",
    ),
    "too many tokens": (lambda count: {"tokens": [""] * ((1 << 20) + 1)}, "1,048,577 tokens, more than 1,048,576"),
    "types for other tokens": (lambda count: {"token_type": [NORMAL] * 3}, "a token_type list that"),
    "no list of types": (lambda count: {"token_type": 7}, "a token_type list that"),
    "a type out of range": (
        lambda count: {"token_type": [NORMAL] * (count - 1) + [7]},
        "a token type that is none of 0 to 6",
    ),
    "a type that is no number": (lambda count: {"token_type": ["1"] * count}, "a token type that is none"),
    "scores for other tokens": (lambda count: {"scores": [0.5]}, "a scores list that"),
    "a score that is no number": (lambda count: {"scores": [0.5] * (count - 1) + ["0.5"]}, "a score that is no number"),
    "a score that is not finite": (
        lambda count: {"scores": [0.5] * (count - 1) + [float("nan")]},
        "a score that is no number",
    ),
    "an id out of range": (lambda count: {"eos_token_id": count}, ""),
    "a negative id": (lambda count: {"bos_token_id": -7}, ""),
    "an id that is no number": (lambda count: {"bos_token_id": "1"}, ""),
    "an id that is a truth": (lambda count: {"bos_token_id": True}, ""),
    "a setting that is no truth": (lambda count: {"add_bos_token": "yes"}, ""),
}


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize(("changes", "words"), BROKEN.values(), ids=BROKEN)
def test_metadata_that_cannot_be_right_are_refused(kind, changes, words, tmp_path):
    metadata = byte_level("gpt-2", HI) if kind == "gpt2" else sentencepiece(WORDS)
    for name, value in changes(len(metadata["tokenizer.ggml.tokens"])).items():
        metadata[f"tokenizer.ggml.{name}"] = value
    with pytest.raises(
        ModelError, match=rf"The GGUF file's tokenizer has {words}.*: the file is damaged or was made"
    ) as raised:
        write_tokenizer(metadata, tmp_path)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "merges", [None, "a b", ["h i", 7], ["h"], ["h i j"], ["h ŀŀŀ"], ["h e"], ["ŀŀŀ h"], ["a b"] * ((1 << 21) + 1)]
)
def test_merges_that_refer_to_no_token_are_refused(merges, tmp_path):
    with pytest.raises(ModelError, match=r"The GGUF file's tokenizer has .*merge.*: the file is damaged"):
        write_tokenizer(byte_level("gpt-2", HI) | {"tokenizer.ggml.merges": merges}, tmp_path)


def test_more_merges_than_a_vocabulary_has_are_refused(tmp_path):
    """Any part of each token is a token, too: half a million merges, of 340 million characters."""
    metadata = sentencepiece(["a" * length for length in range(1, 1025)])
    with pytest.raises(ModelError, match="tokenizer has more merges than a vocabulary has: the file is damaged"):
        write_tokenizer(metadata, tmp_path)


def test_more_special_tokens_than_can_be_looked_for_are_refused(tmp_path):
    metadata = byte_level("gpt-2", HI)
    metadata["tokenizer.ggml.tokens"] += [f"<{index}>" for index in range(40_000)]
    metadata["tokenizer.ggml.token_type"] += [CONTROL] * 40_000
    with pytest.raises(ModelError, match="tokenizer has 40,003 special tokens, more than 32,768"):
        write_tokenizer(metadata, tmp_path)


def test_a_sentencepiece_vocabulary_without_scores_is_refused(tmp_path):
    metadata = sentencepiece(WORDS)
    del metadata["tokenizer.ggml.scores"]
    with pytest.raises(ModelError, match="tokenizer has no scores: the file is damaged"):
        write_tokenizer(metadata, tmp_path)


def test_a_text_cannot_begin_with_a_token_that_is_not_named(tmp_path):
    metadata = byte_level("gpt-2", HI, add_bos_token=True)
    del metadata["tokenizer.ggml.bos_token_id"]
    with pytest.raises(ModelError, match="tokenizer has no BOS token to begin a text with: the file is damaged"):
        write_tokenizer(metadata, tmp_path)
