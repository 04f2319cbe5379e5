"""A model that thinks first: the widget folds the reasoning, and neither copies it nor gives it to the next turn."""

import math

import pytest
from scripted_engine import ScriptedEngine

from dolly_widget import DollyWidget
from dolly_widget.engines import GenerationResult
from dolly_widget.history import History
from dolly_widget.widget.answer.saved import conversation_html


class ThinkingEngine(ScriptedEngine):
    """Thinks, and then answers; without an answer where it is given none."""

    def __init__(self, answer="Two.", reason="stop"):
        super().__init__()
        self.answer, self.reason = answer, reason

    def generate(self, prompt, params, *, on_text=lambda piece: None, stop=None):
        for piece in ("Hm, ", "<b>two."):
            on_text.reasoning(piece)
        if self.answer:
            on_text(self.answer)
        values = {"reasoning": "Hm, <b>two.", "reasoning_tokens": 4, "reasoning_s": 3.21}
        return GenerationResult(self.answer, tuple(range(6)), 5, self.reason, 7, 0.25, 0.1, **values)


@pytest.fixture
def widget():
    widget = DollyWidget(ThinkingEngine())
    yield widget
    widget.close()


def test_the_view_has_it_beside_the_answer(widget):
    seen = []
    widget._screen.answer.view.observe(lambda change: seen.append(change["new"]), "reasoning")
    widget.ask("One and one?")
    view = widget._screen.answer.view
    assert "Hm, " in seen[-1]
    assert (view.text, view.reasoning, view.thought) == ("Two.", "Hm, <b>two.", "Thought for 3.2 s · 4 tokens")
    assert "two" not in view.html
    assert widget.response == "Two."


def test_the_next_turn_does_not_have_it(widget):
    widget.ask("One and one?")
    assert [turn.answer for turn in widget.history[-1].turns_after] == ["Two."]


def test_the_next_answer_begins_without_it(widget):
    widget.ask("One and one?")
    widget._screen.answer.view.begin()
    assert (widget._screen.answer.view.reasoning, widget._screen.answer.view.thought) == ("", "")


def test_an_answer_that_did_not_come_is_explained():
    widget = DollyWidget(ThinkingEngine("", "length"))
    widget.ask("One and one?")
    view = widget._screen.answer.view
    assert view.note == "Ended at max new tokens while it was thinking: allow more of them for an answer."
    assert view.reasoning == "Hm, <b>two."
    widget.close()


def test_a_history_keeps_it_and_one_of_before_has_none(widget):
    widget.ask("One and one?")
    saved = widget.history.to_json()
    result = History.from_json(saved)[0].result
    assert (result.reasoning, result.reasoning_tokens, result.reasoning_s) == ("Hm, <b>two.", 4, 3.21)
    old = saved
    for field in ('"reasoning": "Hm, <b>two.", ', '"reasoning_tokens": 4, ', '"reasoning_s": 3.21'):
        assert field in old
        old = old.replace(field, "")
    old = old.replace(", }", "}").replace(", , ", ", ")
    result = History.from_json(old)[0].result
    assert (result.reasoning, result.reasoning_tokens) == ("", 0)
    assert math.isnan(result.reasoning_s)


def test_a_document_quotes_it_before_the_answer(widget):
    widget.ask("One and one?")
    document = widget.history.to_markdown()
    assert "**Reasoning**\n\n```text\nHm, <b>two.\n```\n\n**Answer**\n\nTwo." in document


def test_a_saved_page_has_it_folded(widget):
    widget.ask("One and one?")
    page = conversation_html(widget.history[-1])
    assert '<details class="dw-reasoning"><summary>Thought for 3.2 s · 4 tokens</summary>' in page
    assert "Hm, &lt;b&gt;two." in page
