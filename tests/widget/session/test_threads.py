"""A DollyWidget has one thread at most, while there is something to do, and none when that is done or it is closed."""

import itertools
import subprocess
import sys
import threading

import pytest
from jupyter_client import KernelManager
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget, lens
from dolly_widget.engines import setup, sharing
from dolly_widget.widget.session import model_session

_APART = "dolly-openvino", "dolly-read"


class Threads:
    """Those that came since it was made. A model's files are read apart, on threads of their own."""

    def __init__(self):
        self._before = set(threading.enumerate())
        self.samples = []

    @property
    def alive(self):
        return [thread for thread in set(threading.enumerate()) - self._before if thread.name not in _APART]

    def sample(self, *_):
        self.samples.append(len(self.alive))

    def wait_until_none(self):
        for thread in self.alive:
            thread.join(LIMIT_S)
        assert self.alive == []


@pytest.fixture
def threads():
    return Threads()


class Sampling(ScriptedEngine):
    """Looks how many threads there are whenever it is at work."""

    threads = None

    def generate(self, *args, **options):
        self.threads.sample()
        result = super().generate(*args, **options)
        self.threads.sample()
        return result


class Loads:
    """Each load waits until the test lets it go on, with an engine or an exception."""

    def __init__(self, threads):
        self._threads, self._outcomes, self.begun = threads, {}, {}

    def hold(self, device):
        self._outcomes[device] = threading.Event()
        self.begun[device] = threading.Event()

    def let_go(self, device):
        self._outcomes[device].set()

    def __call__(self, setup, prepared):
        device = setup.device
        self._threads.sample()
        if device in self._outcomes:
            self.begun[device].set()
            assert self._outcomes[device].wait(LIMIT_S)
        engine = Sampling(["warm"], *([f"answer {i}"] for i in range(9)))
        engine.threads, engine.device = self._threads, device
        self._threads.sample()
        return engine


@pytest.fixture
def loads(monkeypatch, threads):
    loads, versions, score = Loads(threads), itertools.count(), lens.score
    monkeypatch.setattr(sharing, "start_engine", loads)
    # Each load is of other files: nothing is shared.
    monkeypatch.setattr(sharing, "file_versions", lambda directory: next(versions))
    for module in (model_session, setup):
        monkeypatch.setattr(module, "check_device", lambda device: device)

    def sampled_score(*args, **options):
        threads.sample()
        return score(*args, **options)

    monkeypatch.setattr(lens, "score", sampled_score)
    yield loads
    for device in loads.begun:
        loads.let_go(device)


@pytest.fixture
def make(loads):
    made = []

    def make_widget(*args, **options):
        made.append(DollyWidget(*args, **options))
        return made[-1]

    yield make_widget
    for device in loads.begun:
        loads.let_go(device)
    for widget in made:
        widget.close()


def submit(widget):
    widget.instruction = "Who is Dolly?"
    return widget.submit()


def read(widget):
    widget._screen.answer.lens.job.wait(LIMIT_S)
    return len(widget._screen.answer.lens.view.tokens)


# One at most


def test_whatever_is_done_with_a_widget_it_has_one_thread(make, loads, threads):
    loads.hold("CPU")
    widget = make(device="CPU")
    widget.observe(threads.sample, ["status", "response"])
    assert loads.begun["CPU"].wait(LIMIT_S)
    submit(widget)
    widget.stop()
    threads.sample()
    answer = submit(widget)
    loads.let_go("CPU")
    assert answer.wait(LIMIT_S).text == "answer 0"
    loads.hold("AUTO")
    widget.device = "AUTO"
    assert loads.begun["AUTO"].wait(LIMIT_S)
    widget.lens = True
    threads.sample()
    loads.let_go("AUTO")
    widget._session.loader.job.wait(LIMIT_S)  # which lets the lens begin again
    assert read(widget) == 1
    for _ in range(3):
        assert submit(widget).wait(LIMIT_S).text.startswith("answer")
        widget.lens = not widget.lens
    widget.wait(LIMIT_S)
    threads.wait_until_none()
    widget.close()
    assert len(threads.samples) > 20
    assert max(threads.samples) == 1


