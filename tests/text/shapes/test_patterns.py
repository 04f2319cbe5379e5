"""A regular expression is held to, or refused in a sentence before anything runs."""

import random
import re

import pytest

from dolly_widget.text.shapes.patterns import pattern_grammar


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ("a(?=b)", "looks ahead or behind"),
        ("(?<!a)b", "looks ahead or behind"),
        (r"(a)\1", "refers back to a group"),
        (r"\bword\b", "where a word or line begins"),
        ("a^b", "where a word or line begins"),
        ("(?i:a)b", "sets flags within it"),
        ("a{1,201}", "repeats a part up to 201 times"),
        ("(a{15}){15}", "repeats a part up to 225 times"),
        ("\x00", "cannot stand in the answer"),
        ("a" * 2001, "2,001 characters"),
    ],
)
def test_what_no_grammar_can_say_is_refused(pattern, part):
    with pytest.raises(ValueError, match=re.escape(part)):
        pattern_grammar(re.compile(pattern))


def test_a_pattern_of_bytes_is_refused():
    with pytest.raises(ValueError, match="one of bytes"):
        pattern_grammar(re.compile(b"a"))


@pytest.mark.parametrize("pattern", ["(a", "a{2,1}", "[z-a]"])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(ValueError, match=r"^\$\.name is no regular expression"):
        pattern_grammar(pattern, where="$.name")


def test_a_deep_pattern_is_refused_and_no_recursion_error():
    with pytest.raises(ValueError, match="The pattern"):
        pattern_grammar("(" * 900 + "a" + ")" * 900)


@pytest.mark.parametrize("pattern", ["^ab$", r"\Aab\Z", "ab"])
def test_the_ends_of_a_pattern_mean_nothing(pattern):
    assert pattern_grammar(re.compile(pattern)) == pattern_grammar("ab")


def test_case_is_ignored_on_request():
    assert pattern_grammar(re.compile("a", re.IGNORECASE)) == "[Aa]"


LETTERS = ["a-z", "A-Z", "k", "S", "@-F", "İ", "ı", "ſ", "ä", "À-Þ", "µ", "ß", "Ÿ", "α-ω", "0-5", "!-,"]
NOT_ASCII = [r"\d", r"\w", r"\s", r"\D", r"\W", r"\S"]


def random_class(seed, parts):
    pick = random.Random(seed)
    return f"[{pick.choice('^^^ ').strip()}{''.join(pick.sample(parts, pick.randint(1, 3)))}]"


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        (0, LETTERS),
        (re.IGNORECASE, LETTERS),
        (re.IGNORECASE | re.ASCII, LETTERS + NOT_ASCII),
        (re.ASCII, LETTERS + NOT_ASCII),
    ],
)
def test_each_character_that_a_class_lets_through_matches_it(flags, parts):
    for text in ["[^a-z]", "[^a]", "[^Z]", *(random_class(seed, parts) for seed in range(150))]:
        pattern = re.compile(text, flags)
        try:
            grammar = pattern_grammar(pattern)
        except ValueError:  # nothing is left
            assert not any(pattern.fullmatch(chr(code)) for code in range(0x20, 0x7F))
            continue
        # What a grammar writes of a class, re reads as well.
        let_through = [chr(code) for code in range(0x3000) if re.fullmatch(grammar, chr(code))]
        assert let_through
        assert [each for each in let_through if not pattern.fullmatch(each)] == [], text
