"""The output area as the kernel's pieces come: in order, twice, not at all; on a bare page, and in Voilà."""

import pytest
from comms import keeping
from playwright.sync_api import expect
from response_page import append, lines, scroll_to, scroll_top, send

from dolly_widget.widget.answer.response import ResponseView

pytestmark = pytest.mark.browser

LOST = {"event": "lost"}


def begin(view, text=""):
    send(view, text=text, html="", note="", is_streaming=True)


def text(view):
    return view.evaluate("model.get('text')")


def asked(view):
    return view.evaluate("model.sent")


def shown(view, place="#one"):
    return view.evaluate("place => $(`${place} .dw-text`).textContent", place)


def test_pieces_are_added_to_one_node_and_cost_no_more_than_they_are(view):
    begin(view)
    view.evaluate("""() => {
        window.first = textNode();
        window.changes = [];
        for (const name of ["appendData", "replaceData"]) first[name] = (...given) => {
            changes.push([name, ...given]);
            CharacterData.prototype[name].apply(first, given);
        };
    }""")
    for piece, at in (("Hello", 0), (", ", 5), ("world", 7)):
        append(view, piece, at)
    assert view.evaluate("changes") == [["appendData", "Hello"], ["appendData", ", "], ["appendData", "world"]]
    assert view.evaluate("textNode() === first && first.data") == text(view) == "Hello, world"


def test_places_are_counted_as_javascript_does(view):
    begin(view)
    append(view, "\U0001f411", 0)
    append(view, " sheep", 2)
    assert shown(view) == text(view) == "\U0001f411 sheep"
    assert asked(view) == []


def test_what_comes_twice_is_there_once(view):
    begin(view, "One two")
    append(view, " two", 3)
    append(view, " two three", 3)
    append(view, " four", 13)
    assert shown(view) == text(view) == "One two three four"
    assert asked(view) == []


def test_an_end_that_was_another_is_replaced(view):
    begin(view, "One two three")
    view.evaluate("select(textNode(), 0, 3)")
    append(view, " 2", 3)
    append(view, " 3", 5)
    assert shown(view) == text(view) == "One 2 3"
    assert view.evaluate("document.getSelection().toString()") == "One"


def test_a_page_with_a_gap_asks_once_and_goes_on(view):
    begin(view, "One")
    for piece, at in ((" three", 7), (" four", 13)):
        append(view, piece, at)
    assert asked(view) == [LOST]
    assert shown(view) == text(view) == "One"
    send(view, text="One two three four")
    append(view, " five", 18)
    assert shown(view) == text(view) == "One two three four five"
    append(view, " seven", 27)
    assert asked(view) == [LOST, LOST]


@pytest.mark.parametrize("at", [0, 8])
def test_a_page_that_missed_the_beginning_asks(view, at):
    send(view, text="One two.", html="<p>One two.</p>")
    append(view, "Three", at)
    assert text(view) == "One two."
    assert asked(view) == [LOST]
    begin(view, "Three")
    append(view, " four", 5)
    assert shown(view) == text(view) == "Three four"


def test_a_model_without_a_view_keeps_the_whole_text(view):
    view.evaluate("remove()")
    begin(view)
    append(view, "One. ", 0)
    view.evaluate("() => { window.remove = show('one') }")
    append(view, "Two", 5)
    assert shown(view) == text(view) == "One. Two"


def test_two_views_grow_and_so_does_a_hidden_one(view):
    view.evaluate("() => { window.removeSecond = show('two'); $('#one').style.display = 'none' }")
    begin(view)
    append(view, "One", 0)
    append(view, " two", 3)
    view.evaluate("() => { $('#one').style.display = '' }")
    append(view, " three", 7)
    assert shown(view) == shown(view, "#two") == "One two three"


def test_a_selection_and_a_place_survive_pieces(view):
    begin(view, lines(60))
    scroll_to(view, 50)
    view.evaluate("select(textNode(), 5, 9)")
    for n in range(20):
        append(view, "more\n", len(lines(60)) + 5 * n)
    assert scroll_top(view) == 50
    assert view.evaluate("document.getSelection().toString()") == lines(60)[5:9]


