"""Ids become text as they come, which is never taken back, and ends where a stop text begins."""

import pytest
from byte_tokenizers import SPECIAL, byte_level, save
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizer_kinds import BYTES, KINDS
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models

from dolly_widget.text.characters import REPLACEMENT
from dolly_widget.text.stream import TextStream
from dolly_widget.text.template import PLAIN
from dolly_widget.text.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One token a byte, and Dolly's special tokens."""
    return save(byte_level(), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def demo(demo_dir):
    return Tokenizer(demo_dir)


def stream(tokenizer, chunks, stop_strings=()):
    """All pieces, checked at each step: together they are the text so far, and none is taken back."""
    text = TextStream(tokenizer, stop_strings)
    pieces = []
    for chunk in chunks:
        before = text.text
        pieces.append(text.push(chunk))
        assert text.text == before + pieces[-1] == "".join(pieces)
    pieces.append(text.flush())
    assert text.text == "".join(pieces)
    return text, pieces


def split(ids, sizes):
    sizes, position = iter(sizes), 0
    while position < len(ids):
        size = next(sizes, 1)
        yield ids[position : position + size]
        position += size


def random_ids(small):
    letters = [st.integers(0, 255 + len(SPECIAL)), st.sampled_from(small.encode(PLAIN.render(" \n\tab")))]
    texts = st.sampled_from(["🙂", "é", "日本", " ", "\n\n", "word", REPLACEMENT, "👩‍👧"])
    return st.lists(
        st.one_of(
            *(letter.map(lambda token_id: [token_id]) for letter in letters),
            texts.map(lambda text: small.encode(PLAIN.render(text))),
        ),
        max_size=25,
    ).map(lambda parts: [token_id for part in parts for token_id in part])


@given(data=st.data(), sizes=st.lists(st.integers(0, 5), max_size=25))
@settings(max_examples=400)
def test_the_pieces_are_the_text_of_all_ids(small, data, sizes):
    ids = data.draw(random_ids(small))
    text, _ = stream(small, split(ids, sizes))
    assert text.text == small.decode(ids).rstrip()
    assert not text.is_stopped


@given(ids=st.lists(st.integers(0, 4095), max_size=40), sizes=st.lists(st.integers(0, 4), max_size=40))
@settings(max_examples=200)
def test_the_pieces_of_the_demo_models_ids_are_their_text(demo, ids, sizes):
    text, _ = stream(demo, split(ids, sizes))
    assert text.text == demo.decode(ids).rstrip()


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20))
@example(text="a🙂b👩‍👩‍👧‍👦 é日本")
def test_no_half_character_is_shown(small, text):
    """One token is one byte here: an emoji comes in four."""
    _, pieces = stream(small, split(small.encode(PLAIN.render(text)), []))
    for piece in pieces:
        assert piece.count(REPLACEMENT) <= text.count(REPLACEMENT)
    assert "".join(pieces) == text.rstrip()


def test_a_character_comes_with_its_last_byte(small):
    text = TextStream(small)
    assert [text.push([token_id]) for token_id in small.encode(PLAIN.render("a🙂b"))] == ["a", "", "", "", "🙂", "b"]


def test_a_character_that_is_never_finished_is_shown_at_the_end(small):
    ids = small.encode(PLAIN.render("a🙂"))[:-1]
    text, pieces = stream(small, split(ids, []))
    assert pieces[:-1] == ["a", "", "", ""]
    assert text.text == small.decode(ids)
    assert text.text.startswith("a" + REPLACEMENT)


def test_white_space_at_the_end_is_held_back_until_a_word_follows(small):
    text = TextStream(small)
    pieces = [text.push([token_id]) for token_id in small.encode(PLAIN.render("a \n b  "))]
    assert pieces == ["a", "", "", "", " \n b", "", ""]
    assert text.flush() == ""
    assert text.text == "a \n b"


def test_special_tokens_have_no_text(small):
    ids = [small.special_id("### Response:"), *small.encode(PLAIN.render("ab")), small.special_id("### End")]
    text, pieces = stream(small, split(ids, []))
    assert pieces == ["", "a", "b", "", ""]
    assert text.text == "ab"


def test_a_word_is_not_glued_to_the_one_before(tmp_path):
    """Where the first word of a text loses its space, as with Llama's tokenizers."""
    backend = Backend(models.WordLevel({"▁a": 0, "▁b": 1, "c": 2}, unk_token="c"))
    backend.decoder = decoders.Metaspace()
    _, pieces = stream(save(backend, tmp_path), [[0], [1], [2], [1]])
    assert "".join(pieces) == "a bc b"
    assert pieces[:-1] == ["a", " b", "c", " b"]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    return {kind: save(make(), tmp_path_factory.mktemp("kind")) for kind, make in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), sizes=st.lists(st.integers(0, 4), max_size=20))
@settings(max_examples=100)
def test_the_pieces_are_the_text_of_all_ids_for_every_kind_of_tokenizer(kinds, kind, data, sizes):
    tokenizer = kinds[kind]
    spelling = tokenizer.encode(PLAIN.render("你🙂é a"))
    several = st.one_of(st.integers(0, tokenizer.vocab_size + 2).map(lambda token_id: [token_id]), st.just(spelling))
    ids = [token_id for part in data.draw(st.lists(several, max_size=16)) for token_id in part]
    text, _ = stream(tokenizer, split(ids, sizes))
    assert text.text == tokenizer.decode(ids).rstrip()


