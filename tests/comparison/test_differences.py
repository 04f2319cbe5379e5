"""Where an answer departs from another one, and how that is said."""

import pytest
from byte_tokenizers import save
from tokenizer_kinds import KINDS

from dolly_widget.comparison.differences import by_characters, by_tokens, first_difference, spell
from dolly_widget.text.template import Prompt, Segment
from dolly_widget.text.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def tokenizer(demo_dir):
    return Tokenizer(demo_dir)


@pytest.fixture(scope="module")
def spelled(tokenizer):
    def spell_text(text, end=False):
        ids = tokenizer.encode(Prompt([Segment(text, is_template=False)]))
        return spell(tokenizer, [*ids, tokenizer.special_id("### End")] if end else ids)

    return spell_text


@pytest.mark.parametrize("text", ["Dolly is a sheep.", " led\n\nby", "naïve 🐑🐑 羊", "\x1b[31m"])
def test_the_pieces_make_up_the_text(spelled, text):
    answer = spelled(text, end=True)
    assert answer.text == text
    assert len(answer.pieces) == len(answer.token_ids)
    assert answer.pieces[-1] == ""


@pytest.mark.parametrize("text", ["", "Dol", "Dolly is"])
def test_what_is_not_shown_is_no_piece(tokenizer, spelled, text):
    ids = spelled("Dolly is a sheep\n\n").token_ids
    answer = spell(tokenizer, ids, text)
    assert (answer.text, answer.token_ids) == (text, ids)


@pytest.mark.parametrize("compare", [by_tokens, by_characters])
def test_equal_answers_do_not_depart(spelled, compare):
    departure = compare(spelled("Dolly is a sheep."), spelled("Dolly is a sheep."))
    assert departure.place is None
    assert str(departure) == "the same answer"


def test_the_first_other_token_is_named_beside_the_one_in_its_place(spelled):
    departure = by_tokens(spelled("Dolly is the sheep"), spelled("Dolly is a sheep"))
    assert departure.place == 2
    assert str(departure) == "2 tokens in common, then “␣the” instead of “␣a”"


def test_nothing_in_common_is_said(spelled):
    departure = by_tokens(spelled("I am"), spelled("Dolly is"))
    assert (departure.place, str(departure)) == (0, "nothing in common: “I” instead of “Dolly”")


def test_an_end_and_a_cut_are_told_apart(spelled):
    longer = spelled("Dolly is a sheep")
    assert str(by_tokens(spelled("Dolly", end=True), longer)) == "1 token in common, then its end instead of “␣is”"
    assert str(by_tokens(spelled("Dolly"), longer)) == "1 token in common, then nothing more instead of “␣is”"
    assert by_tokens(spelled("Dolly"), longer).place == 1


def test_characters_are_counted_where_tokens_mean_different_things(spelled):
    departure = by_characters(spelled("Dolly was here"), spelled("Dolly wants"))
    assert departure.place == 1
    assert str(departure).startswith("8 characters in common, then ")
    assert by_characters(spelled("Dolly, is"), spelled("Dolly is")).place == 1
    assert by_characters(spelled("I"), spelled("Dolly")).common == ""


@pytest.mark.parametrize(
    ("ids", "others", "place"),
    [
        ((1, 2, 3), (1, 2, 3), None),
        ((), (), None),
        ((1, 2, 3), (1, 9, 3), 1),
        ((1, 2), (1, 2, 3), 2),
        ((1, 2, 3), (1, 2), 2),
        ((), (5,), 0),
    ],
)
def test_where_two_answers_part(ids, others, place):
    assert first_difference(ids, others) == place
    assert first_difference(list(ids), others) == place


def test_a_character_of_byte_tokens_is_the_share_of_the_token_that_decides_it(tmp_path):
    backend = KINDS["byte-fallback, as Llama 2's"]()
    words = ["▁a", *(f"<0x{byte:02X}>" for byte in "你".encode()), "▁b", "</s>", "▁b"]
    answer = spell(save(backend, tmp_path), [backend.token_to_id(word) for word in words])
    assert answer.pieces == ("a", "", "", "", "你 b", "", " b")
