"""Chunks of every form become the same small value, and nothing in them can do harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolly_widget.engines.remote.chunks import Chunk, likeliest, read_chunk, read_event
from dolly_widget.engines.remote.split_ids import ids_of
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.text import PLAIN, Tokenizer

TOKENS = Tokenizer(OPENVINO_DIR)

NAMES = [
    "choices",
    "text",
    "delta",
    "message",
    "content",
    "logprobs",
    "token_ids",
    "usage",
    "error",
    "id",
    "tokens",
    "top_logprobs",
    "finish_reason",
    "prompt_token_ids",
    "bytes",
    "token",
    "logprob",
    "prompt_tokens",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_a_chunk(value):
    chunk = read_chunk(value)
    assert isinstance(chunk.text, str)
    assert isinstance(chunk.reasoning, str)
    assert isinstance(chunk.finish_reason, str)
    assert chunk.token_ids is None or all(type(each) is int and each >= 0 for each in chunk.token_ids)
    assert chunk.prompt_tokens is None or chunk.prompt_tokens >= 0


@given(JSON)
def test_any_json_is_logprobs_or_a_value_error(value):
    try:
        for place in likeliest(value):
            assert all(type(each) is int and logprob < 0.001 for each, logprob in place.items())
    except ValueError:
        pass


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ({"token_ids": [1, 2]}, (1, 2)),
        ({"token_ids": []}, ()),
        ({"token_ids": None}, None),
        ({"token_ids": [1, -2]}, None),
        ({"token_ids": [1, True]}, None),
        ({"token_ids": [2**40]}, None),
        ({"token_ids": "12"}, None),
        ({"logprobs": {"tokens": ["token_id:1", "token_id:22"]}}, (1, 22)),
        ({"logprobs": {"tokens": ["token_id:1", "Paris"]}}, None),
        ({"logprobs": {"tokens": ["token_id:٣"]}}, None),
        ({"logprobs": {"content": [{"id": 1}, {"id": 2}]}}, (1, 2)),
        ({"logprobs": {"content": [{"token": "token_id:5"}]}}, (5,)),
        ({"logprobs": {"content": [{"token": "Paris"}]}}, None),
        ({"logprobs": None}, None),
    ],
)
def test_ids_are_read_where_they_are(value, ids):
    assert read_chunk({"choices": [{"text": "x", **value}]}).token_ids == ids


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"error": {"message": "no"}}, {"message": "no"}),
        ({"error": "no"}, "no"),
        ({"detail": "no"}, "no"),
        ({"message": "no"}, {"message": "no"}),
        ("no", "no"),
        (["no"], ["no"]),
        (7, 7),
        ({"choices": [], "usage": {"prompt_tokens": 1}}, None),
        ({"usage": {"prompt_tokens": 1}}, None),
    ],
)
def test_what_a_server_says_in_the_place_of_an_answer_is_an_error(value, error):
    assert read_chunk(value).error == error


def test_several_values_in_one_event_are_several_chunks():
    event = '{"choices": [{"text": "a"}]}\n{"choices": [{"text": "b"}]}\n[DONE]'
    assert [each and each.text for each in read_event(event)] == ["a", "b", None]
    assert [each.text for each in read_event('{"choices":\n[{"text": "a"}]}')] == ["a"]
    with pytest.raises(ValueError, match="Expecting"):
        list(read_event("nonsense"))


# Ids that llama.cpp leaves out


@given(st.text(max_size=8))
def test_ids_that_were_left_out_are_found_by_the_text(text):
    ids = TOKENS.encode(PLAIN.render(text))
    if not ids:
        return
    chunk = Chunk(text=text, token_ids=(ids[-1],), token_bytes=TOKENS.token_bytes(ids[-1]))
    found = ids_of(chunk, TOKENS)
    assert TOKENS.decode(found) == text
    assert found[-1] == ids[-1]


def test_ids_are_as_they_are_told_where_nothing_is_left_out():
    assert ids_of(Chunk(text="a", token_ids=(5,), token_bytes=b"a"), TOKENS) == (5,)
    assert ids_of(Chunk(text="a", token_ids=(5,)), TOKENS) == (5,)
    assert ids_of(Chunk(text="", token_ids=(5,), token_bytes=b"\xf0"), TOKENS) == (5,)
    assert ids_of(Chunk(text="ab", token_ids=(5,), token_bytes=b"c"), TOKENS) == (5,)
    assert ids_of(Chunk(text="a"), TOKENS) is None
    assert ids_of(Chunk(finish_reason="stop"), TOKENS) == ()


def test_a_number_that_no_float_holds_is_no_logprob():
    for logprob in (-(10**400), 10**400):
        with pytest.raises(ValueError, match="logprobs without ids"):
            likeliest({"choices": [{"logprobs": {"top_logprobs": [{"token_id:7": logprob}]}}]})
