"""The whole word of a token: with tokenizers of each kind, and as the demonstration model would go on."""

import threading

import numpy as np
import pytest
from byte_tokenizers import SPECIAL, byte_level, save
from lens_files import Files, echo
from tokenizer_kinds import KINDS

from dolly_widget.lens.opened import open_model
from dolly_widget.lens.scores import next_token
from dolly_widget.lens.whole_word import MOST_TOKENS, answer_words, whole_word, whole_words
from dolly_widget.models import graph_signature
from dolly_widget.text.template import DOLLY, PLAIN
from dolly_widget.text.tokenizer import Tokenizer

WHO = DOLLY.render("Who is Dolly?")


@pytest.fixture(scope="module")
def files(demo_dir):
    return Files(demo_dir)


@pytest.fixture(scope="module")
def tokenizer(demo_dir):
    return Tokenizer(demo_dir)


@pytest.fixture
def kind(tmp_path):
    def make(name):
        return save(KINDS[name](), tmp_path)

    return make


def ids_of(tokenizer, *spellings):
    return [tokenizer.token_id(spelling) for spelling in spellings]


def word(tokenizer, before, token, following):
    """Of tokens by their spellings."""
    one = ids_of(tokenizer, token)[0]
    return whole_word(tokenizer, ids_of(tokenizer, *before), one, ids_of(tokenizer, *following))


SENTENCEPIECE = [
    "byte-fallback, as Llama 2's",
    "byte-fallback, as Gemma's",
    "byte-fallback, nothing fused",
    "Unigram with bytes",
    "Unigram, as T5's",
    "Metaspace at the first word only",
    "Metaspace at no word",
]


@pytest.mark.parametrize("name", SENTENCEPIECE)
def test_a_word_begins_where_a_space_is_in_a_token(kind, name):
    tokenizer = kind(name)
    assert word(tokenizer, ["▁a"], "▁b", ["a", "b", "▁a"]) == "bab"
    assert word(tokenizer, ["▁a", "▁b"], "a", ["▁a"]) == "ba"
    assert word(tokenizer, ["▁a"], "▁b", ["▁a"]) == ""  # it is all of it
    assert word(tokenizer, ["▁a"], "▁b", ["."]) == ""
    assert word(tokenizer, ["▁a", "b"], ".", ["▁a"]) == ""
    assert word(tokenizer, ["▁a"], "▁", ["a"]) == ""
    assert word(tokenizer, ["▁a", "\n"], "a", ["b", "</s>", "b"]) == "ab"  # the end of a text ends a word
    assert word(tokenizer, ["b", "<s>"], "a", ["."]) == ""  # nor does one go on across it
    assert word(tokenizer, ["▁a"], "▁你", ["你", "▁a"]) == ""


@pytest.mark.parametrize("name", ["byte-fallback, as Llama 2's", "byte-fallback, as Gemma's", "Unigram with bytes"])
def test_bytes_of_a_character_are_parts_of_its_word(kind, name):
    tokenizer = kind(name)
    assert word(tokenizer, ["▁a"], "<0xC3>", ["<0xA9>", "b", "▁a"]) == "aéb"
    assert word(tokenizer, ["▁a", "<0xC3>"], "<0xA9>", ["▁a"]) == "aé"
    assert word(tokenizer, ["▁a"], "<0xE4>", ["<0xBD>", "<0xA0>"]) == ""  # 你
    assert word(tokenizer, ["▁a"], "<0xC3>", ["▁a"]) == ""  # and never the other half


def test_word_pieces_that_go_on_say_so_themselves(kind):
    tokenizer = kind("WordPiece, as BERT's")
    assert word(tokenizer, ["c"], "a", ["##b", "##a", "c"]) == "aba"
    assert word(tokenizer, ["c", "a"], "##b", ["c"]) == "ab"
    assert word(tokenizer, ["c"], "a", ["c"]) == ""


