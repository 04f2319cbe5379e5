"""A token's label shows what it is made of: what has no ink has a sign, and no two tokens look the same."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Backend

from dolly_widget.text.characters import encodable, visible
from dolly_widget.text.figures import percent
from dolly_widget.text.labels import token_label
from dolly_widget.text.template import PLAIN
from dolly_widget.text.tokenizer import Tokenizer


def save(backend, model_dir):
    backend.save(str(model_dir / "tokenizer.json"))
    return Tokenizer(model_dir)


def words(model_dir, *texts, special=()):
    """A tokenizer whose tokens are spelled as they are."""
    backend = Backend(models.WordLevel({text: place for place, text in enumerate(texts)}, unk_token=texts[0]))
    backend.decoder = decoders.Fuse()
    backend.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in special])
    return save(backend, model_dir)


def byte_level(model_dir, *merges, added=()):
    """The 256 bytes, spelled as in GPT-2, and pairs of them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    spelled = [*alphabet, *("".join(pair) for pair in merges)]
    backend = Backend(models.BPE(vocab={word: i for i, word in enumerate(spelled)}, merges=list(merges)))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_tokens(list(added))
    return save(backend, model_dir)


def byte_fallback(model_dir, *texts):
    """As Llama 2: words with "▁" for a space, and a token for each byte."""
    spelled = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *texts]
    vocab = {word: i for i, word in enumerate(spelled)}
    backend = Backend(models.BPE(vocab=vocab, merges=[], unk_token="<unk>", byte_fallback=True))
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return save(backend, model_dir)


@pytest.fixture(scope="module")
def demo(demo_dir):
    return Tokenizer(demo_dir)


def label_of(model_dir, text):
    return token_label(words(model_dir, "<unk>", text), 1)


@pytest.mark.parametrize(
    ("text", "shown", "name"),
    [
        ("cat", "cat", "cat"),
        (" the", " the", "␣the"),
        (" ", " ", "␣"),
        ("   ", "   ", "␣␣␣"),
        ("\n", "↵\n", "↵"),
        ("\n\n", "↵\n↵\n", "↵↵"),
        ("\t", "\t", "⇥"),
        ("\r", "␍", "␍"),
        ("\r\n", "␍↵\n", "␍↵"),
        ("a\0\x1b[0m", "a␀␛[0m", "a␀␛[0m"),
        ("\x7f\x85", "\ufffd\ufffd", "⟨U+007F⟩⟨U+0085⟩"),
        ("\xa0", "\xa0", "⟨U+00A0⟩"),
        ("\u3000", "\u3000", "⟨U+3000⟩"),
        ("\u200b", "\u200b", "⟨U+200B⟩"),
        ("a\u200db", "a\u200db", "a⟨U+200D⟩b"),
        ("\xad", "\xad", "⟨U+00AD⟩"),
        ("\ufeff", "\ufeff", "⟨U+FEFF⟩"),
        ("\u3164", "\u3164", "⟨U+3164⟩"),
        ("\u2028", "\u2028", "⟨U+2028⟩"),
        ("\ue000", "\ue000", "⟨U+E000⟩"),
        ("\u202eabc", "U+202Eabc", "⟨U+202E⟩abc"),
        ("\u2066", "U+2066", "⟨U+2066⟩"),
        ("\u0301", "\u0301", "\u25cc\u0301"),
        (" \u0301", " \u0301", "␣\u25cc\u0301"),
        ("e\u0301\u0323", "e\u0301\u0323", "e\u0301\u0323"),
        ("का", "का", "का"),
        ("❤\ufe0f", "❤\ufe0f", "❤\ufe0f"),
        ("<script>", "<script>", "<script>"),
        ("日本", "日本", "日本"),
        # What we show something else with.
        ("␣", "␣", "⟨U+2423⟩"),
        ("↵", "↵", "⟨U+21B5⟩"),
        ("⟨id 7⟩", "⟨id 7⟩", "⟨U+27E8⟩id␣7⟨U+27E9⟩"),
        ("\ufffd", "\ufffd", "⟨U+FFFD⟩"),
    ],
)
def test_a_token_is_shown_by_itself_and_in_a_running_text(tmp_path, text, shown, name):
    assert label_of(tmp_path, text) == (shown, name, False)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("🙂", ["⟨F0⟩", "⟨9F⟩", "⟨99⟩", "⟨82⟩"]),
        ("é", ["⟨C3⟩", "⟨A9⟩"]),
        ("a b", ["a", "␣", "b"]),
        ("\n", ["↵"]),
    ],
)
@pytest.mark.parametrize("kind", [byte_level, byte_fallback])
def test_half_a_character_is_shown_as_its_bytes(tmp_path, kind, text, names):
    tokenizer = kind(tmp_path, *("ab" if kind is byte_fallback else ()))
    labels = [token_label(tokenizer, token_id) for token_id in tokenizer.encode(PLAIN.render(text))]
    assert [label.name for label in labels] == names
    assert not any(label.is_special for label in labels)


@pytest.mark.parametrize(
    ("merges", "text", "names"),
    [
        ([("ð", "Ł")], "🙂", ["⟨F0 9F⟩", "⟨99⟩", "⟨82⟩"]),
        ([("Ġ", "ð"), ("Ġð", "Ł")], " 🙂", ["␣⟨F0 9F⟩", "⟨99⟩", "⟨82⟩"]),
        ([("Ĥ", "a")], "🙂a", ["⟨F0⟩", "⟨9F⟩", "⟨99⟩", "⟨82⟩a"]),
        ([("Ã", "©")], "é", ["é"]),
        ([("ï", "¿"), ("ï¿", "½")], "\ufffd", ["⟨U+FFFD⟩"]),
    ],
)
def test_bytes_stand_beside_the_characters_that_are_whole(tmp_path, merges, text, names):
    tokenizer = byte_level(tmp_path, *merges)
    labels = [token_label(tokenizer, token_id) for token_id in tokenizer.encode(PLAIN.render(text))]
    assert [label.name for label in labels] == names


