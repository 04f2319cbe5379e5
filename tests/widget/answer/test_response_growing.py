"""A text that grows costs the page what is new; a page that has missed something can have it all."""

import functools
import json
import random

import pytest
from comms import size
from scripted_engine import ScriptedEngine

from dolly_widget import DollyWidget
from dolly_widget.text.markdown import markdown_to_html
from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.widget.session import publisher


class FollowingPage:
    """What a page has after each message, by the same rules as response_growing.js."""

    def __init__(self, state):
        self.state, self.is_lost = dict(state), False

    def hear(self, message):
        if message["method"] == "update":
            self.state.update(message["state"])
            return
        content = {"operations": (), "n_before": 0, "thought": "", "thought_at": 0, **message["content"]}
        grown = {"text": ("append", "at"), "reasoning": ("thought", "thought_at")}
        after = {name: cut(self.state[name], content[at]) for name, (_, at) in grown.items()}
        has_gap = None in after.values() or content["n_before"] > self.state["n_operations"]
        self.is_lost = has_gap or not self.state["is_streaming"]
        if self.is_lost:
            return
        self.state.update({name: after[name] + content[piece] for name, (piece, _) in grown.items()})
        if "rendered" in content and content["n_before"] == self.state["n_operations"]:
            self.state["html"] = functools.reduce(with_operation, content["operations"], self.state["html"])
            self.state["n_operations"] += len(content["operations"])
            self.state["rendered"] = content["rendered"]


def cut(text, units):
    """The first units of UTF-16; None where there are fewer."""
    encoded = text.encode("utf-16-le")
    return None if 2 * units > len(encoded) else encoded[: 2 * units].decode("utf-16-le")


def with_operation(html, operation):
    before, over = operation.get("before", 0), operation.get("over", 0)
    encoded = html.encode("utf-16-le")
    place = len(encoded) - 2 * (before + over)
    closing = encoded[place:] if before else b""
    return encoded[:place].decode("utf-16-le") + operation["html"] + closing.decode("utf-16-le")


@pytest.fixture
def view(sent):
    view = ResponseView()
    sent.clear()
    yield view
    view.close()


def says(view, content):
    """The page sends a message of its own."""
    view.comm.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def test_a_text_that_grows_is_sent_as_what_is_new(view, sent):
    view.begin()
    view.text = "One"
    view.text = "One \U0001f411"
    view.text = "One \U0001f411 two"
    assert [each.get("content") for each in sent[1:]] == [
        {"append": "One", "at": 0},
        {"append": " \U0001f411", "at": 3},
        {"append": " two", "at": 6},
    ]


def test_the_state_and_python_have_the_whole_text_at_all_times(view):
    changes = []
    view.observe(lambda change: changes.append(change["new"]), "text")
    view.begin()
    for text in ("One", "One two"):
        view.text = text
        assert view.get_state("text") == {"text": text} == {"text": view.get_state()["text"]}
    assert changes == ["One", "One two"]


@pytest.mark.parametrize("text", ["Two", "On", "", "one and more"])
def test_another_text_is_sent_whole(view, sent, text):
    view.begin()
    view.text = "One"
    sent.clear()
    view.text = text
    (message,) = sent
    assert message["state"] == {"text": text, "html": "", "rendered": 0, "n_operations": 0, "reasoning": ""}


def test_a_text_is_sent_whole_while_nothing_streams(view, sent):
    view.text = "One"
    view.text = "One two"
    assert [each["state"] for each in sent] == [{"text": "One"}, {"text": "One two"}]


def test_what_has_ended_is_sent_as_html_once(view, sent):
    view.begin()
    sent.clear()
    for text in ("# One", "# One\n\nTwo ", "# One\n\nTwo three\n\n- a\n", "# One\n\nTwo three\n\n- a\n- b\n- c"):
        view.text = text
    operations = [operation for each in sent for operation in each["content"].get("operations", ())]
    assert operations == [
        {"html": "<h3>One</h3>\n"},
        {"html": "<p>Two three</p>\n"},
        {"html": "<ul>\n<li>a</li>\n</ul>\n"},
    ]
    assert [each["content"].get("rendered") for each in sent] == [None, 7, 18, 22]
    assert view.html == "".join(each["html"] for each in operations)


def test_the_end_completes_what_the_page_has_and_then_says_all(view, sent):
    view.begin()
    view.text = "One\n\nTwo"
    page = FollowingPage(json.loads(json.dumps(view.get_state())))
    sent.clear()
    view.finish("One\n\nTwo *three*", note="Stopped.")
    page.hear(sent.pop(0))
    assert page.state["html"] == markdown_to_html("One\n\nTwo *three*")
    (message,) = sent
    names = {"text", "html", "rendered", "n_operations", "reasoning", "is_streaming", "note"}
    assert set(message["state"]) == names
    page.hear(message)
    assert page.state["html"] == markdown_to_html("One\n\nTwo *three*")
    assert page.state["rendered"] == -1