@pytest.mark.parametrize("text", ["é", "你", "🙂", "你 好", "a🙂\nb", "é."])
def test_characters_made_of_byte_tokens_come_whole(kinds, text):
    """A vocabulary of bytes alone: each character is a run of them."""
    tokenizer = kinds["byte-fallback, as Gemma's"]
    first = KINDS["byte-fallback, as Gemma's"]().token_to_id(BYTES[0])
    _, pieces = stream(tokenizer, split([first + byte for byte in text.encode()], []))
    assert "".join(pieces) == text


def test_a_run_of_bytes_is_shown_when_a_word_follows(kinds):
    tokenizer = kinds["byte-fallback, as Llama 2's"]
    backend = KINDS["byte-fallback, as Llama 2's"]()
    text = TextStream(tokenizer)
    words = ["▁a", *(f"<0x{byte:02X}>" for byte in "🙂".encode()), "▁b"]
    assert [text.push([backend.token_to_id(word)]) for word in words] == ["a", "", "", "", "", "🙂 b"]


@pytest.mark.parametrize("kind", ["Unigram, as T5's", "byte-fallback, as Llama 2's"])
def test_a_control_token_inside_an_answer_takes_no_space_away(kinds, kind):
    backend = KINDS[kind]()
    text, _ = stream(kinds[kind], [[backend.token_to_id(word)] for word in ("▁a", "<|im_end|>", "▁b")])
    assert text.text == "a b"


def test_a_control_token_inside_an_answer_shows_no_part_of_a_word_as_such(kinds):
    backend = KINDS["WordPiece, as BERT's"]()
    ids = [[backend.token_to_id(word)] for word in ("a", "<|im_end|>", "##b")]
    text, _ = stream(kinds["WordPiece, as BERT's"], ids)
    assert text.text == "ab"


def test_a_stop_string_split_over_pieces_ends_the_text(small):
    text = TextStream(small, ["### End"])
    pieces = [text.push([token_id]) for token_id in small.encode(PLAIN.render("Yes. ### End and more"))]
    assert "".join(pieces) == text.text == "Yes."
    assert text.is_stopped
    assert pieces.index(".") == len("Yes.") - 1
    assert text.flush() == ""
    assert text.push(small.encode(PLAIN.render("no"))) == ""


def test_the_beginning_of_a_stop_string_is_released_when_it_goes_on_otherwise(small):
    text = TextStream(small, ["### End"])
    pieces = [text.push([token_id]) for token_id in small.encode(PLAIN.render("a ### Ending? #### En"))]
    assert text.is_stopped
    assert "".join(pieces) == "a"
    text = TextStream(small, ["### End"])
    assert [text.push(small.encode(PLAIN.render(part))) for part in ("a ##", "# E", "x", " ### En")] == [
        "a",
        "",
        " ### Ex",
        "",
    ]
    assert not text.is_stopped
    assert text.flush() == " ### En"
    assert text.text == "a ### Ex ### En"


def test_the_first_of_several_stop_strings_counts(small):
    text, _ = stream(small, [small.encode(PLAIN.render("one STOP two END three"))], ["END", "STOP"])
    assert text.text == "one"
    assert text.is_stopped


def test_a_stop_string_of_white_space_stops(small):
    text, _ = stream(small, split(small.encode(PLAIN.render("line\n\nnext")), []), ["\n\n"])
    assert text.text == "line"
    assert text.is_stopped


def test_a_stop_string_of_characters_of_several_bytes_stops(small):
    text, _ = stream(small, split(small.encode(PLAIN.render("fine 🙂🙂 more")), []), ["🙂🙂"])
    assert text.text == "fine"


def test_a_stop_string_at_the_very_end_stops(small):
    text, _ = stream(small, split(small.encode(PLAIN.render("fine.STOP")), []), ["STOP"])
    assert (text.text, text.is_stopped) == ("fine.", True)


@given(
    words=st.lists(st.sampled_from(["a", "ab", " ", "\n", "🙂", "STOP", "ST", "OP", "##", "#"]), max_size=14),
    sizes=st.lists(st.integers(0, 5), max_size=30),
    stop_strings=st.lists(st.sampled_from(["STOP", "###", "aa", "\n\n", "🙂#", "OPS"]), max_size=3),
)
@settings(max_examples=400)
def test_stop_strings_cut_as_they_would_in_the_whole_text(small, words, sizes, stop_strings):
    whole = "".join(words)
    cuts = [place for place in (whole.find(stop) for stop in stop_strings) if place >= 0]
    text, _ = stream(small, split(small.encode(PLAIN.render(whole)), sizes), stop_strings)
    assert text.is_stopped == bool(cuts)
    # A stop string that came whole ends the text, even if a longer one began before it: never anything after it.
    assert whole[: min(cuts, default=len(whole))].rstrip() == text.text


def test_a_long_answer_takes_time_by_its_length_only(small, monkeypatch):
    decoded = []
    decode = small.decode
    monkeypatch.setattr(small, "decode", lambda ids: decoded.append(len(ids)) or decode(ids))
    ids = small.encode(PLAIN.render("word " * 400))
    stream(small, ([token_id] for token_id in ids))
    assert decoded[-1] == len(ids)  # once, at the end
    assert max(decoded[:-1]) <= 4


def test_white_space_at_the_end_is_kept_if_asked_for(demo):
    ids = demo._backend.encode("Dolly \n\n").ids
    usual, kept = TextStream(demo), TextStream(demo, keeps_space=True)
    for text in (usual, kept, kept.fresh()):
        pieces = [text.push([token_id]) for token_id in ids] + [text.flush()]
        assert "".join(pieces) == text.text == ("Dolly" if text is usual else "Dolly \n\n")
