"""The session without a widget: what it does, what it tells of that and in which order, and that it imports none."""

import dataclasses
import itertools
import subprocess
import sys

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import EngineError, Prompt, SamplingParams
from dolly_widget.engines import EngineSetup, setup, sharing
from dolly_widget.text import Segment, Turn
from dolly_widget.widget.session import model_session
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.choice import first_choice
from dolly_widget.widget.session.events import Events
from dolly_widget.widget.session.session import Session

BROKEN = EngineError("It broke: load the model again.")
NO_DRIVER = EngineError("The GPU has no driver: choose another device.")


class Told:
    """All events, in their order, as tuples that begin with the event's name."""

    def __init__(self):
        self.all = []
        names = [each.name for each in dataclasses.fields(Events)]
        self.events = Events(**{name: lambda *what, name=name: self.all.append((name, *what)) for name in names})

    def take(self):
        """What was told since the last time, without how the answer grew: that is a matter of time."""
        taken, self.all = self.all, []
        return [each for each in taken if each[:2] != ("changed", "response") or not each[2]]

    def names(self):
        return [" ".join(map(str, each[1:])) if each[0] == "changed" else each[0] for each in self.take()]


class Chat:
    """A template that writes down all that it is given."""

    name, stop, takes_turns = "chat", (), True

    def render(self, instruction, context="", turns=()):
        return Prompt([Segment("".join(f"{turn.instruction}|{turn.answer}|" for turn in turns) + instruction, False)])


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def make(told):
    made = []

    def make_session(model, history=(), **options):
        choice, given = first_choice(model, options)
        made.append(Session(choice, history, told.events))
        made[-1].start(given)
        return made[-1]

    yield make_session
    for session in made:
        session.close()


@pytest.fixture
def outcomes(monkeypatch):
    """What loading for a device comes to: engines or exceptions, one after the other."""
    outcomes, versions = {}, itertools.count()

    def start_engine(setup, prepared):
        outcome = outcomes[setup.device].pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        outcome.device = setup.device
        return outcome

    monkeypatch.setattr(sharing, "start_engine", start_engine)
    # Each load is of other files: nothing is shared.
    monkeypatch.setattr(sharing, "file_versions", lambda directory: next(versions))
    for module in (model_session, setup):
        monkeypatch.setattr(module, "check_device", lambda device: device)
    return outcomes


def asked(instruction, turns=(), **settings):
    return Asked(instruction, "", SamplingParams(**settings), tuple(turns), is_chat=True)


def ask(session, instruction, **settings):
    return session.submit(asked(instruction, session.turns(True), **settings)).wait(LIMIT_S)


def failure_of(job):
    with pytest.raises(EngineError) as raised:
        job.wait(LIMIT_S)
    return raised.value


def test_an_answer_is_told_of_from_beginning_to_end(make, told):
    session = make(ScriptedEngine(["one ", "two"]))
    assert told.names() == ["progress ", "loaded", "status idle"]
    question = asked("Count.", seed=3)
    result = session.submit(question).wait(LIMIT_S)
    exchange = session.history[0]
    assert told.take() == [
        ("begun", question),
        ("changed", "response", ""),
        ("changed", "error", ""),
        ("error_cleared",),
        ("changed", "status", "generating"),
        ("changed", "status", "generating"),  # its turn has come
        ("answered",),
        ("changed", "error", ""),
        ("shown", exchange),
        ("changed", "status", "idle"),
    ]
    assert (session.response, session.status, session.error) == (result.text, "idle", "") == ("one two", "idle", "")
    assert (session.shown, session.asked, session.exchanges) == (exchange, question, [exchange])
    assert not session.is_busy
    assert session.wait(LIMIT_S) == result


def test_an_answer_that_is_stopped_keeps_what_there_is(make, told):
    engine = ScriptedEngine(["one ", "never"], stepwise=True)
    session = make(engine)
    job = session.submit(asked("Count."))
    engine.step()
    assert engine.said.wait(LIMIT_S)
    told.take()
    session.stop()
    assert (session.status, session.is_busy) == ("stopping", True)
    assert job.wait(LIMIT_S).finish_reason == "cancelled"
    assert told.names() == ["status stopping", "answered", "error ", "shown", "status idle"]
    assert session.shown.result.text == session.response == "one "
    session.stop()
    assert told.names() == []  # there is nothing to stop


