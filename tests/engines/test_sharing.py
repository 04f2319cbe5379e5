"""One engine for all who ask for the same: loaded once, whoever waits, and freed with the last lease."""

import gc
import shutil
import threading
import weakref

import pytest
from real_engines import share
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DollyWidget, EngineError, SamplingParams
from dolly_widget.engines import EngineSetup, sharing
from dolly_widget.engines.engine import Engine
from dolly_widget.errors import ModelError
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.runtime.jobs import Job
from dolly_widget.text.template import DOLLY, PLAIN, PromptTemplate

GREEDY = SamplingParams(max_new_tokens=4, temperature=0)
HELLO = PLAIN.render("Hi")


class Loads:
    """Stands in for loading: an engine, or an exception, for each time; ``gate`` holds it back."""

    def __init__(self):
        self.asked, self.outcomes = [], []
        self.gate, self.is_loading = threading.Event(), threading.Event()
        self.gate.set()

    def __call__(self, setup, prepared):
        self.asked.append(setup)
        self.is_loading.set()
        assert self.gate.wait(LIMIT_S)
        outcome = self.outcomes.pop(0) if self.outcomes else ScriptedEngine()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.fixture
def loads(monkeypatch):
    loads = Loads()
    monkeypatch.setattr(sharing, "start_engine", loads)
    yield loads
    loads.gate.set()
    if list(sharing._register):
        gc.collect()
    assert not list(sharing._register), "an engine is left"


@pytest.fixture
def leases():
    taken = []
    yield taken
    for lease in taken:
        lease.close()


def test_two_who_ask_for_the_same_share_it_and_the_last_one_frees_it(loads):
    engine = ScriptedEngine()
    loads.outcomes = [engine]
    first, second = share(OPENVINO_DIR, device="CPU"), share(str(OPENVINO_DIR), device="cpu")
    assert isinstance(first, Engine)
    assert (first.model, first.device, first.template) == (engine.model, engine.device, engine.template)
    assert len(loads.asked) == 1
    first.close()
    first.close()
    assert not engine.is_closed
    assert second.generate(HELLO, GREEDY).text == "ok"
    second.close()
    assert engine.is_closed
    share(OPENVINO_DIR, device="CPU").close()
    assert len(loads.asked) == 2


def test_what_is_shared_tells_its_directories_from_the_beginning_of_its_loading_to_its_end(loads, tmp_path):
    draft = tmp_path / "draft"
    shutil.copytree(OPENVINO_DIR, draft)
    of_others = sharing.shared_directories()  # of widgets of other tests of this process
    loads.gate.clear()
    job = Job(lambda _: share(OPENVINO_DIR, draft=draft, device="CPU"))
    assert loads.is_loading.wait(LIMIT_S)
    assert sharing.shared_directories() == of_others | {OPENVINO_DIR.resolve(), draft.resolve()}
    loads.gate.set()
    lease = job.wait(LIMIT_S)
    assert sharing.shared_directories() == of_others | {OPENVINO_DIR.resolve(), draft.resolve()}
    lease.close()
    assert sharing.shared_directories() == of_others


@pytest.mark.parametrize(("draft", "tokens"), [(None, 1), ("demo", 3)])
def test_it_is_warmed_up_once(loads, leases, draft, tokens):
    """With tokens enough for a draft to guess one of them."""
    engine = ScriptedEngine()
    loads.outcomes = [engine]
    leases += [share(OPENVINO_DIR, draft=draft), share(OPENVINO_DIR, draft=draft)]
    assert [(params.max_new_tokens, params.temperature) for _, params in engine.calls] == [(tokens, 0)]