def test_the_next_beginning_is_one_message(view, sent):
    view.begin()
    view.text = "One"
    view.finish("One", note="Stopped.")
    sent.clear()
    view.begin()
    assert len(sent) == 1


def test_the_end_has_the_whole_text_for_what_keeps_no_pieces(view, sent):
    view.begin()
    view.text = "One\n\nTwo"
    view.is_streaming = False
    state = sent[-1]["state"]
    assert (state["text"], state["html"], state["rendered"]) == ("One\n\nTwo", "<p>One</p>\n", 5)


@pytest.mark.parametrize("seed", range(20))
def test_a_page_that_hears_all_has_the_same_text(view, sent, seed):
    chance = random.Random(seed)
    page = FollowingPage(view.get_state())

    def finish():
        view.finish(view.text)

    for _ in range(60):
        piece = "".join(chance.choices("a .\n\u00e4\U0001f411\ud83d\ude00\u0301", k=chance.randint(1, 4)))
        piece = chance.choice([piece] * 4 + ["\n\n", "\n- a", "\n```\nx\n```\n", "\n| a | b |\n|-|-|\n| 1 | 2 |\n"])
        act = chance.choice([view.begin, view.clear, lambda: view.finish("*all*"), finish, *[None] * 12])
        if act is not None:
            act()
        else:
            view.text = chance.choice([view.text + piece] * 6 + [piece, view.text[:-1], view.text[1:]])
        while sent:
            page.hear(sent.pop(0))
            assert not page.is_lost
        assert page.state["text"] == view.text
        for name in ("is_streaming", "html", "rendered", "n_operations"):
            assert page.state[name] == getattr(view, name)
        assert act is not finish or view.html == markdown_to_html(view.text)


def test_a_page_that_joins_in_mid_stream_goes_on_from_its_state(view, sent):
    view.begin()
    view.text = "One"
    page = FollowingPage(json.loads(json.dumps(view.get_state())))
    sent.clear()
    view.text = "One two"
    page.hear(sent.pop())
    assert page.state["text"] == "One two"


def test_a_page_that_lost_something_is_sent_all_of_the_answer(view, sent):
    page = FollowingPage(view.get_state())
    view.begin()
    view.text = "One"
    sent.clear()  # lost
    view.text = "One two"
    page.hear(sent.pop())
    assert page.is_lost
    says(view, {"event": "lost"})
    (message,) = sent
    names = {"text", "html", "rendered", "n_operations", "reasoning", "thought", "code", "note", "is_streaming"}
    assert set(message["state"]) == names
    page.hear(message)
    view.text = "One two three"
    page.hear(sent.pop())
    assert page.state["text"] == "One two three"
    assert not page.is_lost


@pytest.mark.parametrize("content", [{"event": "shown"}, "lost", None, {"event": "lost", "more": 1}])
def test_what_it_does_not_know_is_not_answered(view, sent, content):
    says(view, content)
    assert sent == []


def spent(sent, monkeypatch, tokens):
    """Bytes to the page for an answer of so many tokens, each of them shown at once."""
    monkeypatch.setattr(publisher, "MIN_INTERVAL_S", 0.0)
    widget = DollyWidget(ScriptedEngine(["word "] * tokens))
    sent.clear()
    widget.instruction = "Go"
    widget.submit().wait()
    assert len(widget.response) == 5 * tokens
    widget.close()
    return size(sent)


def test_twice_the_tokens_are_twice_the_bytes(sent, monkeypatch):
    few, some, many = (spent(sent, monkeypatch, tokens) for tokens in (500, 1_000, 2_000))
    assert many - some <= 2.1 * (some - few)
    assert max(many - 2_000 * 100, some - 1_000 * 100) < 60_000  # 100 bytes a token, and what every answer costs


def test_a_second_question_does_not_send_the_whole_widget_again(sent):
    widget = DollyWidget(ScriptedEngine())
    widget.ask("One")
    sent.clear()
    widget.ask("Two")
    once = len(sent)
    sent.clear()
    widget._catching_up.send_again()
    everything = len(sent)
    widget.close()
    assert once * 2 < everything


def test_after_an_answer_in_the_background_all_is_sent_again(sent):
    widget = DollyWidget(ScriptedEngine())
    sent.clear()
    widget._catching_up.send_again()
    everything = len(sent)
    widget.instruction = "One"
    widget.submit().wait()
    sent.clear()
    widget.ask("Two")
    assert len(sent) > everything * 0.9
    widget.close()