def test_an_answer_that_fails_leaves_its_text_and_a_sentence(make, told):
    session = make(ScriptedEngine(["so far", BROKEN], ["well"]))
    question = asked("Go on.")
    told.take()
    assert failure_of(session.submit(question)) is BROKEN
    assert told.take()[-4:] == [
        ("broken_off", question),
        ("answer_failed", BROKEN),
        ("changed", "error", str(BROKEN)),
        ("changed", "status", "error"),
    ]
    assert (session.response, session.status, session.error) == ("so far", "error", str(BROKEN))
    assert (session.shown, session.exchanges) == (None, [])
    assert ask(session, "Again.").text == "well"
    assert (session.status, session.error) == ("idle", "")


def test_a_question_that_cannot_be_asked_changes_nothing(make, told):
    engine = ScriptedEngine(["one"], stepwise=True)
    session = make(engine)
    told.take()
    with pytest.raises(ValueError, match="Write an instruction first"):
        session.submit(asked(" \n"))
    for act in (session.regenerate, lambda: session.regenerate_from(0, 5)):
        with pytest.raises(ValueError, match=r"There is no (finished )?answer yet"):
            act()
    assert told.names() == []
    job = session.submit(asked("Count."))
    told.take()
    refused = (
        session.regenerate,
        session.clear,
        session.load_again,
        lambda: session.submit(asked("Count.")),
        lambda: session.load("demo", None, None),
        lambda: session.check_device("GPU"),
    )
    for act in refused:
        with pytest.raises(RuntimeError, match="still being written"):
            act()
    # The answer itself may begin meanwhile, on the worker's thread.
    assert [name for name in told.names() if name != "status generating"] == []
    engine.step()
    job.wait(LIMIT_S)


def test_a_first_model_that_cannot_be_loaded_is_told_and_can_be_tried_again(make, told, outcomes):
    outcomes["GPU"] = [NO_DRIVER, ScriptedEngine(["warm"], ["hello"])]
    session = make("demo", device="GPU")
    with pytest.raises(EngineError):
        session.wait(LIMIT_S)
    assert (session.status, session.error, session.engine) == ("error", str(NO_DRIVER), None)
    assert [each for each in told.take() if each[0] in ("loaded", "load_failed")] == [("load_failed", NO_DRIVER, False)]
    session.clear()
    assert (session.status, session.error) == ("error", str(NO_DRIVER))  # there is still no model
    assert "error_cleared" not in told.names()
    session.load_again()
    assert (session.status, session.error) == ("loading", "")
    assert ask(session, "Hi").text == "hello"
    assert (session.status, session.error, session.engine.device) == ("idle", "", "GPU")


def test_an_answer_that_waits_for_a_model_that_fails_says_that_the_model_failed(make, told, outcomes):
    outcomes["GPU"] = [NO_DRIVER]
    session = make("demo", device="GPU")
    with pytest.raises(EngineError):
        session.wait(LIMIT_S)
    told.take()
    assert failure_of(session.submit(asked("Hi"))) is NO_DRIVER
    names = told.names()
    assert names[-4:] == ["broken_off", "load_failed", f"error {NO_DRIVER}", "status error"]
    assert "answer_failed" not in names


def test_a_device_is_changed_and_the_one_before_works_on_where_the_new_one_fails(make, told, outcomes):
    first, second = ScriptedEngine(["warm"]), ScriptedEngine(["warm"], ["from AUTO"])
    outcomes.update(CPU=[first], AUTO=[second], GPU=[NO_DRIVER])
    session = make("demo", device="CPU")
    session.wait(LIMIT_S)
    told.take()
    session.move(session.check_device("AUTO"))
    session.wait(LIMIT_S)
    names = told.names()
    assert names[:5] == ["error_cleared", "error ", "preparing", "status loading", "progress "]
    assert names[-3:] == ["progress ", "loaded", "status idle"]
    assert (first.is_closed, session.engine.device, session.loader.choice.device) == (True, "AUTO", "AUTO")
    session.move("GPU")
    assert failure_of(session.loader.job) is NO_DRIVER
    # The status first: who hears of the device may load there again.
    assert told.names()[-5:] == ["progress ", "load_failed", f"error {NO_DRIVER}", "status error", "device AUTO"]
    assert (session.engine.device, second.is_closed) == ("AUTO", False)
    assert ask(session, "Hi").text == "from AUTO"
    assert session.history[-1].setup == EngineSetup("demo", device="AUTO")


