"""JSON from outside: whatever is wrong with it is a ValueError, and it is bounded."""

import json
import math

import pytest

from dolly_widget.text import parse_json, read_json
from dolly_widget.text.json_text import MAX_DEPTH


def test_json_is_read_as_it_is():
    value = {"a": [1, 2.5, None, True, "é"], "b": {"c": []}}
    assert parse_json(json.dumps(value)) == parse_json(json.dumps(value).encode()) == value
    assert parse_json("[NaN, -Infinity]")[1] == -math.inf


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 2_000, 200_000])
def test_what_is_nested_too_deep_is_refused(opening, closing, depth):
    with pytest.raises(ValueError, match=f"nested more than {MAX_DEPTH} deep"):
        parse_json(opening * depth + "1" + closing * depth)


def test_a_hundred_levels_are_not_too_deep():
    value = parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1,]", b"[" * 200_000, b"1" * 5_000])
def test_what_is_not_json_is_a_value_error(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_bytes(content)
    for read in (lambda: parse_json(content), lambda: read_json(path)):
        with pytest.raises(ValueError):  # noqa: PT011 - each says something else
            read()


def test_numbers_that_are_none_can_be_refused():
    assert parse_json("[NaN]", parse_constant=lambda name: name) == ["NaN"]


def test_a_larger_file_than_expected_is_refused(tmp_path):
    path = tmp_path / "file.json"
    path.write_text("[0]" + " " * 100)
    assert read_json(path, 103) == [0]
    with pytest.raises(ValueError, match="more than 102 bytes"):
        read_json(path, 102)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "nowhere")
