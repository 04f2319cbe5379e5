"""A chat in a DollyWidget: what the model is told of what was said before. Templates have a file of their own."""

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine
from turns_template import LinesTemplate

from dolly_widget import DollyWidget, EngineError
from dolly_widget.text.template import Turn


@pytest.fixture
def make():
    made = []

    def make_widget(*answers, template=True, **options):
        engine = ScriptedEngine(*answers)
        if template:
            engine.template = LinesTemplate()
        made.append((DollyWidget(engine, **options), engine))
        return made[-1]

    yield make_widget
    for widget, _ in made:
        widget.close()


def say(widget, instruction):
    widget.instruction = instruction
    return widget.submit().wait(LIMIT_S)


def prompts(engine):
    return [prompt for prompt, _ in engine.calls]


def test_without_chat_nothing_is_told_of_what_was_said_before(make):
    widget, engine = make(["one"], ["two"])
    say(widget, "First.")
    say(widget, "Second.")
    assert prompts(engine) == ["First.|", "Second.|"]
    assert widget.instruction == "Second."


def test_a_chat_tells_all_turns_and_empties_the_box(make):
    widget, engine = make(["one"], ["two"], ["three"], chat=True)
    widget.context = "The text."
    say(widget, "First.")
    assert (widget.instruction, widget.context) == ("", "")
    say(widget, "Second.")
    say(widget, "Third.")
    assert prompts(engine)[2] == "First.|The text.|one\nSecond.||two\nThird.|"
    assert widget.history[2].turns == (Turn("First.", "The text.", "one"), Turn("Second.", "", "two"))


def test_clear_begins_a_new_chat_and_keeps_the_history(make):
    widget, engine = make(["one"], ["two"], chat=True)
    say(widget, "First.")
    widget.clear()
    say(widget, "Second.")
    assert prompts(engine)[1] == "Second.|"
    assert len(widget.history) == 2


def test_the_prompt_that_is_shown_holds_the_chat_so_far(make):
    widget, engine = make(["one"], ["two"], chat=True)
    panel = widget._screen.prompt
    panel.is_open = True

    def shown():
        return "".join(text for _, text, _ in panel.view.stretches)

    say(widget, "First.")
    assert shown() == "First.||one\n|"
    widget.instruction = "Second."
    assert shown() == "First.||one\nSecond.|"
    widget.clear()
    assert shown() == "|"
    say(widget, "Third.")
    assert prompts(engine)[1] == "Third.|"
    widget.clear()  # the box is empty already
    assert shown() == "|"


def test_an_answer_that_is_shown_again_is_where_the_chat_goes_on(make):
    widget, engine = make(["one"], ["two"], ["other"], ["three"], chat=True)
    say(widget, "First.")
    say(widget, "Second.")
    widget.regenerate().wait(LIMIT_S)
    assert prompts(engine)[2] == prompts(engine)[1]
    widget._screen.answer.pager.older.click()
    say(widget, "Third.")
    assert prompts(engine)[3] == "First.||one\nSecond.||two\nThird.|"


def test_what_failed_is_back_in_the_box_and_the_chat_is_whole(make):
    widget, engine = make(["one"], [EngineError("It broke.")], ["two"], chat=True)
    say(widget, "First.")
    with pytest.raises(EngineError):
        say(widget, "Second.")
    assert widget.instruction == "Second."
    widget.submit().wait(LIMIT_S)
    assert prompts(engine)[2] == "First.||one\nSecond.|"


def test_ask_goes_on_with_the_chat_or_with_turns_of_its_own(make):
    widget, engine = make(["one"], ["two"], ["three"], chat=True)
    widget.ask("First.")
    widget.ask("Second.")
    widget.ask("Third.", turns=[("Mine.", "", "Yours.")])
    assert prompts(engine) == ["First.|", "First.||one\nSecond.|", "Mine.||Yours.\nThird.|"]


def test_a_model_without_a_chat_template_is_offered_no_chat(make):
    widget, engine = make(["one"], ["two"], template=False, chat=True)
    assert widget._screen.chat.layout.display == "none"
    say(widget, "First.")
    say(widget, "Second.")
    assert "First." not in prompts(engine)[1]
    with pytest.raises(ValueError, match="has no chat template"):
        widget.ask("Third.", turns=[("First.", "", "one")])


def shown(widget):
    return widget._screen.answer.conversation.items


def test_the_page_shows_what_was_said_above_the_answer(make):
    widget, _ = make(["one"], ["**two**"], chat=True)
    say(widget, "<b>First.</b>")
    say(widget, "Second.")
    first, second = shown(widget)
    assert "&lt;b&gt;First." in first["question"]
    assert "one" in first["answer"]
    assert "Second." in second["question"]
    assert second["answer"] == ""
    assert "<strong>two</strong>" in widget._screen.answer.view.html
    widget.clear()
    assert shown(widget) == []


def test_a_question_stands_with_its_answer_whatever_the_box_holds(make):
    widget, _ = make(["one"], ["two"], template=False)
    widget.ask("First.")
    widget.instruction = "Something else."
    assert "First." in shown(widget)[0]["question"]
    widget.ask("Second.")
    widget._session.show_earlier(widget.history[0])
    assert "First." in shown(widget)[0]["question"]
    assert widget.instruction == "Something else."


def test_the_box_stands_below_a_chat_and_above_a_single_answer(make):
    widget, _ = make(["one"])
    screen = widget._screen

    def order():
        parts = screen._main.children
        return parts.index(screen._asking) < parts.index(screen.answer)

    assert order()
    widget.chat = True
    assert not order()
    widget.chat = False
    assert order()


def test_without_a_chat_template_there_is_no_chat_to_stand_below(make):
    widget, _ = make(["one"], template=False, chat=True)
    screen = widget._screen
    assert screen._main.children.index(screen._asking) < screen._main.children.index(screen.answer)
    assert not screen.composer.is_chat