def test_a_given_engine_stays_where_it_is_and_open(make):
    engine = ScriptedEngine()
    session = make(engine)
    assert (session.check_device("CPU"), session.loader.is_given) == ("CPU", True)
    with pytest.raises(ValueError, match="stays on its device"):
        session.check_device("AUTO")
    session.close()
    session.close()
    assert not engine.is_closed
    for act in (session.clear, lambda: session.submit(asked("Hi")), lambda: session.load("demo", None, None)):
        with pytest.raises(RuntimeError, match="closed"):
            act()


def test_a_chat_goes_on_from_the_answer_that_is_shown_until_it_is_cleared(make, told):
    engine = ScriptedEngine(["a"], ["b"], ["other"], ["c"], ["d"])
    engine.template = Chat()
    session = make(engine)
    assert session.is_chat(True)
    assert not session.is_chat(False)
    ask(session, "one")
    ask(session, "two")
    assert session.turns(True) == (Turn("one", "", "a"), Turn("two", "", "b"))
    assert session.turns(False) == ()
    assert (
        str(session.prompt(session.question("three", "", SamplingParams(), chat_enabled=True))) == "one|a|two|b|three"
    )
    assert str(session.prompt(session.question("three", "", SamplingParams(), chat_enabled=False))) == "three"
    session.regenerate().wait(LIMIT_S)
    session.show_earlier(session.exchanges[1])
    ask(session, "three")
    told.take()
    session.clear()
    assert told.names() == ["emptied", "response ", "error ", "error_cleared", "status idle"]
    assert (session.turns(True), session.shown, session.response) == ((), None, "")
    ask(session, "four")
    assert [prompt for prompt, _ in engine.calls] == ["one", "one|a|two", "one|a|two", "one|a|two|b|three", "four"]
    assert len(session.history) == 5


def test_who_hears_of_an_answer_finds_the_chat_with_it(make, told):
    """Whoever shows an answer shows the next prompt too, which holds it."""
    engine = ScriptedEngine(["a"])
    engine.template = Chat()
    turns = []
    told.events = dataclasses.replace(told.events, shown=lambda exchange: turns.append(session.turns(True)))
    session = make(engine)
    ask(session, "one")
    assert turns == [(Turn("one", "", "a"),)]


def test_an_earlier_answer_is_not_shown_while_one_is_written(make):
    engine = ScriptedEngine(["one"], ["two"], stepwise=True)
    session = make(engine)
    engine.step()
    ask(session, "Count.")
    job = session.submit(asked("Go on."))
    session.show_earlier(session.exchanges[0])
    assert (session.shown, session.response) == (None, "")
    engine.step()
    job.wait(LIMIT_S)
    session.show_earlier(session.exchanges[0])
    assert (session.shown, session.response) == (session.exchanges[0], "one")


def test_what_went_wrong_with_a_load_is_not_past_when_an_answer_comes(make, told, outcomes):
    """It came from the model of before: that the other one could not be loaded is still to be read."""
    outcomes.update(CPU=[ScriptedEngine(["warm"], ["hello"])], GPU=[NO_DRIVER])
    session = make("demo", device="CPU")
    session.wait(LIMIT_S)
    with session.lock:  # so that the load cannot end before
        session.move("GPU")
        job = session.submit(asked("Hi", [Turn("a", "", "b")]))
        told.take()
    assert job.wait(LIMIT_S).text == "hello"
    names = told.names()
    assert "error_cleared" not in names[names.index("load_failed") :]


HEADLESS = """
import sys
for name in ("ipywidgets", "traitlets", "anywidget", "IPython"):
    sys.modules[name] = None
from dataclasses import fields
from dolly_widget import SamplingParams
from dolly_widget.engines import EngineSetup
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.events import Events
from dolly_widget.widget.session.session import Session

told = []
events = Events(**{each.name: lambda *what, name=each.name: told.append(name) for each in fields(Events)})
session = Session(EngineSetup("demo", device="CPU"), (), events)
session.start(None)
answer = session.submit(Asked("What is the capital of France?", "", SamplingParams(temperature=0))).wait(60)
print(answer.text, *told[-3:])
session.close()
"""


def test_a_session_answers_where_there_are_no_widgets():
    run = subprocess.run([sys.executable, "-c", HEADLESS], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert "Paris" in run.stdout
    assert run.stdout.endswith(" changed shown changed\n")