def test_words_by_their_ends(kind):
    tokenizer = kind("words by their ends")
    assert word(tokenizer, ["c</w>"], "a", ["b</w>", "c</w>"]) == "ab"
    assert word(tokenizer, ["a"], "b</w>", ["c</w>"]) == "ab"
    assert word(tokenizer, ["a"], "c</w>", ["a"]) == "ac"


@pytest.mark.parametrize("name", KINDS)
def test_any_token_of_any_tokenizer_has_an_answer(kind, name):
    tokenizer = kind(name)
    every = [token_id for token_id in range(tokenizer.vocab_size) if tokenizer.has_token(token_id)][-60:]
    for place, token_id in enumerate(every):
        found = whole_word(tokenizer, every[:place], token_id, every[place + 1 :])
        assert "\ufffd" not in found
        assert not any(character.isspace() for character in found)


def encoded(tokenizer, text):
    return tokenizer.encode(PLAIN.render(text))


@pytest.mark.parametrize(
    ("before", "token", "following", "expected"),
    [
        ("in ", "P", "aris is", "Paris"),
        ("in Pa", "r", "is", "Paris"),
        ("in Pari", "s", ", yes", "Paris"),
        ("I ", "d", "on't", "don't"),
        ("", "d", "ogs' food", "dogs"),
        ("a ", "5", "th", "5th"),
        ("a ", "b", " c", ""),
        ("a", ",", "b", ""),
        ("a", " ", "b", ""),
        ("", "x", "yzxyzxyzxyz", "xyzxyzx…"),
    ],
)
def test_with_a_token_for_each_byte(tmp_path, before, token, following, expected):
    tokenizer = save(byte_level(SPECIAL), tmp_path)
    one = encoded(tokenizer, token)[0]
    assert whole_word(tokenizer, encoded(tokenizer, before), one, encoded(tokenizer, following)) == expected


def test_halves_of_a_character_in_bytes(tmp_path):
    tokenizer = save(byte_level(SPECIAL), tmp_path)
    first, second = encoded(tokenizer, "é")
    assert whole_word(tokenizer, encoded(tokenizer, "caf"), first, [second, *encoded(tokenizer, " ")]) == "café"
    assert whole_word(tokenizer, [*encoded(tokenizer, "caf"), first], second, encoded(tokenizer, " ")) == "café"
    sheep = encoded(tokenizer, "\N{SHEEP}")
    assert whole_word(tokenizer, [], sheep[0], sheep[1:]) == ""
    assert whole_word(tokenizer, [], first, encoded(tokenizer, "abcdefg")) == ""  # it was none


def test_no_more_is_asked_for_than_the_word_needs(tmp_path):
    tokenizer = save(byte_level(SPECIAL), tmp_path)
    asked = iter(encoded(tokenizer, "b cdefghijkl"))
    assert whole_word(tokenizer, [], encoded(tokenizer, "a")[0], asked) == "ab"
    assert next(asked) == encoded(tokenizer, "c")[0]
    endless = iter(encoded(tokenizer, "b" * 50))
    assert whole_word(tokenizer, [], encoded(tokenizer, "a")[0], endless) == "a" + "b" * MOST_TOKENS + "…"
    assert len(list(endless)) == 50 - MOST_TOKENS
    nothing = iter("untouched")
    for token in (".", " ", "\n"):
        assert whole_word(tokenizer, [], encoded(tokenizer, token)[0], nothing) == ""
    assert next(nothing) == "u"


def test_a_word_that_began_too_long_ago_is_not_shown(tmp_path):
    tokenizer = save(byte_level(SPECIAL), tmp_path)
    assert whole_word(tokenizer, encoded(tokenizer, "a" * 30), encoded(tokenizer, "b")[0], []) == ""


# The model


def greedy(files, tokenizer, ids, count=12):
    """The text that the model goes on with, by itself."""
    ids = list(ids)
    for _ in range(count):
        ids.append(int(next_token(files, WHO, ids).argmax()))
    return tokenizer.decode(ids)


