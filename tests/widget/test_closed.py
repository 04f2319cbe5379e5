"""A closed widget is freed, with every part of it, whatever it was doing; its class stays usable."""

import contextlib
import gc
import shutil
import threading
import weakref
from collections import Counter

import pytest
from exchanges import answered
from ipywidgets.widgets import widget as ipywidgets
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget, EngineError, SamplingExplorer
from dolly_widget.engines import sharing

WHO = "Who is Dolly?"
OWNERS = {"dolly_widget", "ipywidgets", "anywidget", "comm", "traitlets", "scripted_engine"}
# A tokenizer keeps the last two that it encoded, whoever asked.
OF_PROMPTS = ("dolly_widget.text.template.Prompt", "dolly_widget.text.template.Segment")


def alive():
    """How many objects there are of each class of ours, and of those that widgets are made of; and threads."""
    for thread in threading.enumerate():
        if thread.name in ("dolly-read", "dolly-words"):  # a closed widget does not wait for it
            thread.join(LIMIT_S)
    gc.collect()
    named = ((getattr(type(each), "__module__", ""), type(each).__qualname__) for each in gc.get_objects())
    counts = Counter(f"{module}.{name}" for module, name in named if str(module).partition(".")[0] in OWNERS)
    for name in OF_PROMPTS:
        del counts[name]
    return counts + Counter({"threads": threading.active_count(), "open": len(ipywidgets._instances)})


def assert_freed(make):
    """Nothing is left of what ``make`` returns once it is closed; the first time fills the caches of modules."""
    make().close()
    before = alive()
    made = make()
    freed = [weakref.ref(part) for part in (made, *made.children)]
    made.close()
    del made
    left = alive()
    assert [ref() for ref in freed if ref() is not None] == []
    assert left - before == Counter()
    assert before - left == Counter()


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """The demo model is in memory all the time, so that a widget is quick to have it."""
    holder = asked()
    gc.collect()
    gc.freeze()  # what there is by now is not looked at again
    yield
    gc.unfreeze()
    holder.close()


@pytest.fixture
def model_dir(demo_dir, tmp_path):
    """A model that nobody else has opened."""
    return shutil.copytree(demo_dir, tmp_path / "copy")


def asked():
    widget = DollyWidget("demo", device="CPU", seed=1, max_new_tokens=12)
    widget.ask(WHO)
    return widget


def never_asked():
    widget = DollyWidget("demo", device="CPU")
    widget.wait(LIMIT_S)
    return widget


def closed_at_once():
    return DollyWidget("demo", device="CPU")


def asked_before_it_was_loaded():
    widget = closed_at_once()
    widget.instruction = WHO
    widget.submit()
    return widget


def with_the_lens():
    widget = asked()
    widget.lens = True
    widget._screen.answer.lens.job.wait(LIMIT_S)
    return widget


def with_an_explorer():
    widget = with_the_lens()
    explorer = widget.explore(2)
    explorer.wait(LIMIT_S)
    explorer.sample()
    explorer.step()
    explorer.wait(LIMIT_S)
    return widget


def in_a_chat():
    widget = DollyWidget(ScriptedEngine(["a"], ["b"], ["c"]), chat=True)
    for _ in range(3):
        widget.ask(WHO)
    widget.regenerate().wait(LIMIT_S)
    widget._session.show_earlier(widget.history[0])
    return widget


def with_all_that_folds_open():
    widget = DollyWidget("demo", device="CPU", history=[answered(f"Question {n}", "So.") for n in range(60)])
    screen = widget._screen
    for fold in (screen.chooser, screen.context_fold, screen.prompt, screen.history):
        fold.is_open = True
    widget.wait(LIMIT_S)
    screen.history.list.query = "question"
    return widget


def on_another_device():
    widget = never_asked()
    widget.device = "AUTO"
    widget.wait(LIMIT_S)
    return widget


def failed(error):
    widget = DollyWidget(ScriptedEngine(["a", error]))
    with contextlib.suppress(type(error)):
        widget.ask(WHO)
    return widget