def test_bytes_are_in_brackets_in_a_running_text_too(tmp_path):
    tokenizer = byte_level(tmp_path, ("Ġ", "ð"), ("Ġð", "Ł"))
    token_id, *_ = tokenizer.encode(PLAIN.render(" 🙂"))
    assert token_label(tokenizer, token_id).text == " ⟨F0 9F⟩"


def test_control_tokens_are_told_from_text_that_reads_the_same(tmp_path):
    tokenizer = words(tmp_path, "<unk>", "### End ", special=["### End", "<|a\n|>"])
    labels = [token_label(tokenizer, token_id) for token_id in (1, 2, 3)]
    assert labels == [("### End ", "###␣End␣", False), ("### End", "###␣End", True), ("<|a↵\n|>", "<|a↵|>", True)]


@pytest.mark.parametrize("token_id", [2, 5000, 2**40, -1])
def test_an_id_without_a_text_is_shown_as_its_number(tmp_path, token_id):
    """A vocabulary is filled up to a round number."""
    name = f"⟨id {token_id}⟩"
    assert token_label(words(tmp_path, "<unk>", "a"), token_id) == (name, name, True)


def test_a_token_of_no_text_is_shown_as_its_number(tmp_path):
    assert token_label(words(tmp_path, "<unk>", ""), 1) == ("⟨id 1⟩", "⟨id 1⟩", True)


def test_a_lone_surrogate_can_be_shown():
    assert visible("a\ud800b") == "a\ufffdb"
    visible("\ud800\udc80").encode()


def test_labels_of_the_demo_model_are_unambiguous(demo, demo_dir):
    labels = [token_label(demo, token_id) for token_id in range(demo.vocab_size)]
    by_name = {}
    for token_id, label in enumerate(labels):
        by_name.setdefault(label.name, []).append(token_id)
    for ids in by_name.values():
        for one, other in pairwise(ids):
            assert demo.token_bytes(one) == demo.token_bytes(other) is not None
    assert len(by_name) > 2000
    assert all(label.name.strip() and label.text for label in labels)


one_or_more = st.text(min_size=1, max_size=6, alphabet=st.characters(codec="utf-8"))


@settings(max_examples=200)
@given(texts=st.lists(one_or_more | st.sampled_from(["⟨U+00A0⟩", "\xa0", "␣", " ", "◌\u0301", "\u0301"]), unique=True))
@example(texts=["\u0301", "◌\u0301", "⟨U+0041⟩", "␀", "\0", "\x85", "\ufffd"])
def test_texts_that_differ_have_names_that_differ(tmp_path_factory, texts):
    tokenizer = words(tmp_path_factory.mktemp("words"), "<unk>", *(text for text in texts if text != "<unk>"))
    names = [token_label(tokenizer, token_id).name for token_id in range(tokenizer.vocab_size)]
    assert len(set(names)) == len(names)
    for name in names:
        assert not any(ord(character) < 32 or character == " " for character in name)
        name.encode()


# Bytes of tokens

any_text = st.text(max_size=30, alphabet=st.characters(codec=None))


@settings(max_examples=300)
@given(text=any_text)
@example(text="a\ud800🙂 é\r\n<0x41>")
def test_the_bytes_of_the_tokens_are_those_of_the_text(demo, text):
    ids = demo.encode(PLAIN.render(text))
    assert b"".join(map(demo.token_bytes, ids)) == encodable(text).encode()


def test_bytes_of_a_word_that_is_not_spelled_in_bytes(tmp_path):
    """GPT-NeoX has tokens of several spaces, spelled as they are."""
    tokenizer = byte_level(tmp_path, added=["    ", "é"])
    ids = tokenizer.encode(PLAIN.render("a    é\xa9"))
    assert [tokenizer.token_bytes(token_id) for token_id in ids] == [b"a", b"    ", "é".encode(), b"\xc2", b"\xa9"]


def test_a_text_that_reads_as_a_byte_is_text_where_bytes_are_spelled_otherwise(tmp_path):
    merges = [("<", "0"), ("<0", "x"), ("4", "1"), ("41", ">"), ("<0x", "41>")]
    tokenizer = byte_level(tmp_path, *merges)
    (token_id,) = tokenizer.encode(PLAIN.render("<0x41>"))
    assert tokenizer.token_bytes(token_id) == b"<0x41>"


def test_letters_of_a_tokenizer_without_byte_spelling_are_no_bytes(tmp_path):
    tokenizer = byte_fallback(tmp_path, "é")
    (letter,) = tokenizer.encode(PLAIN.render("é"))
    assert tokenizer.token_bytes(letter) is None
    assert token_label(tokenizer, letter).name == "é"
    assert tokenizer.token_bytes(1 + 0xE2) == b"\xe2"


@pytest.mark.parametrize("token_id", [-1, 10**6, 2**40])
def test_an_id_that_no_token_has_has_no_bytes(demo, token_id):
    assert demo.token_bytes(token_id) is None


def test_control_tokens_have_no_bytes(demo):
    assert demo.token_bytes(demo.special_id("### End")) is None


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.00%"), (1, "100.00%"), (0.5, "50.00%"), (1e-9, "<0.01%"), (0.99999, ">99.99%"), (1 - 1e-13, "100.00%")],
)
def test_percentages_round_nothing_away(share, text):
    assert percent(share) == text
