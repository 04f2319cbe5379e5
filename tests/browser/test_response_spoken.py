"""What a screen reader hears of an answer: the nodes that come into the live region. On a bare page."""

import pytest
from playwright.sync_api import expect
from response_page import send

from dolly_widget.text.markdown import markdown_to_html

pytestmark = pytest.mark.browser

LISTEN = """() => {
    window.heard = [];
    new MutationObserver((changes) => changes.forEach(({ addedNodes, target }) =>
        target.getAttribute?.("role") === "log" && addedNodes.forEach((node) => heard.push(node.textContent)),
    )).observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture
def listened(view):
    view.evaluate(LISTEN)
    return view


def stream(view, text, size=3):
    """An answer, in pieces of ``size`` characters, up to the whole text."""
    send(view, text="", html="", note="", is_streaming=True)
    for end in range(size, len(text) + size, size):
        send(view, text=text[:end])


def finish(view, text, note=""):
    send(view, text=text, html=markdown_to_html(text), note=note, is_streaming=False)


def heard(view):
    view.evaluate("frame()")
    return view.evaluate("heard")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It is Paris. Is it? Yes! The", ["It is Paris.", "Is it?", "Yes!"]),
        ("Pi is 3.14 or so", []),
        ('He said "no." Then', ['He said "no."']),
        ("Ideas:\n1. Swim.\n2. Walk to town", ["Ideas:", "1. Swim."]),
        ("- one\n- two\n", ["one", "two"]),
        ("你好。今天好吗?好！", ["你好。", "今天好吗?好！"]),
        ("## Head\n**Bold** and `code` and 2 * 3.\n\n", ["Head", "Bold and code and 2 * 3."]),
        ("```python\nx = 1\n```\n", ["x = 1"]),
        ("| a | b |\n|---|---|\n", ["a b"]),
        ("<img src=x onerror=alert(1)>\n", ["<img src=x onerror=alert(1)>"]),
    ],
)
def test_sentences_are_said_when_they_are_complete(listened, text, sentences):
    stream(listened, text, size=1)
    assert heard(listened) == sentences


def test_the_rest_and_how_it_ended_are_said_at_the_end(listened):
    text = "One. Two is not"
    stream(listened, text)
    finish(listened, text, note="Stopped.")
    assert heard(listened) == ["One.", "Two is not Stopped."]


def test_the_next_answer_is_said_from_its_beginning(listened):
    for text in ("First. ", "Second, longer. "):
        stream(listened, text)
        finish(listened, text)
    assert heard(listened) == ["First.", "Second, longer."]


def test_an_end_that_was_trimmed_repeats_nothing(listened):
    stream(listened, "One. Two.\n")
    finish(listened, "One. Two.")
    assert heard(listened) == ["One.", "Two."]


def test_the_text_that_is_seen_is_no_live_region(view):
    send(view, text="a", is_streaming=True)
    assert view.locator(".dw-response").locator("[aria-live], [role=log], [aria-busy]").count() == 0
    assert view.locator("[aria-live]").count() == 1


def test_several_views_say_it_once(listened):
    listened.evaluate("() => { window.removeSecond = show('two') }")
    stream(listened, "One. Two. ")
    assert heard(listened) == ["One.", "Two."]
    expect(listened.locator("#two [role=log]")).to_be_empty()


def test_a_view_that_is_hidden_leaves_it_to_the_next(listened):
    listened.evaluate("() => { window.removeSecond = show('two'); $('#one').style.display = 'none' }")
    stream(listened, "One. ")
    expect(listened.locator("#two [role=log]")).to_have_text("One.")
    assert heard(listened) == ["One."]


def test_an_older_answer_is_told_in_two_words(listened):
    send(listened, text="Old. Very old.", html="<p>Old. Very old.</p>", note="Stopped.")
    assert heard(listened) == ["Answer shown."]


def test_what_was_there_before_the_page_is_not_said(listened):
    listened.evaluate("remove()")
    send(listened, text="Old. Begun", html="", is_streaming=True)
    listened.evaluate("() => { window.remove = show('one') }")
    assert heard(listened) == []
    send(listened, text="Old. Begun and done. ")
    assert heard(listened) == ["Begun and done."]
    listened.evaluate("remove()")
    finish(listened, "Old. Begun and done.")
    listened.evaluate("() => { window.remove = show('one') }")
    assert heard(listened) == ["Begun and done."]


def test_clearing_says_nothing(listened):
    stream(listened, "One. Tw")
    send(listened, text="", is_streaming=False)
    assert heard(listened) == ["One."]


def test_what_was_said_is_removed(view):
    view.clock.install()
    stream(view, "One. Two. ")
    expect(view.locator("[role=log] > div")).to_have_count(2)
    view.clock.fast_forward(10_000)
    expect(view.locator("[role=log] > div")).to_have_count(0)