def without_a_model():
    widget = DollyWidget("demo", device="CPU", ov_config={"NO_SUCH_PROPERTY": 1})
    with contextlib.suppress(ValueError):
        widget.wait(LIMIT_S)
    assert widget.status == "error"
    return widget


def writing():
    engine = ScriptedEngine(["a"] * 9, stepwise=True)
    widget = DollyWidget(engine)
    widget.instruction = WHO
    widget.submit()
    engine.step(3)
    assert engine.said.wait(LIMIT_S)
    return widget


def closed_part_by_part():
    """As ``Widget.close_all`` does it, in the order in which they were made."""
    before = set(ipywidgets._instances)
    widget = asked()
    for model_id, part in list(ipywidgets._instances.items()):
        if model_id not in before:
            part.close()
    return widget


def an_explorer():
    explorer = SamplingExplorer("demo", WHO, device="CPU")
    explorer.wait(LIMIT_S)
    explorer.draw(50)
    explorer.step()
    return explorer


def an_explorer_that_reads():
    return SamplingExplorer("demo", WHO, device="CPU")


@pytest.mark.parametrize(
    "make",
    [
        never_asked,
        closed_at_once,
        asked,
        asked_before_it_was_loaded,
        with_the_lens,
        with_an_explorer,
        in_a_chat,
        with_all_that_folds_open,
        on_another_device,
        pytest.param(lambda: failed(EngineError("It broke.")), id="an_error"),
        pytest.param(lambda: failed(ZeroDivisionError()), id="a_bug"),
        without_a_model,
        writing,
        closed_part_by_part,
        an_explorer,
        an_explorer_that_reads,
    ],
)
def test_nothing_is_left_of_a_closed_widget(make):
    assert_freed(make)


def test_nothing_is_left_of_a_widget_that_is_closed_while_its_model_loads(monkeypatch, model_dir):
    goes_on = threading.Event()

    def start_slowly(setup, prepared):
        assert goes_on.wait(LIMIT_S)
        return ScriptedEngine()

    def make():
        goes_on.clear()
        widget = DollyWidget(model_dir, device="CPU")
        widget.instruction = WHO
        widget.submit()
        wait_for(widget, "status", "loading")
        widget.observe(lambda _: goes_on.set(), "status")  # closing stops the answer that waits
        return widget

    monkeypatch.setattr(sharing, "start_engine", start_slowly)
    assert_freed(make)


def test_a_closed_widget_that_is_still_held_holds_no_model(model_dir):
    """As that of a cell does: a notebook keeps what its cells have shown."""
    widget = DollyWidget(model_dir, device="CPU", seed=1)
    widget.lens = True
    name, said = repr(widget), widget.ask(WHO, max_new_tokens=3).text
    model = widget._session.loader.model
    parts = [weakref.ref(part) for part in (model, model.tokenizer, widget._session.engine)]
    del model
    widget.close()
    gc.collect()
    assert [ref() for ref in parts] == [None, None, None]
    assert (repr(widget), widget.history[0].result.text, widget.response) == (name, said, said)
    widget.instruction = "More?"  # which would be shown as a prompt
    with pytest.raises(RuntimeError, match="This widget is closed"):
        widget.submit()


def test_a_closed_widget_lets_go_of_an_engine_that_was_given(model_dir):
    engine = ScriptedEngine(["yes"])
    gone, widget = weakref.ref(engine), DollyWidget(engine)
    widget.ask(WHO)
    widget.close()
    assert not engine.is_closed
    del engine
    gc.collect()
    assert gone() is None


def test_an_observer_that_closes_the_widget_leaves_an_answer_and_no_error():
    widget = DollyWidget(ScriptedEngine(["yes", " and", " no"]))
    widget.observe(lambda _: widget.close(), "response")
    widget.instruction = WHO
    assert widget.submit().wait(LIMIT_S).text
    assert (widget.status, widget.error) == ("idle", "")
