"""What a DollyWidget says to its output area: how an answer ended, and when one begins."""

import dataclasses

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget
from dolly_widget.engines.result import GenerationResult
from dolly_widget.widget.page.messages import ending_note

RESULT = GenerationResult("text", (1,), 5, "stop", 0, 0.25, 0.1)


@pytest.mark.parametrize(("reason", "word"), [("stop", ""), ("length", "max new tokens"), ("cancelled", "Stopped")])
def test_an_answer_that_is_not_whole_says_why(reason, word):
    note = ending_note(dataclasses.replace(RESULT, finish_reason=reason))
    assert word in note
    assert bool(note) == bool(word)


def test_a_stopped_answer_is_marked_until_the_next_one():
    engine = ScriptedEngine(["so far ", "never"], stepwise=True)
    widget = DollyWidget(engine)
    view = widget._screen.answer.view
    widget.instruction = "Go on."
    widget.submit()
    engine.step()
    wait_for(widget, "response", "so far ")
    widget.stop()
    widget.wait(LIMIT_S)
    assert (view.text, view.note) == ("so far ", "Stopped – the answer is incomplete.")
    widget.submit()
    assert view.note == ""
    widget.close()


def test_submit_empties_the_area_in_one_message(monkeypatch):
    engine = ScriptedEngine(["one"], ["never"], stepwise=True)
    widget = DollyWidget(engine)
    engine.step()
    widget.ask("Count.")
    widget.instruction = "Count."
    sent = []
    view = widget._screen.answer.view
    monkeypatch.setattr(view, "send_state", lambda key=None: sent.append({name: getattr(view, name) for name in key}))
    widget.submit()
    assert sent == [{"text": "", "html": "", "code": "", "rendered": 0, "n_operations": 0, "is_streaming": True}]
    widget.close()
