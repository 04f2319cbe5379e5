"""What happens at the wrong moment, or raises where nobody thinks of it: the widget stays whole, and says so."""

import contextlib
import dataclasses
import threading

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget, EngineError, History, Prompt
from dolly_widget.engines import EngineSetup
from dolly_widget.errors import PromptTooLongError
from dolly_widget.history.as_markdown import quoted
from dolly_widget.text.template import DOLLY, Segment

WHO = "Who is Dolly?"


def in_time(act):
    """Do it on a thread, since it might never end."""
    done = threading.Event()
    threading.Thread(target=lambda: (act(), done.set()), daemon=True).start()
    return done.wait(LIMIT_S)


def test_an_observer_of_the_answer_may_close_the_widget_on_the_thread_of_the_library():
    widget = DollyWidget("demo", device="CPU", seed=1)
    widget.wait(LIMIT_S)
    closed = threading.Event()

    def close(change):
        if len(change["new"]) > 5 and not closed.is_set():
            closed.set()
            widget.close()

    widget.observe(close, "response")
    widget.instruction = WHO
    job = widget.submit()
    assert in_time(lambda: job.wait())
    assert closed.is_set()


def test_a_chat_that_is_asked_before_its_model_is_loaded_asks_what_the_model_can_be_asked():
    first = DollyWidget("demo", device="CPU")
    first.ask(WHO, temperature=0)
    history = first.history
    first.close()
    widget = DollyWidget("demo", device="CPU", history=history, chat=True)
    assert widget.ask(WHO, temperature=0).text == history[0].result.text
    assert widget.history[1].turns == ()  # it has no chat template
    widget.close()


def test_a_template_that_fails_in_its_own_way_is_told_of_and_blocks_nothing(make):
    class Template:
        name, stop = "own", ()

        def render(self, instruction, context=""):
            return Prompt([Segment(instruction[0], False)])  # IndexError for none

    engine = ScriptedEngine(["yes"])
    engine.template = Template()
    widget = make(engine)
    assert widget.status == "idle"
    assert "cannot be made" in widget._screen.prompt.title
    assert widget.ask("Hi").text == "yes"


def test_observers_that_raise_leave_a_widget_that_can_be_asked_again(make):
    widget = make(ScriptedEngine(["a", "b", EngineError("It broke.")], ["well"]))
    names = ["response", "status"]

    def fail(change):
        if names and change["name"] in names:
            raise ZeroDivisionError

    widget.observe(fail, ["response", "status"])
    widget.instruction = WHO
    with contextlib.suppress(ZeroDivisionError):
        widget.submit()
    with pytest.raises((ZeroDivisionError, EngineError)):
        widget.wait(LIMIT_S)
    names.clear()
    with pytest.raises((ZeroDivisionError, EngineError)):
        widget.wait(LIMIT_S)
    assert widget._screen.composer.state == "ready"
    assert widget.ask("Again.").text == "well"


def test_the_remedy_of_a_prompt_too_long_asks_the_same_again_with_what_can_be_set(make):
    engine = ScriptedEngine(["fits"])
    widget = make(engine)
    with pytest.raises(PromptTooLongError):
        widget.ask("Hi", temperature=0.3, max_new_tokens=20_000)
    assert widget._screen.notice.remedy.description == "Set max new tokens to 2024"
    widget._screen.notice.remedy.click()
    assert widget.wait(LIMIT_S).text == "fits"
    assert (engine.calls[0][1].max_new_tokens, engine.calls[0][1].temperature) == (2024, 0.3)


def test_a_click_on_an_old_answer_that_comes_when_a_new_one_is_written_changes_nothing(make):
    engine = ScriptedEngine(["one"], ["two"], stepwise=True)
    widget = make(engine)
    widget.instruction = WHO
    job = widget.submit()
    engine.step()
    job.wait(LIMIT_S)
    old = widget.history[0]
    job = widget.submit()
    widget._session.show_earlier(old)
    assert (widget._session.shown, widget._screen.answer.view.is_streaming) == (None, True)
    engine.step()
    assert job.wait(LIMIT_S).text == "two"


