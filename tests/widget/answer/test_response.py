"""What the output area says to the page, and to the notebook that is saved."""

import json

import pytest

from dolly_widget.text.markdown import markdown_to_html
from dolly_widget.widget.answer.response import ResponseView


@pytest.fixture
def view():
    view = ResponseView()
    yield view
    view.close()


@pytest.fixture
def messages(view, monkeypatch):
    """The states sent to the page, one dict a message."""
    sent = []

    def send_state(key=None):
        names = {key} if isinstance(key, str) else key
        sent.append({name: getattr(view, name) for name in names})

    monkeypatch.setattr(view, "send_state", send_state)
    return sent


def test_it_starts_empty(view):
    assert (view.text, view.html, view.is_streaming, view.label) == ("", "", False, "Response")
    assert view.placeholder


def test_all_that_the_page_needs_is_synced(view):
    names = {"text", "html", "rendered", "n_operations", "reasoning", "thought", "code", "note", "is_streaming"}
    names |= {"placeholder", "label", "_esm", "_css"}
    assert names <= set(view.get_state())
    assert "export default" in view.get_state()["_esm"]
    assert ".dw-response" in view.get_state()["_css"]


def test_finish_shows_the_rendered_answer(view):
    view.is_streaming = True
    view.text = "**bo"
    view.finish("**bold**")
    assert view.text == "**bold**"
    assert view.html == markdown_to_html("**bold**")
    assert view.is_streaming is False


def test_an_answer_that_did_not_stream_in_is_one_message(view, messages):
    view.is_streaming = True
    view.text = "another"
    messages.clear()
    view.finish("*done*")
    assert messages == [
        {"text": "*done*", "html": "<p><em>done</em></p>\n", "rendered": -1, "is_streaming": False},
    ]


def test_finish_says_how_it_ended_and_how_to_ask_again(view):
    view.finish("*done*", code="ask()", note="Stopped.")
    assert (view.code, view.note) == ("ask()", "Stopped.")
    view.finish("*next*")
    assert (view.code, view.note) == ("", "")


def test_a_new_answer_begins_in_one_message(view, messages):
    view.finish("*done*", code="ask()", note="Stopped.")
    messages.clear()
    view.begin()
    empty = dict.fromkeys(("text", "html", "code", "note"), "")
    assert messages == [{**empty, "rendered": 0, "is_streaming": True}]


def test_clear_is_one_message(view, messages):
    view.finish("*done*", code="ask()", note="Stopped.")
    messages.clear()
    view.clear()
    assert messages == [{"text": "", "html": "", "code": "", "note": ""}]
    assert view.is_streaming is False


@pytest.mark.parametrize("name", ["text", "html", "code", "note", "placeholder", "label"])
def test_every_text_can_be_encoded(view, name):
    setattr(view, name, "a\ud83d")
    assert getattr(view, name) == "a\ufffd"
    json.dumps(view.get_state(), ensure_ascii=False).encode()


def test_a_split_emoji_ends_whole(view):
    view.text = "\ud83d"
    view.finish("\ud83d\ude00")
    assert view.text == "😀"
    assert view.html == "<p>😀</p>\n"


def test_hostile_text_is_escaped(view):
    view.finish("<script>alert(1)</script>")
    assert "<script" not in view.html


def test_repr_is_short_and_repeatable(view):
    assert repr(view) == "ResponseView('')"
    view.is_streaming = True
    view.text = "A sentence. " * 1000
    assert repr(view) == "ResponseView('A sentence. A sentence. A sentence. A s…', streaming)"
    assert view._repr_mimebundle_()[0]["text/plain"] == repr(view)
