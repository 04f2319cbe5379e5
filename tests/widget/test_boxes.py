"""What stands in the boxes: nothing that a person typed is lost, whatever becomes of the question."""

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine
from turns_template import LinesTemplate

from dolly_widget import DollyWidget, EngineError
from dolly_widget.errors import PromptTooLongError


@pytest.fixture
def make():
    made = []

    def make_widget(*answers, chat=True, stepwise=False, **options):
        engine = ScriptedEngine(*answers, stepwise=stepwise)
        if chat:
            engine.template = LinesTemplate()
        made.append(DollyWidget(engine, chat=chat, **options))
        return made[-1], engine

    yield make_widget
    for widget in made:
        widget.close()


def press(widget, kind, instruction=None):
    content = {"kind": kind} if instruction is None else {"kind": kind, "instruction": instruction}
    widget._screen.composer._handle_custom_msg(content, [])


def click(widget, event, place, step=0):
    widget._screen.answer.conversation._handle_custom_msg({"event": event, "place": place, "step": step}, [])


def prompts(engine):
    return [prompt for prompt, _ in engine.calls]


def questions(widget):
    return [turn["question"].split(">")[1].split("<")[0] for turn in widget._screen.answer.conversation.items]


def notice(widget):
    return widget._screen.notice.message.value


# A question that waits


def test_enter_while_an_answer_is_written_asks_next(make):
    widget, engine = make(["one"], ["two"], stepwise=True)
    press(widget, "submit", "First.")
    first = widget._session._answerer.job
    widget.context = "About this."
    press(widget, "queue", "Second.")
    assert (widget._screen.composer.queued, widget.instruction, widget.context) == ("Second.", "", "")
    engine.step(2)
    first.wait(LIMIT_S)
    assert widget.wait(LIMIT_S).text == "two"
    assert prompts(engine) == ["First.|", "First.||one\nSecond.|About this."]
    assert widget._screen.composer.queued == ""
    assert questions(widget) == ["First.", "Second."]


def test_what_waits_is_asked_with_the_settings_of_then(make):
    widget, engine = make(["one"], ["two"], stepwise=True)
    press(widget, "submit", "First.")
    first = widget._session._answerer.job
    widget.temperature = 0.3
    press(widget, "queue", "Second.")
    widget.temperature = 1.5
    engine.step(2)
    first.wait(LIMIT_S)
    widget.wait(LIMIT_S)
    assert engine.calls[1][1].temperature == 0.3


def test_what_is_typed_meanwhile_stays(make):
    widget, engine = make(["one"], ["two"], stepwise=True)
    press(widget, "submit", "First.")
    first = widget._session._answerer.job
    press(widget, "queue", "Second.")
    widget.instruction = "A third, half wr"
    engine.step(2)
    first.wait(LIMIT_S)
    widget.wait(LIMIT_S)
    assert widget.instruction == "A third, half wr"


def test_only_one_question_waits_and_the_other_stays_in_the_box(make):
    widget, engine = make(["one"], stepwise=True)
    press(widget, "submit", "First.")
    press(widget, "queue", "Second.")
    press(widget, "queue", "Third.")
    assert "One question waits already" in notice(widget)
    assert (widget._screen.composer.queued, widget.instruction) == ("Second.", "Third.")
    engine.step(2)


def test_nothing_cannot_wait(make):
    widget, engine = make(["one"], stepwise=True)
    press(widget, "submit", "First.")
    press(widget, "queue", " ")
    assert "Write an instruction" in notice(widget)
    assert widget._screen.composer.queued == ""
    engine.step()


def test_stop_gives_back_what_waits(make):
    widget, _ = make(["one"], stepwise=True)
    press(widget, "submit", "First.")
    press(widget, "queue", "Second.")
    press(widget, "stop")
    widget.wait(LIMIT_S)
    assert (widget._screen.composer.queued, widget.instruction) == ("", "Second.")
    assert len(widget.history) == 1


def test_what_waits_is_given_back_before_what_was_typed_since(make):
    widget, _ = make(["one"], stepwise=True)
    press(widget, "submit", "First.")
    press(widget, "queue", "Second.")
    widget.instruction = "Third."
    press(widget, "unqueue")
    assert widget.instruction == "Second.\nThird."
    press(widget, "stop")


def test_an_answer_that_fails_gives_back_what_waits(make):
    widget, engine = make([EngineError("It broke.")], stepwise=True)
    press(widget, "submit", "First.")
    press(widget, "queue", "Second.")
    engine.step()
    with pytest.raises(EngineError):
        widget.wait(LIMIT_S)
    assert widget.instruction == "First.\nSecond."
    assert "It broke." in notice(widget)


# A refused question