def test_an_answer_about_another_context_says_what_it_is_about(make):
    widget = make(ScriptedEngine(["a"], ["b"]))
    widget.ask("Summarise.", "Text A.")
    widget.ask("Summarise.", "Text B.")
    widget._session.show_earlier(widget.history[0])
    assert "Text A." in widget._screen.answer.conversation.items[0]["question"]
    assert widget.context == ""


def test_a_device_that_is_refused_is_not_shown_as_chosen(make):
    widget = make(ScriptedEngine(["one"], stepwise=True))
    widget.instruction = WHO
    widget.submit()
    box = widget._screen.settings.device
    box.value = "AUTO"
    assert box.value == widget.device == "CPU"
    assert "still being written" in widget._screen.notice.message.value
    widget.stop()


def test_a_model_that_could_not_be_loaded_stays_told_whatever_is_shown(monkeypatch, make):
    from dolly_widget.widget.session import loader

    before = make(ScriptedEngine(["one"]))
    before.ask(WHO)

    def fail(*arguments, **options):
        raise EngineError("The CPU is on strike.")

    monkeypatch.setattr(loader, "share_engine", fail)
    widget = make("demo", device="CPU", history=before.history)
    wait_for(widget, "status", "error")
    widget._session.show_earlier(widget.history[0])
    assert (widget.status, widget.error) == ("error", "The CPU is on strike.")
    widget.clear()
    assert (widget.status, widget.error) == ("error", "The CPU is on strike.")
    assert "on strike" in widget._screen.load_notice.message.value


@pytest.mark.parametrize("turns", [[(1, 2, 3)], [("a", "b")], ["abc"[:2]]])
def test_turns_that_are_none_are_refused_in_a_sentence(make, turns):
    with pytest.raises(ValueError, match="turns must be a list of"):
        make().ask("Hi", turns=turns)


# a history from elsewhere


def test_a_history_of_a_home_that_nobody_knows_is_a_history(make):
    widget = make(ScriptedEngine(["one"]))
    widget.ask(WHO)
    exchange = dataclasses.replace(widget.history[0], setup=EngineSetup("~nobody-here/models/x"))
    assert len(make(history=History.from_json(History([exchange]).to_json())).history) == 1
    with pytest.raises(ValueError, match="cannot be read"):
        make(history="~nobody-here/history.json")


def test_a_reference_in_an_answer_holds_for_no_other_one(make):
    widget = make(ScriptedEngine(["Fine.\n\n[click]: javascript:alert(1)"], ["See [click]."]))
    widget.ask("one")
    widget.ask("two")
    assert quoted("Fine.\n\n[click]: javascript:alert(1)") in widget.history.to_markdown()


def test_a_chat_takes_room_in_proportion_to_what_was_said(make):
    engine = ScriptedEngine(*([f"answer {number} " * 20] for number in range(40)))
    engine.template = type("Template", (), {"name": "chat", "stop": (), "takes_turns": True, "render": chatty})()
    widget = make(engine, chat=True)
    for number in range(40):
        widget.ask(f"question {number}")
    history = widget.history
    assert len(history[-1].turns) == 39
    again = History.from_json(history.to_json())
    assert again == history
    assert len(history.to_json()) < 2 * sum(len(History([each]).to_json()) for each in history[:1]) * 40
    assert history.to_markdown().count("answer 3 ") == 20


def chatty(self, instruction, context="", turns=()):
    return DOLLY.render(instruction, context)


def test_turns_after_an_exchange_that_is_not_there_are_damage(make):
    widget = make(ScriptedEngine(["one"]))
    widget.ask(WHO)
    text = widget.history.to_json().replace('"turns": []', '"turns": {"after": 7}')
    with pytest.raises(ValueError, match="damaged at exchange 1"):
        History.from_json(text)