def test_the_lens_reads_each_new_answer_on_the_thread_that_wrote_it(make, threads):
    widget, seen = make(device="CPU"), {}
    widget.lens = True
    widget.observe(lambda change: seen.setdefault("answer", threading.current_thread()), "response")
    widget._screen.answer.lens.view.observe(
        lambda change: seen.setdefault("lens", threading.current_thread()), "tokens"
    )
    submit(widget).wait(LIMIT_S)
    assert read(widget) == 1
    assert seen["answer"] is seen["lens"]
    threads.wait_until_none()


def test_an_idle_widget_has_no_thread(make, threads):
    widget = make(device="CPU")
    widget.ask("Who is Dolly?")
    threads.wait_until_none()
    assert widget.ask("Who is Dolly?").text == "answer 1"


def test_ten_widgets_at_work_have_ten_threads(make, loads, threads):
    loads.hold("CPU")
    widgets = [make(device="CPU") for _ in range(10)]
    for widget in widgets:
        submit(widget)
    assert len(threads.alive) == 10
    assert all(thread.daemon for thread in threads.alive)
    loads.let_go("CPU")
    for widget in widgets:
        widget.wait(LIMIT_S)
        widget.close()
    assert threads.alive == []
    assert max(threads.samples) <= 10


# What waits for its turn


def test_stop_ends_an_answer_that_waits_at_once_and_the_load_goes_on(make, loads):
    loads.hold("CPU")
    widget = make(device="CPU")
    said = []
    widget.observe(lambda change: said.append(change["new"]), "status")
    job = submit(widget)
    assert loads.begun["CPU"].wait(LIMIT_S)
    widget.stop()
    assert job.done
    assert (job.wait().finish_reason, widget.status, said) == ("cancelled", "loading", [])
    assert widget._screen.composer.state == "ready"
    loads.let_go("CPU")
    widget.wait(LIMIT_S)
    wait_for(widget, "status", "idle")
    assert [exchange.result.finish_reason for exchange in widget.history] == ["cancelled"]
    assert widget.ask("Who is Dolly?").text == "answer 0"


def test_what_an_observer_raises_does_not_come_out_of_stop(make, loads):
    loads.hold("CPU")
    widget = make(device="CPU")
    job = submit(widget)
    widget._screen.answer.view.observe(lambda change: 1 / 0, "is_streaming")
    widget.stop()
    with pytest.raises(ZeroDivisionError):
        job.wait(LIMIT_S)
    widget._screen.answer.view.unobserve_all("is_streaming")


def test_a_load_that_waits_behind_one_that_nothing_can_end_is_cancelled_at_once(make, loads, monkeypatch):
    prepared = []
    widget = make(device="CPU")
    widget.wait(LIMIT_S)
    loads.hold("GPU")
    widget.device = "GPU"
    assert loads.begun["GPU"].wait(LIMIT_S)
    monkeypatch.setattr(setup, "find", lambda *choice: None)
    monkeypatch.setattr(setup, "resolve", lambda *choice, **options: prepared.append(choice))
    job = widget.load("databricks/dolly-v2-3b")
    job.stop()
    assert job.done
    assert prepared == []
    assert widget.status == "idle"
    assert widget.device == "CPU"
    loads.let_go("GPU")
    assert widget.ask("Who is Dolly?").text == "answer 0"


def test_the_newest_of_three_loads_wins_and_the_one_between_says_nothing(make, loads, demo_dir):
    widget = make(device="CPU")
    widget.wait(LIMIT_S)
    loads.hold("GPU")
    widget.device = "GPU"
    assert loads.begun["GPU"].wait(LIMIT_S)
    said = []
    widget.observe(lambda change: said.append(change["new"]), ["status", "error", "device"])
    between = widget.load(demo_dir)
    newest = widget.load("demo", weight_format="int4")
    assert (between.done, said) == (True, [])
    loads.let_go("GPU")
    newest.wait(LIMIT_S)
    assert said == ["idle"]