def test_the_word_is_what_the_model_itself_would_write(files, tokenizer):
    likeliest = np.argsort(-next_token(files, WHO))[:20].tolist()
    found = dict(whole_words(files, WHO, [], likeliest))
    assert list(found) == likeliest
    words = {token_id: word for token_id, word in found.items() if word}
    assert len(words) > 2
    for token_id, word in words.items():
        assert greedy(files, tokenizer, [token_id]).startswith(word)
        assert len(word) > len(tokenizer.token_text(token_id))


def test_it_reads_on_behind_the_text_and_leaves_it_as_it_was(files, monkeypatch):
    before, starts = next_token(files, WHO, [300]), []

    def feed(request, ids, start):
        starts.append(start)
        return graph_signature.feed(request, ids, start)

    monkeypatch.setattr("dolly_widget.lens.reader.feed", feed)
    likeliest = np.argsort(-before)[:8].tolist()
    assert len(list(whole_words(files, WHO, [300], likeliest))) == 8
    next_token(files, WHO, [300, 301])
    count = len(open_model(files).model.encode(WHO)) + 1
    assert len(starts) >= 8
    assert min(starts) == starts[-1] == count
    np.testing.assert_array_equal(next_token(files, WHO, [300]), before)


def test_others_may_read_in_between(files):
    expected = dict(whole_words(files, WHO, [], range(300, 306)))
    found = {}
    for token_id, word in whole_words(files, WHO, [], range(300, 306)):
        found[token_id] = word
        next_token(files, DOLLY.render("Something else."))
    assert found == expected


def test_two_at_once_do_not_mix_up(files):
    other = DOLLY.render("Write a poem.")
    alone = list(whole_words(files, WHO, [], range(300, 305))), list(whole_words(files, other, [], range(300, 305)))
    one, two = whole_words(files, WHO, [], range(300, 305)), whole_words(files, other, [], range(300, 305))
    pairs = list(zip(one, two, strict=True))
    assert (list(map(list, zip(*pairs, strict=True)))) == [alone[0], alone[1]]


def test_stopping_ends_it_within_a_word(files):
    stop = threading.Event()
    found = whole_words(files, WHO, [], range(300, 400), stop=stop)
    next(found)
    stop.set()
    assert list(found) == []


@pytest.mark.parametrize("room", [0, 1, 2])
def test_at_the_end_of_the_positions_a_word_ends(demo_dir, tmp_path, tokenizer, room):
    files = echo(demo_dir, tmp_path / "echo")  # it would go on for ever
    prompt, piece = PLAIN.render("Hi "), encoded(tokenizer, "xq")[0]
    filled = [encoded(tokenizer, ".")[0]] * (files.model.info.max_positions - len(encoded(tokenizer, "Hi ")) - room)
    text = tokenizer.token_text(piece)
    found = dict(whole_words(files, prompt, filled, [piece]))
    assert found == {piece: text * (room + 1) if room else ""}


def test_a_model_without_a_cache_is_read_from_the_beginning(demo_dir, tmp_path, tokenizer):
    files = echo(demo_dir, tmp_path / "echo")
    piece = encoded(tokenizer, "xq")[0]
    assert dict(whole_words(files, PLAIN.render("Hi "), [], [piece]))[piece].endswith("…")  # it echoes for ever


def test_of_an_answer_its_own_tokens_say_it(files, tokenizer):
    answer = encoded(tokenizer, "Databricks made it, Xqzvy!")
    found = answer_words(files, WHO, answer)
    texts = [tokenizer.token_text(token_id) for token_id in answer]
    assert len(found) == len(answer)
    for text, word in zip(texts, found, strict=True):
        assert word in ("", "Databricks", "Xqzvy")
        assert word == "" or text.strip() in word
    assert {"Databricks", "Xqzvy"} <= set(found)
    assert found[texts.index(" made")] == found[-1] == ""
