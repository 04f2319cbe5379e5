"""Several answers to one question: written at once, where the engine can, and one of them chosen."""

import contextlib

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine
from together_engine import TogetherEngine

from dolly_widget import DollyWidget, EngineError, IncompleteAnswerError


@pytest.fixture
def make():
    made = []

    def make_widget(*answers, engine=ScriptedEngine, **options):
        made.append(DollyWidget(engine(*answers, **options)))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


LONG = {"type": "array", "items": {"type": "string"}, "minItems": 3}
EITHER = pytest.mark.parametrize("engine", [ScriptedEngine, TogetherEngine])


def columns(widget):
    return widget._screen.answer.several.children


def texts(widget):
    return [column.view.text for column in columns(widget)]


def figures(widget):
    return [column.stats.value for column in columns(widget)]


def ask_several(widget):
    widget.ask("Name a colour.")
    widget._screen.answer.regenerate_several.click()


def wait_until(widget, is_so):
    """Wait until the engine has said what makes it so."""
    engine = widget._session.engine
    while not is_so():
        engine.said.clear()
        if not is_so():
            assert engine.said.wait(LIMIT_S)


@EITHER
def test_four_answers_stand_side_by_side(make, engine):
    widget = make(["blue"], ["red"], ["green"], ["grey"], ["pink"], engine=engine)
    ask_several(widget)
    widget.wait(LIMIT_S)
    screen = widget._screen
    assert texts(widget) == ["red", "green", "grey", "pink"]
    assert screen.answer.several.is_open
    assert screen.answer.view.layout.display == "none"
    assert len(widget.history) == 5
    assert all("1 token" in each and "seed" in each for each in figures(widget))


def test_an_engine_that_can_writes_all_four_at_once(make):
    widget = make(
        ["blue"], ["r", "ed"], ["gr", "een"], ["gr", "ey"], ["p", "ink"], engine=TogetherEngine, stepwise=True
    )
    engine = widget._session.engine
    engine.step()
    ask_several(widget)
    assert widget.status == "generating"
    engine.step()
    wait_until(widget, lambda: texts(widget) == ["r", "gr", "gr", "p"])
    assert all(column.view.is_streaming for column in columns(widget))
    engine.step()
    widget.wait(LIMIT_S)
    assert texts(widget) == ["red", "green", "grey", "pink"]
    assert engine.at_once == 4
    assert [each.result.text for each in widget.history] == ["blue", "red", "green", "grey", "pink"]


def test_the_history_has_them_in_their_order_whichever_ends_first(make):
    widget = make(["blue"], ["r", "e", "d"], ["gr", "een"], ["grey"], ["p", "i", "nk"], engine=TogetherEngine)
    ask_several(widget)
    widget.wait(LIMIT_S)
    assert [each.result.text for each in widget.history] == ["blue", "red", "green", "grey", "pink"]
    rows = widget._screen.history.list.listing["rows"]
    assert [row["answer"] for row in rows] == ["pink", "grey", "green", "red", "blue"]
    assert widget.response == "pink"


def test_stop_ends_all_that_are_written_and_keeps_their_texts(make):
    widget = make(["blue"], *[["a", "b"]] * 4, engine=TogetherEngine, stepwise=True)
    engine = widget._session.engine
    engine.step()
    ask_several(widget)
    engine.step()
    wait_until(widget, lambda: texts(widget) == ["a"] * 4)
    widget.stop()
    widget.wait(LIMIT_S)
    assert texts(widget) == ["a"] * 4
    assert [each.result.finish_reason for each in widget.history] == ["stop", *["cancelled"] * 4]
    assert all(not column.choose.disabled for column in columns(widget))
    assert widget.status == "idle"


def test_each_answer_has_a_seed_of_its_own():
    with contextlib.closing(DollyWidget("demo", device="CPU", max_new_tokens=2)) as widget:
        widget.ask("Who is Dolly?", temperature=1.0)
        widget._session.regenerate(4).wait(LIMIT_S)
        assert len({each.result.seed for each in widget.history}) == 5


def test_four_answers_of_a_shape_have_it():
    with contextlib.closing(DollyWidget("demo", device="CPU", temperature=1.0)) as widget:
        widget.ask("Is the sky blue?", answer=["yes, it is", "no, it is not"])
        widget._session.regenerate(4).wait(LIMIT_S)
        asked = widget.history[1:]
    assert len(asked) == 4
    assert all(each.result.value in ("yes, it is", "no, it is not") for each in asked)
    assert all(sum(each.result.probabilities.values()) == pytest.approx(1) for each in asked)