def test_a_lens_that_waits_is_turned_off_at_once(make, loads):
    widget = make(device="CPU")
    widget.ask("Who is Dolly?")
    loads.hold("GPU")
    widget.device = "GPU"
    widget.lens = True
    job = widget._screen.answer.lens.job
    widget.lens = False
    assert job.done
    assert widget._screen.answer.lens.message.value == ""


# The end


def test_close_ends_what_runs_and_what_waits_and_leaves_no_thread(make, loads, threads):
    widget = make(device="CPU")
    widget.ask("Who is Dolly?")
    widget.lens = True
    loads.hold("GPU")
    widget.device = "GPU"
    assert loads.begun["GPU"].wait(LIMIT_S)
    answer = submit(widget)
    closing = threading.Thread(target=widget.close)
    closing.start()
    assert answer.wait(LIMIT_S).finish_reason == "cancelled"  # before the load can end
    loads.let_go("GPU")
    closing.join(LIMIT_S)
    assert (widget._session.loader.job.done, threads.alive) == (True, [])


def test_a_closed_widget_s_lens_reads_nothing(make, threads):
    widget = make(device="CPU")
    widget.ask("Who is Dolly?")
    widget.close()
    widget.lens = True
    assert (threads.alive, read(widget)) == ([], 0)


@pytest.mark.parametrize(("name", "value"), [("response", "one "), ("status", "idle"), ("status", "generating")])
def test_an_observer_of_an_answer_may_close_the_widget(make, threads, name, value):
    """On the worker's thread; or on that of ``submit``, which holds the lock that the answer waits for."""
    widget = make(ScriptedEngine(["one ", "two"]))
    widget.observe(lambda change: change["new"] == value and widget.close(), name)
    job = submit(widget)
    assert job.wait(LIMIT_S).new_tokens <= 2
    threads.wait_until_none()
    with pytest.raises(RuntimeError, match="closed"):
        widget.submit()


def test_an_observer_of_a_load_may_close_the_widget(make, loads, threads):
    loads.hold("CPU")
    widget = make(device="CPU")
    widget.observe(lambda change: widget.close(), "status")
    loads.let_go("CPU")
    widget.wait(LIMIT_S)
    threads.wait_until_none()


@pytest.mark.parametrize("at_once", [True, False])
def test_close_at_any_moment_ends_everything(make, threads, at_once):
    for lens_is_on in (False, True):
        widget = make(device="CPU")
        widget.lens = lens_is_on
        job = submit(widget)
        if not at_once:
            job.wait(LIMIT_S)
        widget.close()
        assert (job.done, widget._session.loader.job.done, threads.alive) == (True, True, [])


# The end of Python

WIDGET = """
import threading
from dolly_widget import DollyWidget
widget, reached = DollyWidget(device="CPU", max_new_tokens=1000, seed=1), threading.Event()
widget.observe(lambda change: reached.set(), "status")
"""
AT_WORK = {
    "a load": "",
    "an answer that waits": "widget.instruction = 'Who is Dolly?'; widget.submit()",
    "an answer": "widget.wait(); widget.instruction = 'Who is Dolly?'; "
    "widget.observe(lambda change: reached.set(), 'response'); reached.clear(); widget.submit(); reached.wait()",
    "the lens": "widget.lens = True; widget.ask('Who is Dolly?', max_new_tokens=100)",
}


@pytest.mark.parametrize("what", AT_WORK)
def test_python_ends_without_a_word_while_there_is_work(what):
    run = subprocess.run([sys.executable, "-c", WIDGET + AT_WORK[what]], capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


@pytest.mark.parametrize("what", ["an answer", "the lens"])
def test_a_kernel_that_is_shut_down_ends_without_a_word_while_there_is_work(what, tmp_path):
    manager = KernelManager()
    with (tmp_path / "output").open("w+") as output:
        manager.start_kernel(stdout=output, stderr=output)
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        output.truncate(0)
        reply = client.execute_interactive(WIDGET + AT_WORK[what], timeout=60, output_hook=lambda message: None)
        client.shutdown()
        returncode = manager.provisioner.process.wait(LIMIT_S)
        client.stop_channels()
        manager.cleanup_resources()
        output.seek(0)
        assert (reply["content"]["status"], returncode, output.read()) == ("ok", 0, "")
