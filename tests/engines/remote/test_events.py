"""Server-sent events, however they are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolly_widget.engines.remote import events
from dolly_widget.engines.remote.events import EventParser, TooLongError

STREAM = (
    b"\xef\xbb\xbf: welcome\r\n\r\n"
    b'data: {"text": "a"}\n\n'
    b'data:{"text": "no space"}\r\n\r\n'
    b"data: one\r\ndata: two\r\n\r\n"
    b": keep-alive\n\n"
    b"event: message\rid: 7\rretry: 10\rdata: old\rdata: Macintosh\r\r"
    b"data: \xf0\x9f\x99\x82 \xd7\xa9\n\ndata\n\n\n\n"
    b"data:  two spaces\n\n"
    b'error: {"code": 500}\n\n'
    b"nonsense without a colon\n\n"
    b"data: [DONE]\n\n"
    b"data: cut off"
)
DATA = [
    '{"text": "a"}',
    '{"text": "no space"}',
    "one\ntwo",
    "old\nMacintosh",
    "🙂 ש",
    "",
    " two spaces",
    '{"code": 500}',
    "[DONE]",
    "cut off",
]


def push_all(parser, parts):
    for part in parts:
        parser.push(part)


def parsed(parts):
    parser = EventParser()
    found = [event for part in parts for event in parser.push(part)]
    return found + parser.end()


def cut(data, places):
    ends = [*sorted(places), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def test_all_at_once():
    assert parsed([STREAM]) == DATA


def test_a_byte_at_a_time():
    assert parsed([bytes([byte]) for byte in STREAM]) == DATA


@given(st.sets(st.integers(0, len(STREAM))))
def test_any_cutting_gives_the_same_events(places):
    assert parsed(cut(STREAM, places)) == DATA


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), max_size=8), st.data())
def test_any_text_comes_through(texts, data):
    ends = st.sampled_from(["\n", "\r", "\r\n"])
    stream = b""
    for text in texts:
        end = data.draw(ends)
        stream += f"data: {json.dumps(text, ensure_ascii=False)}{end}{end}".encode()
    places = data.draw(st.sets(st.integers(0, len(stream))))
    assert [json.loads(event) for event in parsed(cut(stream, places))] == texts


@given(st.binary(max_size=200), st.data())
def test_no_bytes_break_it_and_any_cutting_of_them_is_the_same(stream, data):
    places = data.draw(st.sets(st.integers(0, len(stream))))
    assert parsed(cut(stream, places)) == parsed([stream])


def test_an_end_without_a_blank_line_ends_the_event():
    assert parsed([b"data: a"]) == parsed([b"data: a\n"]) == parsed([b"data: a\n\n"]) == ["a"]


def test_ten_megabytes_in_one_event_are_read():
    large = "x" * (10 << 20)
    whole = f"data: {large}\n\n".encode()
    assert parsed(whole[start : start + 65536] for start in range(0, len(whole), 65536)) == [large]


@pytest.mark.parametrize("beginning", [b"data: ", b": ", b"", b"id: "])
def test_a_line_that_does_not_end_is_refused(beginning, monkeypatch):
    monkeypatch.setattr(events, "MAX_EVENT_BYTES", 1000)
    parser = EventParser()
    parser.push(beginning)
    with pytest.raises(TooLongError, match="does not end"):
        push_all(parser, [b"x"] * 1001)


def test_an_event_of_lines_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(events, "MAX_EVENT_BYTES", 1000)
    parser = EventParser()
    with pytest.raises(TooLongError):
        push_all(parser, [b"data: x\n"] * 1001)
