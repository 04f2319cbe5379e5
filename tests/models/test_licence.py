"""The licence that somebody else states: one short line, whatever they wrote."""

import pytest
from stored import put

from dolly_widget.models.licence import licence_of, of_card, stated


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        (("apache-2.0",), "Apache-2.0"),
        (("mit",), "MIT"),
        (("llama3.2",), "llama3.2"),
        (("other", "gemma-terms"), "gemma-terms"),
        (("other", ""), "other"),
        (("other", ["a"]), "other"),
        ((["mit", "bsd-3-clause", 7],), "mit, bsd-3-clause"),
        (("two\nlines\t of it",), "two lines of it"),
        ((None,), ""),
        (({"id": "mit"},), ""),
        ((7,), ""),
        (("x" * 61,), "x" * 59 + "…"),
        ((["x" * 10_000] * 10_000,), "x" * 59 + "…"),
    ],
)
def test_what_is_stated_is_one_short_line(metadata, licence):
    assert stated(*metadata) == licence


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: apache-2.0\nlanguage: en\n---\n# Model", "Apache-2.0"),
        ("---\r\nlanguage: en\r\nlicense: 'mit'\r\n---\r\n", "MIT"),
        ("---\nlicense: other\nlicense_name: my-own\n---\n", "my-own"),
        ("---\nlanguage: en\n---\nlicense: mit\n", ""),
        ("license: mit\n", ""),
        ("# A model\n---\nlicense: mit\n---\n", ""),
        ("---\n" + "x\n" * 100_000 + "license: mit\n---\n", ""),
        ("", ""),
    ],
)
def test_a_card_states_it_in_its_metadata(tmp_path, card, licence):
    (tmp_path / "README.md").write_text(card, newline="")
    assert of_card(tmp_path / "README.md") == licence


def test_no_card_and_one_that_is_no_text_state_none(tmp_path):
    (tmp_path / "README.md").write_bytes(b"---\n\xff\xfelicense: \x00\n---")
    assert of_card(tmp_path / "README.md") == of_card(tmp_path / "missing") == of_card(tmp_path) == ""


def test_the_catalogue_s_word_comes_before_the_publisher_s(tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path))
    assert licence_of(put("OpenVINO/dolly-v2-3b-int8-ov", "published", licence="proprietary")) == "MIT"
    assert licence_of(put("org/name", licence="bsd")) == "bsd"
    assert licence_of(put("org/silent")) == ""
    assert licence_of(put("org/wrong", licence={"a": 1})) == ""