@pytest.mark.parametrize("refused", ["", " ", "7 " * 3000])
def test_a_question_that_is_refused_leaves_the_answer_and_the_box(make, refused):
    widget, _ = make(["one"])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    before = widget._screen.answer.view.html, widget._screen.answer.stats.value, questions(widget)
    press(widget, "submit", refused)
    assert notice(widget) != ""
    assert (widget._screen.answer.view.html, widget._screen.answer.stats.value, questions(widget)) == before
    assert (widget.response, widget.instruction) == ("one", refused)
    assert widget._session.shown is widget.history[0]


def test_a_question_that_fails_before_its_first_word_brings_the_answer_before_it_back(make):
    widget, _ = make(["one"], [EngineError("The device is busy.")])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    press(widget, "submit", "Second.")
    with pytest.raises(EngineError):
        widget.wait(LIMIT_S)
    assert "one" in widget._screen.answer.view.html
    assert questions(widget) == ["First."]
    assert (widget.response, widget.instruction) == ("one", "Second.")
    assert "The device is busy." in notice(widget)
    assert (widget.status, widget.error) == ("error", "The device is busy.")


def test_the_message_goes_when_the_text_is_changed(make):
    widget, _ = make(["one"])
    press(widget, "submit", "7 " * 3000)
    assert "too long for this model" in notice(widget)
    assert widget.status == "error"
    widget.instruction = "Shorter."
    assert (notice(widget), widget.status, widget.error) == ("", "idle", "")


def test_what_was_said_before_an_answer_broke_off_stays(make):
    widget, _ = make(["one"], ["half ", EngineError("It broke.")])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    press(widget, "submit", "Second.")
    with pytest.raises(EngineError):
        widget.wait(LIMIT_S)
    assert widget._screen.answer.view.text == "half "
    assert questions(widget) == ["First.", "Second."]


def test_a_long_prompt_is_told_as_one_number_of_tokens(make, demo_dir):
    widget, _ = make()
    with pytest.raises(PromptTooLongError, match=r"^[\d,]+ tokens too long for this model: shorten the text\.$"):
        widget.ask("7 " * 3000)


# An earlier question


def test_an_earlier_question_is_changed_and_gone_on_from(make):
    widget, engine = make(["one"], ["two"], ["three"])
    for text in ("First.", "Second."):
        press(widget, "submit", text)
        widget.wait(LIMIT_S)
    click(widget, "edit", 0)
    assert (widget.instruction, widget._screen.composer.editing) == ("First.", "question 1")
    press(widget, "submit", "First, changed.")
    widget.wait(LIMIT_S)
    assert prompts(engine)[2] == "First, changed.|"
    assert questions(widget) == ["First, changed."]
    assert (widget.instruction, widget._screen.composer.editing) == ("", "")
    assert [(turn["version"], turn["versions"]) for turn in widget._screen.answer.conversation.items] == [(2, 2)]


def test_the_branch_before_is_one_click_away(make):
    widget, _ = make(["one"], ["two"], ["three"])
    for text in ("First.", "Second."):
        press(widget, "submit", text)
        widget.wait(LIMIT_S)
    click(widget, "edit", 1)
    press(widget, "submit", "Second, changed.")
    widget.wait(LIMIT_S)
    click(widget, "version", 1, -1)
    assert questions(widget) == ["First.", "Second."]
    assert widget.response == "two"
    click(widget, "version", 1, 1)
    assert widget.response == "three"
    click(widget, "version", 1, 1)  # there is no further one
    assert widget.response == "three"


def test_what_was_in_the_box_comes_back_when_the_question_is_left_as_it_was(make):
    widget, engine = make(["one"], ["two"])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    widget.instruction = "A draft."
    click(widget, "edit", 0)
    press(widget, "stop_editing")
    assert (widget.instruction, widget._screen.composer.editing) == ("A draft.", "")
    press(widget, "submit", "Second.")
    widget.wait(LIMIT_S)
    assert prompts(engine)[1] == "First.||one\nSecond.|"


def test_what_was_in_the_box_comes_back_after_the_changed_question_was_asked(make):
    widget, _ = make(["one"], ["two"])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    widget.instruction = "A draft."
    click(widget, "edit", 0)
    press(widget, "submit", "First, changed.")
    widget.wait(LIMIT_S)
    assert widget.instruction == "A draft."


@pytest.mark.parametrize("place", [-1, 1, 99])
def test_a_question_that_is_not_there_cannot_be_changed(make, place):
    widget, _ = make(["one"])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    click(widget, "edit", place)
    assert widget._screen.composer.editing == ""


# A new chat


