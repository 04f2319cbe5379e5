"""Several answers to one question: written one after the other, and one of them chosen."""

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DollyWidget, EngineError


@pytest.fixture
def make():
    made = []

    def make_widget(*answers, **options):
        made.append(DollyWidget(ScriptedEngine(*answers, **options)))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


def columns(widget):
    return widget._screen.answer.several.children


def texts(widget):
    return [column.view.text for column in columns(widget)]


def ask_several(widget):
    widget.ask("Name a colour.")
    first = widget._session._answerer.job
    widget._screen.answer.regenerate_several.click()
    return first


def wait_for_all(widget):
    """Each answer's job is there when the one before has ended."""
    for _ in range(4):
        widget.wait(LIMIT_S)


def test_four_answers_stand_side_by_side(make):
    widget = make(["blue"], ["red"], ["green"], ["grey"], ["pink"])
    ask_several(widget)
    wait_for_all(widget)
    screen = widget._screen
    assert texts(widget) == ["red", "green", "grey", "pink"]
    assert screen.answer.several.is_open
    assert screen.answer.view.layout.display == "none"
    assert len(widget.history) == 5
    assert len({exchange.result.seed for exchange in widget.history} | {None}) > 1


def test_the_one_that_is_chosen_is_gone_on_with(make):
    widget = make(["blue"], ["red"], ["green"], ["grey"], ["pink"])
    ask_several(widget)
    wait_for_all(widget)
    columns(widget)[1].choose.click()
    screen = widget._screen
    assert (widget.response, screen.answer.view.text) == ("green", "green")
    assert not screen.answer.several.is_open
    assert screen.answer.view.layout.display is None


def test_stop_leaves_those_that_are_there(make):
    widget = make(["blue"], ["red"], ["green", "ish"], stepwise=True)
    engine = widget._session.engine
    engine.step(2)
    ask_several(widget)
    widget.wait(LIMIT_S)
    engine.said.clear()
    engine.step()
    assert engine.said.wait(LIMIT_S)
    widget.stop()
    widget.wait(LIMIT_S)
    assert texts(widget) == ["red", "green", "", ""]
    assert [column.choose.disabled for column in columns(widget)] == [False, False, True, True]
    assert not widget._screen.answer.several.is_writing
    assert widget.status == "idle"


def test_an_answer_that_fails_leaves_the_one_before(make):
    widget = make(["blue"], ["red"], [EngineError("It broke.")], ["green"])
    ask_several(widget)
    with pytest.raises(EngineError):
        wait_for_all(widget)
    assert (widget.response, widget._screen.answer.view.text) == ("red", "red")
    assert not widget._screen.answer.several.is_open
    assert "It broke." in widget._screen.notice.message.value
    assert len(widget.history) == 2


def test_what_is_asked_next_takes_their_place(make):
    widget = make(["blue"], ["red"], ["green"], ["grey"], ["pink"], ["A bird."])
    ask_several(widget)
    wait_for_all(widget)
    widget.ask("Name a bird.")
    assert not widget._screen.answer.several.is_open
    assert widget._screen.answer.view.text == "A bird."


def test_without_an_answer_or_greedily_there_are_none(make):
    widget = make(["blue"])
    widget._screen.answer.regenerate_several.click()
    assert "There is no answer yet" in widget._screen.notice.message.value
    widget.ask("Name a colour.", temperature=0)
    widget._screen.answer.regenerate_several.click()
    assert "Greedy decoding" in widget._screen.notice.message.value
    assert not widget._screen.answer.several.is_open


def test_they_are_made_when_they_are_wanted(make):
    assert columns(make()) == ()
