"""The output area is as tall as its answer, and grows with it. On a bare page."""

import pytest
from response_page import lines, send

from dolly_widget.text.markdown import markdown_to_html

pytestmark = pytest.mark.browser

SENTENCES = "Dolly answers in short words, and then in more of them. " * 12


@pytest.fixture
def page_of_two(view):
    """The page, with a line below the view."""
    view.evaluate("() => { $('#two').textContent = 'Below' }")
    return view


def below(view):
    return view.evaluate("$('#two').getBoundingClientRect().top")


def line_count(view):
    """Of the streaming text, as it is laid out."""
    return view.evaluate("Math.round($('.dw-text').getBoundingClientRect().height / 21)")


def answer(view, text):
    """Stream and finish; the positions of what is below, one for each message."""
    tops = []
    for end in range(0, len(text), 7):
        send(view, text=text[:end], html="", note="", is_streaming=True)
        tops.append(below(view))
    send(view, text=text, html=markdown_to_html(text), is_streaming=False)
    return [*tops, below(view)]


def test_the_area_is_as_tall_as_its_answer(page_of_two):
    first = answer(page_of_two, "Short.")
    longer = answer(page_of_two, SENTENCES)
    again = answer(page_of_two, "Short.")
    assert longer[-1] > first[-1] == again[-1]
    assert first[-1] < 140


def test_an_answer_that_grows_moves_nothing_up(page_of_two):
    tops = answer(page_of_two, lines(60))
    assert tops == sorted(tops)


def test_it_moves_down_only_where_the_text_needs_a_line(page_of_two):
    page_of_two.set_viewport_size({"width": 420, "height": 700})
    send(page_of_two, text="a", is_streaming=True)
    seen = {}
    for end in range(1, 500):
        send(page_of_two, text=SENTENCES[:end])
        seen.setdefault(line_count(page_of_two), set()).add(below(page_of_two))
    assert len(seen) > 8
    assert all(len(tops) == 1 for tops in seen.values())


def test_the_caret_needs_no_line_of_its_own(page_of_two):
    send(page_of_two, text="", is_streaming=True)
    for end in range(1, 200):
        send(page_of_two, text="m" * end, is_streaming=True)
        with_caret = line_count(page_of_two)
        send(page_of_two, is_streaming=False)
        assert line_count(page_of_two) == with_caret


def test_a_cleared_area_is_small_again(page_of_two):
    empty = below(page_of_two)
    answer(page_of_two, SENTENCES)
    assert below(page_of_two) > empty
    send(page_of_two, text="", html="", is_streaming=False)
    assert below(page_of_two) == empty


def test_the_height_that_the_reader_dragged_wins(page_of_two):
    answer(page_of_two, lines(60))
    page_of_two.evaluate("() => { $('.dw-response').style.height = '80px' }")
    before = below(page_of_two)
    assert len({before, *answer(page_of_two, lines(60)), *answer(page_of_two, "Short.")}) == 1
    assert page_of_two.evaluate("$('.dw-response').offsetHeight") == 80


def test_how_it_ended_is_a_quiet_line_below_the_answer(view):
    send(view, text="Half", html="<p>Half</p>", note="Stopped <b>.")
    note = view.locator(".dw-ending")
    assert note.inner_text() == "Stopped <b>."
    assert note.bounding_box()["y"] > view.locator(".dw-html p").bounding_box()["y"]
    send(view, text="", html="")
    assert note.is_visible()
    assert not view.locator(".dw-placeholder").is_visible()
    send(view, is_streaming=True)
    assert not note.is_visible()