def test_a_new_chat_can_be_undone(make):
    widget, engine = make(["one"], ["two"])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    widget.instruction = "A draft."
    press(widget, "clear")
    assert (widget.instruction, questions(widget), widget._screen.composer.can_undo) == ("", [], True)
    press(widget, "undo")
    assert (widget.instruction, questions(widget), widget._screen.composer.can_undo) == ("A draft.", ["First."], False)
    press(widget, "submit", "Second.")
    widget.wait(LIMIT_S)
    assert prompts(engine)[1] == "First.||one\nSecond.|"


def test_what_was_cleared_twice_comes_back_at_once(make):
    widget, _ = make(["one"])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    widget.instruction = "A draft."
    press(widget, "clear")
    press(widget, "clear")
    press(widget, "undo")
    assert (widget.instruction, questions(widget)) == ("A draft.", ["First."])


def test_once_something_was_asked_there_is_nothing_to_undo(make):
    widget, _ = make(["one"], ["two"])
    press(widget, "submit", "First.")
    widget.wait(LIMIT_S)
    press(widget, "clear")
    press(widget, "submit", "Second.")
    widget.wait(LIMIT_S)
    assert not widget._screen.composer.can_undo
    press(widget, "undo")
    assert questions(widget) == ["Second."]


def test_examples_fold_when_something_was_asked_and_come_back_with_clear(make):
    widget, _ = make(["one"])
    assert widget._screen.composer.are_examples_open
    press(widget, "submit", "First.")
    assert not widget._screen.composer.are_examples_open
    widget.wait(LIMIT_S)
    press(widget, "clear")
    assert widget._screen.composer.are_examples_open


# Going on


def test_an_answer_that_was_stopped_can_be_gone_on_with(make):
    widget, engine = make(["one ", "two ", "three"], stepwise=True)
    press(widget, "submit", "Count.")
    engine.step()
    assert engine.said.wait(LIMIT_S)
    press(widget, "stop")
    widget.wait(LIMIT_S)
    assert widget._screen.answer.go_on.layout.display is None


def test_an_answer_that_ended_by_itself_cannot(make):
    widget, _ = make(["one"])
    press(widget, "submit", "Count.")
    widget.wait(LIMIT_S)
    assert widget._screen.answer.go_on.layout.display == "none"
    with pytest.raises(ValueError, match="no answer that ended before its end"):
        widget._session.go_on()


def test_going_on_adds_as_many_tokens_again_to_the_same_answer():
    with DollyWidgetOfDemo(max_new_tokens=8, temperature=0) as widget:
        widget.ask("Give five ideas for great weekend with family")
        short = widget.history[0].result
        widget._screen.answer.go_on.click()
        longer = widget.wait(LIMIT_S)
        assert longer.token_ids[:8] == short.token_ids
        assert len(longer.token_ids) == 16
        assert longer.text.startswith(short.text)
        whole = widget.ask("Give five ideas for great weekend with family", max_new_tokens=16)
        assert whole.token_ids == longer.token_ids


class DollyWidgetOfDemo:
    """A widget with the demonstration model, in exact arithmetic, closed at the end."""

    def __init__(self, **options):
        self._widget = DollyWidget(device="CPU", ov_config={"EXECUTION_MODE_HINT": "ACCURACY"}, **options)

    def __enter__(self):
        return self._widget

    def __exit__(self, *_):
        self._widget.close()


# What the arrows go through


def test_earlier_instructions_stand_in_the_page_the_newest_first_and_each_once(make):
    widget, _ = make(["1"], ["2"], ["3"])
    for text in ("First.", "Second.", "First."):
        press(widget, "submit", text)
        widget.wait(LIMIT_S)
    assert widget._screen.composer.recalled == ["First.", "Second."]


def test_only_so_much_of_them_goes_to_the_page(make):
    composer = make()[0]._screen.composer
    for number in range(150):
        composer.remember(f"Question {number}")
    assert len(composer.recalled) == 100
    composer.remember("x" * 19_990)
    assert composer.recalled == ["x" * 19_990]


# A long chat


def test_a_long_chat_leaves_out_its_oldest_turns_and_the_history_keeps_them(make):
    long = "word " * 200
    widget, engine = make(*([long] for _ in range(12)), max_new_tokens=200)
    for number in range(12):
        press(widget, "submit", f"Question {number}.")
        widget.wait(LIMIT_S)
    last = widget.history[-1]
    assert last.left_out > 0
    assert len(last.turns) == 11
    assert "Question 0." not in prompts(engine)[-1]
    assert f"Question {last.left_out}." in prompts(engine)[-1]
    assert f"Question {last.left_out - 1}." not in prompts(engine)[-1]
    assert widget._screen.answer.conversation.view_begins == last.left_out
    assert questions(widget)[0] == "Question 0."
    begins = [each.left_out for each in widget.history]
    assert begins == sorted(begins)
    assert len(set(begins)) < 5  # the engine keeps what begins the same
