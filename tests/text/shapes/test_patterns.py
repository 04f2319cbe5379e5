"""A regular expression is held to, or refused in a sentence before anything runs."""

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
