"""A model whose files take for ever to be read, or to be loaded, does not hold the widget."""

import shutil
import threading

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget
from dolly_widget.engines import sharing
from dolly_widget.models import model
from dolly_widget.text import chat_template

WHO = "Who is Dolly?"
CHAT = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:"


@pytest.fixture
def model_dir(demo_dir, tmp_path):
    """A model with a chat template, that nobody else has opened."""
    copy = shutil.copytree(demo_dir, tmp_path / "copy")
    tokenizer = copy / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8").replace("### End", "### Ende"), encoding="utf-8")
    (copy / "chat_template.jinja").write_text(CHAT)
    return copy


class Held:
    """Stands in the place of a function; calls for what ``is_held`` wait until the test lets them go on."""

    def __init__(self, act, is_held):
        self._act, self._is_held = act, is_held
        self.begun, self.goes_on = threading.Event(), threading.Event()

    def __call__(self, *arguments):
        if self._is_held(*arguments):
            self.begun.set()
            assert self.goes_on.wait(LIMIT_S)
        return self._act(*arguments)


@pytest.fixture
def hold(monkeypatch):
    """``hold(module, name, is_held)``: a ``Held`` in the place of the module's function."""
    held = []

    def replace(module, name, is_held):
        held.append(Held(getattr(module, name), is_held))
        monkeypatch.setattr(module, name, held[-1])
        return held[-1]

    yield replace
    for each in held:
        each.goes_on.set()


@pytest.fixture
def in_time():
    """``in_time(act)``: what it returns, or a failure where it does not end."""

    def run(act):
        result, ended = [], threading.Event()
        threading.Thread(target=lambda: (result.append(act()), ended.set()), daemon=True).start()
        assert ended.wait(LIMIT_S), "it waits for ever"
        return result[0]

    return run


def is_for(directory):
    return lambda given: given == directory


SLOW = {
    "tokenizer": (model, "Tokenizer", is_for),
    "template": (model, "template_for", is_for),
    "turns": (chat_template, "_renders_turns", lambda directory: lambda template: True),
}


@pytest.fixture(params=SLOW)
def slow(request, hold, model_dir):
    module, name, is_held = SLOW[request.param]
    return hold(module, name, is_held(model_dir))


def test_a_model_that_is_read_for_ever_gives_way_to_another_one(slow, model_dir, in_time):
    widget = DollyWidget(model_dir, device="CPU", seed=1, max_new_tokens=3)
    assert slow.begun.wait(LIMIT_S)
    widget.instruction = WHO
    job = in_time(widget.submit)
    in_time(widget.stop)
    assert in_time(job.wait).finish_reason == "cancelled"
    in_time(lambda: widget.load("demo")).wait(LIMIT_S)
    assert in_time(lambda: widget.ask(WHO)).text
    in_time(widget.close)
    assert not slow.goes_on.is_set()


def test_a_widget_whose_model_is_read_for_ever_closes_at_once(slow, model_dir, in_time):
    widget = DollyWidget(model_dir, device="CPU")
    assert slow.begun.wait(LIMIT_S)
    in_time(widget.close)
    assert not slow.goes_on.is_set()


def test_the_previous_model_stays_where_reading_the_next_one_is_cancelled(slow, model_dir, in_time):
    widget = DollyWidget("demo", device="CPU", seed=1, max_new_tokens=3)
    widget.wait(LIMIT_S)
    widget.load(model_dir)
    assert slow.begun.wait(LIMIT_S)
    in_time(widget._session.cancel_loading)
    wait_for(widget, "status", "idle")
    assert in_time(lambda: widget.ask(WHO)).text
    in_time(widget.close)


def test_while_an_engine_is_made_the_widget_hears(hold, model_dir, monkeypatch, in_time):
    monkeypatch.setattr(sharing, "start_engine", lambda setup, prepared: ScriptedEngine())
    slow = hold(sharing, "start_engine", lambda setup, prepared: prepared.model.directory == model_dir)
    widget = DollyWidget(model_dir, device="CPU")
    assert slow.begun.wait(LIMIT_S)
    widget.instruction = WHO
    job = in_time(widget.submit)
    in_time(widget.stop)
    assert in_time(job.wait).finish_reason == "cancelled"
    other = in_time(lambda: widget.load("demo"))
    assert not other.done  # one after the other: two models at once may be too large
    slow.goes_on.set()
    other.wait(LIMIT_S)
    assert in_time(lambda: widget.ask(WHO)).text == "ok"
    in_time(widget.close)