@pytest.mark.parametrize(
    "other",
    [
        {"device": "CPU"},
        {"engine": "optimum"},
        {"template": PromptTemplate("mine")},
        {"ov_config": {"NUM_STREAMS": [1]}},
        {"prompt_lookup": True},
        {"draft": "demo"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_differs_is_loaded_apart_and_what_is_equal_is_not(loads, leases, other):
    leases += [share(OPENVINO_DIR), share(OPENVINO_DIR, **other), share(OPENVINO_DIR, **other)]
    assert len(loads.asked) == 2
    (name,) = other
    assert getattr(loads.asked[1], name) == getattr(EngineSetup(**other), name)


def test_properties_that_are_changed_afterwards_are_others(loads, leases):
    properties = {"NUM_STREAMS": 1}
    leases += [share(OPENVINO_DIR, ov_config=properties)]
    properties["NUM_STREAMS"] = 2
    leases += [share(OPENVINO_DIR, ov_config=properties)]
    assert [setup.properties["NUM_STREAMS"] for setup in loads.asked] == [1, 2]


@pytest.mark.parametrize("name", ["openvino_model.bin", "openvino_model.xml"])
def test_files_that_were_replaced_are_another_model(loads, leases, tmp_path, name):
    model = shutil.copytree(OPENVINO_DIR, tmp_path / "model")
    leases += [share(model), share(tmp_path / "." / "model")]
    assert len(loads.asked) == 1
    with (model / name).open("ab") as file:
        file.write(b"\n")
    leases += [share(model)]
    assert len(loads.asked) == 2


@pytest.mark.parametrize(
    ("model", "options", "error"),
    [
        ("nowhere", {}, ModelError),
        (OPENVINO_DIR, {"device": "TPU"}, ValueError),
        (OPENVINO_DIR, {"engine": "steam"}, ValueError),
    ],
)
def test_what_is_known_to_be_in_vain_is_told_and_nothing_is_loaded(loads, model, options, error):
    with pytest.raises(error):
        share(model, **options)
    assert loads.asked == []


# at the same time


def ask_twice_at_a_time(loads, monkeypatch):
    """Jobs that both ask before the load has ended."""
    arrived, wait = threading.Event(), sharing._Shared.wait
    monkeypatch.setattr(sharing._Shared, "wait", lambda shared: arrived.set() or wait(shared))
    loads.gate.clear()
    first = Job(lambda stop: share(OPENVINO_DIR))
    assert loads.is_loading.wait(LIMIT_S)
    second = Job(lambda stop: share(OPENVINO_DIR))
    assert arrived.wait(LIMIT_S)
    loads.gate.set()
    return first, second


def test_who_asks_while_it_loads_waits_for_that(loads, leases, monkeypatch):
    leases += [job.wait(LIMIT_S) for job in ask_twice_at_a_time(loads, monkeypatch)]
    assert len(loads.asked) == 1
    assert [lease.generate(HELLO, GREEDY).text for lease in leases] == ["ok", "ok"]


@pytest.mark.parametrize("stage", ["load", "warm-up"])
def test_a_load_that_fails_fails_for_both_and_leaves_nothing(loads, leases, monkeypatch, stage):
    error = EngineError("The device is on strike: choose another one.")
    broken = ScriptedEngine([error])
    loads.outcomes = [error if stage == "load" else broken]
    for job in ask_twice_at_a_time(loads, monkeypatch):
        with pytest.raises(EngineError, match="on strike"):
            job.wait(LIMIT_S)
    assert broken.is_closed == (stage == "warm-up")
    leases.append(share(OPENVINO_DIR))
    assert len(loads.asked) == 2


def test_who_waited_for_a_load_that_was_interrupted_loads_it(loads, leases, monkeypatch):
    loads.outcomes = [KeyboardInterrupt()]
    first, second = ask_twice_at_a_time(loads, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        first.wait(LIMIT_S)
    leases.append(second.wait(LIMIT_S))
    assert len(loads.asked) == 2


def test_a_load_does_not_hold_up_that_of_another_model(loads, leases, tmp_path):
    other = shutil.copytree(OPENVINO_DIR, tmp_path / "model")
    loads.gate.clear()
    slow = Job(lambda stop: share(OPENVINO_DIR))
    assert loads.is_loading.wait(LIMIT_S)
    loads.is_loading.clear()
    quick = Job(lambda stop: share(other))
    assert loads.is_loading.wait(LIMIT_S)
    loads.gate.set()
    leases += [slow.wait(LIMIT_S), quick.wait(LIMIT_S)]


# generating


def test_further_arguments_reach_the_engine(loads, leases):
    class Beams(ScriptedEngine):
        def generate(self, *args, num_beams=1, **options):
            self.num_beams = num_beams
            return super().generate(*args, **options)

    engine = Beams()
    loads.outcomes = [engine]
    leases.append(share(OPENVINO_DIR))
    pieces = []
    leases[0].generate(HELLO, GREEDY, on_text=pieces.append, num_beams=3)
    assert (engine.num_beams, pieces) == (3, ["ok"])


class TwoAtATime(ScriptedEngine):
    """Goes on until it is stopped, for several callers at a time."""

    def __init__(self):
        super().__init__()
        self.running = threading.Semaphore(0)

    def generate(self, prompt, params, *, on_text=None, stop=None):
        if params.max_new_tokens == 1:
            return super().generate(prompt, params)
        self.running.release()
        assert stop.wait(LIMIT_S)
        return self._result([], "cancelled", params)


def test_closing_a_lease_ends_what_it_is_generating_and_only_that(loads):
    engine = TwoAtATime()
    loads.outcomes = [engine]
    leases = [share(OPENVINO_DIR), share(OPENVINO_DIR)]
    mine = threading.Event()
    jobs = [Job(lambda stop, lease=lease: lease.generate(HELLO, GREEDY, stop=mine)) for lease in leases]
    assert all(engine.running.acquire(timeout=LIMIT_S) for _ in jobs)
    leases[0].close()
    assert jobs[0].wait(LIMIT_S).finish_reason == "cancelled"
    assert (jobs[1].done, mine.is_set(), engine.is_closed) == (False, False, False)
    mine.set()
    assert jobs[1].wait(LIMIT_S).finish_reason == "cancelled"
    leases[1].close()
    assert engine.is_closed


def test_a_closed_lease_says_so(loads, leases):
    leases += [share(OPENVINO_DIR), share(OPENVINO_DIR)]
    leases[0].close()
    with pytest.raises(EngineError, match="closed: load the model again"):
        leases[0].generate(HELLO, GREEDY)
    assert (leases[0].model.directory, leases[0].template) == (OPENVINO_DIR, DOLLY)


def test_an_engine_that_failed_is_loaded_again_for_who_asks_next(loads, leases):
    broken, good = ScriptedEngine(["warm"], [EngineError("The device went away.")]), ScriptedEngine()
    loads.outcomes = [broken, good]
    leases.append(share(OPENVINO_DIR))
    with pytest.raises(EngineError, match="went away"):
        leases[0].generate(HELLO, GREEDY)
    leases.append(share(OPENVINO_DIR))
    assert leases[1].generate(HELLO, GREEDY).text == "ok"
    leases[0].close()
    assert (broken.is_closed, good.is_closed) == (True, False)


def test_a_mistake_of_a_caller_is_no_failure_of_the_engine(demo_dir):
    first = share(demo_dir, device="CPU")
    with pytest.raises(RuntimeError, match="from its own on_text"):
        first.generate(HELLO, GREEDY, on_text=lambda piece: first.generate(HELLO, GREEDY))
    second = share(demo_dir, device="CPU")
    assert second._shared is first._shared
    first.close()
    second.close()


def test_many_who_come_and_go_at_a_time_never_get_a_closed_engine(loads):
    def come_and_go(stop):
        for _ in range(50):
            lease = share(OPENVINO_DIR)
            assert lease.generate(HELLO, GREEDY).text == "ok"
            lease.close()

    for job in [Job(come_and_go) for _ in range(8)]:
        job.wait(LIMIT_S)


def test_a_lease_that_is_dropped_keeps_nothing_alive(loads):
    engine = ScriptedEngine()
    loads.outcomes = [engine]
    alive = weakref.ref(engine)
    share(OPENVINO_DIR)
    del engine
    gc.collect()
    assert alive() is None


# widgets, and the real model


def test_two_widgets_and_another_load_hold_one_real_engine_which_goes_with_the_last(monkeypatch, demo_dir):
    loaded, start_engine = [], sharing.start_engine

    def counted(setup, prepared):
        engine = start_engine(setup, prepared)
        loaded.append(weakref.ref(engine))
        return engine

    monkeypatch.setattr(sharing, "start_engine", counted)
    widgets = [DollyWidget(demo_dir, device="CPU"), DollyWidget(demo_dir, device="CPU")]
    answers = [widget.ask("Hi", max_new_tokens=4, temperature=0).token_ids for widget in widgets]
    assert answers[0] == answers[1]
    widgets[0].load(demo_dir).wait(LIMIT_S)
    assert len(loaded) == 1
    widgets[0].close()
    assert widgets[1].ask("Hi", max_new_tokens=4, temperature=0).token_ids == answers[0]
    widgets[1].close()
    gc.collect()
    assert loaded[0]() is None