def test_four_answers_of_a_shape_that_are_cut_stay():
    with contextlib.closing(DollyWidget("demo", device="CPU", temperature=1.0)) as widget:
        with pytest.raises(IncompleteAnswerError):
            widget.ask("Who is Dolly?", answer=LONG, max_new_tokens=4)
        widget._session.regenerate(4).wait(LIMIT_S)
        assert [each.result.finish_reason for each in widget.history] == ["length"] * 5


def test_what_waits_is_asked_after_all_four(make):
    widget = make(["blue"], ["red"], ["green"], ["grey"], ["pink"], ["A bird."], engine=TogetherEngine, stepwise=True)
    engine = widget._session.engine
    engine.step()
    ask_several(widget)
    widget.instruction = "Name a bird."
    widget._queue()
    engine.step(2)
    wait_until(widget, lambda: len(widget.history) == 6)
    widget.wait(LIMIT_S)
    assert widget.history[-1].result.text == "A bird."


def test_the_one_that_is_chosen_is_gone_on_with(make):
    widget = make(["blue"], ["red"], ["green"], ["grey"], ["pink"])
    ask_several(widget)
    widget.wait(LIMIT_S)
    columns(widget)[1].choose.click()
    screen = widget._screen
    assert (widget.response, screen.answer.view.text) == ("green", "green")
    assert not screen.answer.several.is_open
    assert screen.answer.view.layout.display is None


def test_stop_leaves_those_that_are_there(make):
    widget = make(["blue"], ["red"], ["green", "ish"], stepwise=True)
    engine = widget._session.engine
    engine.step()
    ask_several(widget)
    engine.step(2)
    wait_until(widget, lambda: texts(widget)[1] == "green")
    widget.stop()
    widget.wait(LIMIT_S)
    assert texts(widget) == ["red", "green", "", ""]
    assert [column.view.placeholder for column in columns(widget)][2:] == ["No answer."] * 2
    assert [column.choose.disabled for column in columns(widget)] == [False, False, True, True]
    assert not widget._screen.answer.several.is_writing
    assert widget.status == "idle"


@EITHER
def test_an_answer_that_fails_leaves_the_others(make, engine):
    widget = make(["blue"], ["red"], [EngineError("It <b>broke</b>.")], ["grey"], ["pink"], engine=engine)
    ask_several(widget)
    widget.wait(LIMIT_S)
    assert texts(widget) == ["red", "", "grey", "pink"]
    assert "It &lt;b&gt;broke&lt;/b&gt;." in figures(widget)[1]
    assert columns(widget)[1].view.placeholder == "No answer."
    assert columns(widget)[1].choose.disabled
    assert [each.result.text for each in widget.history] == ["blue", "red", "grey", "pink"]
    assert widget.status == "idle"


@EITHER
def test_where_all_fail_the_answer_before_is_shown_again(make, engine):
    widget = make(["blue"], *[[EngineError("It broke.")]] * 4, engine=engine)
    ask_several(widget)
    with pytest.raises(EngineError):
        widget.wait(LIMIT_S)
    assert (widget.response, widget._screen.answer.view.text) == ("blue", "blue")
    assert not widget._screen.answer.several.is_open
    assert "It broke." in widget._screen.notice.message.value


class _Breaks(TogetherEngine):
    def generate_many(self, requests, **options):
        yield next(super().generate_many(requests, **options))
        raise EngineError("The device is gone.")


def test_an_engine_that_fails_leaves_what_was_written(make):
    widget = make(["blue"], ["gr", "een"], ["red"], ["gr", "ey"], ["p", "ink"], engine=_Breaks)
    ask_several(widget)
    with pytest.raises(EngineError):
        widget.wait(LIMIT_S)
    assert [column.choose.disabled for column in columns(widget)] == [True, False, True, True]
    assert texts(widget)[1] == "red"
    assert "The device is gone." in widget._screen.notice.message.value
    assert [each.result.text for each in widget.history] == ["blue", "red"]
    assert widget._screen.history.list.listing["total"] == 2
    columns(widget)[1].choose.click()
    assert widget.response == "red"


def test_what_is_asked_next_takes_their_place(make):
    widget = make(["blue"], ["red"], ["green"], ["grey"], ["pink"], ["A bird."])
    ask_several(widget)
    widget.wait(LIMIT_S)
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
