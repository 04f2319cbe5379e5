"""Deleting and labelling answers of a DollyWidget: what is shown stays, and what leads from it to others follows."""

from datetime import datetime, timezone

import pytest
from exchanges import answered
from scripted_engine import LIMIT_S, ScriptedEngine
from turns_template import LinesTemplate

from dolly_widget import DollyWidget, History


@pytest.fixture
def make():
    made = []

    def make_widget(*answers, stepwise=False, **options):
        engine = ScriptedEngine(*answers, stepwise=stepwise)
        engine.template = LinesTemplate()
        made.append(DollyWidget(engine, **options))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


def asked(widget):
    return [each.instruction for each in widget.history]


def tell(widget, **content):
    rows = widget._screen.history.list
    rows._handle_custom_msg({"edits": rows.listing["edits"], **content}, [])


def versions(widget):
    return [(each["version"], each["versions"]) for each in widget._screen.answer.conversation.items]


def test_an_answer_knows_when_it_ended(make):
    before = datetime.now(timezone.utc).replace(microsecond=0)
    widget = make(["one"])
    widget.ask("First.")
    assert before <= widget.history[0].answered_at <= datetime.now(timezone.utc)


def test_times_are_in_nothing_that_a_notebook_saves(make):
    widget = make(["one"])
    widget.ask("First.")
    year = str(widget.history[0].answered_at.year)
    assert year not in repr((widget, widget.history, *widget.history)) + widget._saved._html


def test_what_is_shown_stays_when_it_is_deleted(make):
    widget = make(["one"], ["two"])
    widget.ask("First.")
    widget.ask("Second.")
    tell(widget, kind="delete", place=1)
    assert (asked(widget), widget.response) == (["First."], "two")
    assert (widget._screen.answer.view.text, widget._screen.history.list.shown) == ("two", -1)
    assert widget._screen.answer.regenerate.disabled is False
    tell(widget, kind="undo")
    assert (asked(widget), widget._screen.history.list.shown) == (["First.", "Second."], 1)


def test_a_chat_goes_on_after_one_of_its_answers_was_deleted(make):
    widget = make(["one"], ["two"], ["three"], chat=True)
    widget.ask("First.")
    widget.ask("Second.")
    widget.forget(widget.history[0])
    widget.forget(widget.history[0])
    assert len(widget._screen.answer.conversation.items) == 2
    widget.ask("Third.")
    assert [turn.answer for turn in widget.history[0].turns] == ["one", "two"]
    assert History.from_json(widget.history.to_json()) == widget.history


def test_the_pager_leads_to_no_answer_that_was_deleted(make):
    widget = make(["one"], ["two"], ["three"])
    for _ in range(3):
        widget.ask("Who?")
    pager = widget._screen.answer.pager
    widget.forget(widget.history[1])
    assert pager.label.value == "Answer 2 of 2"
    pager.older.click()
    assert widget.response == "one"
    widget.forget(widget.history[0])
    assert (widget.response, pager.label.value, pager.layout.display) == ("one", "1 other", None)
    pager.older.click()
    assert (widget.response, pager.layout.display) == ("three", "none")


def test_a_version_of_a_question_goes_with_its_answer(make):
    widget = make(["one"], ["two"], ["other"], chat=True)
    widget.ask("First.")
    widget.ask("Second.")
    widget._boxes.edit(1)
    widget.ask("Else?")
    assert versions(widget) == [(1, 1), (2, 2)]
    second = widget.history[1]
    widget.forget(second)
    assert versions(widget) == [(1, 1), (1, 1)]
    tell(widget, kind="undo")  # nothing: the page deleted nothing
    assert len(widget.history) == 2


def test_a_label_changes_nothing_else(make):
    widget = make(["one"], ["two"], ["three"])
    for _ in range(2):
        widget.ask("Who?")
    first, second = widget.history
    tell(widget, kind="label", place=1, label="mine")
    assert [each.label for each in widget.history] == ["", "mine"]
    assert widget._session.shown is widget.history[1]
    assert (widget._screen.history.list.shown, widget._screen.answer.pager.label.value) == (1, "Answer 2 of 2")
    widget.label(first, "theirs")
    widget._screen.answer.pager.older.click()
    assert widget._session.shown is widget.history[0]
    assert widget._screen.history.list.shown == 0
    widget.label(second, "")  # from before its label
    assert [each.label for each in widget.history] == ["theirs", ""]
    widget.regenerate().wait(LIMIT_S)
    assert widget.history[2].label == ""


def test_what_was_cleared_comes_back_with_its_label(make):
    widget = make(["one"])
    widget.ask("Who?")
    widget.clear()
    widget.label(widget.history[0], "mine")
    widget._undo_clear()
    assert widget._session.shown is widget.history[0]
    assert widget._screen.history.list.shown == 0


def test_one_of_several_answers_is_chosen_with_its_label(make):
    widget = make(["one"], ["two"], ["three"], ["four"], ["five"])
    widget.ask("Who?")
    widget._session.regenerate(4).wait(LIMIT_S)
    widget.label(widget.history[2], "mine")
    widget._screen.answer.several._columns[1].choose.click()
    assert (widget.response, widget._session.shown.label) == ("three", "mine")
    assert widget._screen.history.list.shown == 2


def test_nothing_is_changed_while_an_answer_is_written(make):
    widget = make(["one"], ["two"], stepwise=True, history=[answered("Before?", "0")])
    widget.instruction = "First."
    job = widget.submit()
    with pytest.raises(RuntimeError, match="still being written"):
        widget.forget(widget.history[0])
    with pytest.raises(RuntimeError, match="still being written"):
        widget.label(widget.history[0], "x")
    tell(widget, kind="delete", place=0)
    widget.stop()
    job.wait(LIMIT_S)
    assert asked(widget)[0] == "Before?"


def test_a_page_that_joins_gets_what_can_be_undone(make, sent):
    widget = make(["one"])
    widget.ask("Who?")
    tell(widget, kind="delete", place=0)
    sent.clear()
    widget._catching_up.send_again()
    assert [each["state"]["deleted"] for each in sent if "deleted" in each["state"]] == ["Who?"]
