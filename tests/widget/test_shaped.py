"""``DollyWidget.ask(answer=…)``: a value and probabilities; what is cut stays in the widget, and the call says so."""

import threading

import pytest

from dolly_widget import PLAIN, GenerationResult
from dolly_widget.errors import EngineError, IncompleteAnswerError
from dolly_widget.history.as_code import as_code
from dolly_widget.history.history import History
from dolly_widget.lens import ChoiceReader

LONG = {"type": "array", "items": {"type": "string"}, "minItems": 3}


@pytest.fixture
def widget(make):
    return make("demo", temperature=0)


def test_a_choice_has_a_value_and_probabilities(widget):
    result = widget.ask("Is the sky blue?", answer=bool)
    assert result.value is {"yes": True, "no": False}[result.text]
    assert list(result.probabilities) == [True, False]
    assert result.value is max(result.probabilities, key=result.probabilities.get)
    assert widget.response == result.text
    assert widget.history[-1].result is result


@pytest.mark.parametrize("error", [ValueError("The prompt leaves too little."), EngineError("The device is gone.")])
def test_an_answer_whose_probabilities_cannot_be_read_is_there_all_the_same(widget, monkeypatch, error):
    def fail(reader, prompt, shape):
        raise error

    monkeypatch.setattr(ChoiceReader, "probabilities", fail)
    result = widget.ask("Is the sky blue?", answer=["yes", "no"])
    assert (result.value in ("yes", "no"), result.probabilities) == (True, None)
    assert widget.history[-1].result is result


def test_another_shape_has_no_probabilities(widget):
    result = widget.ask("How many?", answer=int)
    assert (type(result.value), result.probabilities) == (int, None)


def test_an_answer_that_was_cut_stays_and_the_call_says_so(widget):
    with pytest.raises(IncompleteAnswerError, match="allow more") as caught:
        widget.ask("Who is Napoleon?", answer=LONG, max_new_tokens=4)
    assert (widget.status, widget.error) == ("idle", "")
    assert widget.response == caught.value.text == widget.history[-1].result.text
    assert widget.ask("Is the sky blue?", answer=["yes", "no"]).value in ("yes", "no")


def test_a_stop_keeps_what_there_was(widget):
    seen = threading.Event()

    def stop(change):
        if change["new"]:
            widget.stop()
            seen.set()

    widget.observe(stop, "response")
    with pytest.raises(IncompleteAnswerError, match="stopped"):
        widget.ask("Who is Napoleon?", answer={"type": "string"}, max_new_tokens=1000)
    assert seen.is_set()
    assert widget.history[-1].result.finish_reason == "cancelled"


def test_what_is_no_shape_is_refused_and_the_last_answer_stays(widget):
    before = widget.ask("Is the sky blue?").text
    with pytest.raises(ValueError, match="There are no choices"):
        widget.ask("Is it?", answer=[])
    assert widget.response == before
    assert len(widget.history) == 1


def test_an_engine_of_ones_own_that_cannot_is_refused_in_a_sentence(make):
    class Own:
        device, template = "far away", PLAIN

        def generate(self, prompt, params, *, on_text=lambda piece: None, stop=None):
            return GenerationResult("yes", (), 0, "stop", 0, 0.1, 0.1)

        def close(self):
            pass

    with pytest.raises(ValueError, match="does not support answer="):
        make(Own()).ask("Is the sky blue?", answer=bool)


def test_asked_again_the_answer_has_the_same_shape(make):
    widget = make("demo", temperature=1.0, max_new_tokens=20)
    widget.ask("Is the sky blue?", answer=["yes", "no"])
    assert widget.regenerate().wait(60).value in ("yes", "no")


def test_a_file_keeps_the_text_and_not_the_value(widget):
    widget.ask("Is the sky blue?", answer=bool)
    kept = History.from_json(widget.history.to_json())[0]
    assert kept.result == widget.history[0].result
    assert (kept.result.value, kept.answer) == (None, None)


@pytest.mark.parametrize(
    ("answer", "argument"),
    [
        (bool, "answer=bool"),
        (["yes", "no"], "answer=['yes', 'no']"),
        ({"type": "boolean"}, "answer={'type': 'boolean'}"),
    ],
)
def test_code_names_the_shape(widget, answer, argument):
    widget.ask("Is the sky blue?", answer=answer)
    assert argument in as_code(widget.history[0])


def test_code_says_where_it_cannot_name_the_shape(widget):
    import datetime

    widget.ask("When?", answer=datetime.date)
    assert "add it as answer=" in as_code(widget.history[0])