def test_a_next_answer_of_the_same_beginning_is_another_text(view):
    begin(view)
    append(view, "One", 0)
    begin(view)
    append(view, "On", 0)
    append(view, " and on", 2)
    assert shown(view) == text(view) == "On and on"
    send(view, html="<p>On and on</p>", is_streaming=False)
    assert shown(view) == ""


LISTEN = """() => {
    window.heard = [];
    new MutationObserver((changes) => changes.forEach(({ addedNodes }) =>
        addedNodes.forEach((node) => heard.push(node.textContent)),
    )).observe($("[role=log]"), { childList: true });
}"""


def test_a_sentence_is_said_once_however_it_is_cut(view):
    view.evaluate(LISTEN)
    whole = 'He said *"No.")* Then\n\n1. Swim. And'
    begin(view)
    for at, sign in enumerate(whole):
        append(view, sign, at)
    append(view, whole[-3:], len(whole) - 3)
    send(view, html="<p></p>", is_streaming=False)
    view.evaluate("frame()")
    assert view.evaluate("heard") == ['He said "No.")', "Then", "1. Swim.", "And"]


def test_a_text_that_was_replaced_is_said_from_where_nothing_was(view):
    view.evaluate(LISTEN)
    begin(view, "No sentence has come to its end")
    send(view, text="Go. Then")
    append(view, " on.", 8)
    append(view, " ", 12)
    view.evaluate("frame()")
    assert view.evaluate("heard") == ["Go.", "Then on."]


def test_the_text_has_no_say_in_the_width(view):
    """Where it has, Chromium lays a long text out several times for each piece."""
    view.evaluate("() => { $('#one').style.display = 'inline-block' }")
    width = "$('.dw-response-frame').getBoundingClientRect().width"
    before = view.evaluate(width)
    begin(view)
    append(view, "word " * 100, 0)
    assert view.evaluate(width) == before > 200


def test_what_the_widget_says_is_what_the_page_shows(view, monkeypatch):
    sent = []
    monkeypatch.setattr("comm.create_comm", keeping(sent))
    widget = ResponseView()
    sent.clear()
    widget.begin()
    for said in ("a", "a\ud83d", "a\ud83d\ude00", "a\U0001f600 b\U0001f411", "a\U0001f600 b\U0001f411.", "b", "bc"):
        widget.text = said
        for message in sent:
            if message["method"] == "custom":
                append(view, message["content"]["append"], message["content"]["at"])
            else:
                send(view, **message["state"])
        sent.clear()
        assert shown(view) == text(view) == widget.text
    assert asked(view) == []
    widget.close()


MAKE = """
import threading, time
from pathlib import Path
from dolly_widget.widget.answer.response import ResponseView
view = ResponseView()
view.begin()
view.text = "One"
def grow():
    while not Path("go-on").exists():
        time.sleep(0.01)
    view.text += " and what is lost"
    view.text += " three"
threading.Thread(target=grow, daemon=True).start()
view
"""


def test_what_was_lost_on_the_way_is_asked_for_and_shown(voila, page):
    asked = []

    def lose(socket):
        server = socket.connect_to_server()

        def to_page(frame):
            if "and what is lost" not in str(frame) or asked:
                socket.send(frame)

        def to_kernel(frame):
            asked.extend(["lost"] * ('"lost"' in str(frame)))
            server.send(frame)

        server.on_message(to_page)
        socket.on_message(to_kernel)

    page.route_web_socket("**/channels*", lose)
    notebook = voila.open(page, [MAKE])
    expect(page.locator(".dw-text")).to_have_text("One")
    (voila.folder / "go-on").touch()
    expect(page.locator(".dw-text")).to_have_text("One and what is lost three")
    assert asked == ["lost"]
    assert notebook.errors() == []
    notebook.close()
