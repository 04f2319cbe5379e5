"""Where words are in a text."""

import pytest

from dolly_widget.text.words import is_spaced_word, word_end, word_start


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("in Paris", "Paris"),
        ("in Paris ", ""),
        ("(Paris", "Paris"),
        ("Paris,", ""),
        ("I don't", "don't"),
        ("I don\N{RIGHT SINGLE QUOTATION MARK}", "don\N{RIGHT SINGLE QUOTATION MARK}"),
        ("the 'best", "best"),
        ("well-known", "known"),
        ("in 1994", "1994"),
        ("cafe\N{COMBINING ACUTE ACCENT}", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("नमस्ते हिन्दी", "हिन्दी"),
        ("caf\ufffd", "caf\ufffd"),
        ("", ""),
    ],
)
def test_the_word_that_a_text_ends_in(text, word):
    assert text[word_start(text) :] == word


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("Paris is", 5),
        ("Paris", 5),
        ("don't go", 5),
        ("don'", 4),  # a letter may follow
        ("dogs' food", 4),
        ("Paris.", 5),
        ("Paris\n", 5),
        ("caf\ufffd", 4),
    ],
)
def test_where_a_word_ends(text, end):
    assert word_end(text, 0) == end


@pytest.mark.parametrize("word", ["Paris", "1994", "don't", "हिन्दी", "서울", "Москва", "مرحبا"])
def test_words_in_scripts_with_spaces(word):
    assert is_spaced_word(word)


@pytest.mark.parametrize(
    "word", ["", "'", "東京", "ひらがな", "カタカナ", "ภาษาไทย", "ខ្មែរ", "caf\ufffd", "\N{COMBINING ACUTE ACCENT}"]
)
def test_what_is_no_word_that_spaces_delimit(word):
    assert not is_spaced_word(word)
