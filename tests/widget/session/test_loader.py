"""Models of DollyWidget: prepared with progress, cancelled, replaced and freed; and the box that they are chosen in."""

import gc
import itertools
import queue
import shutil
import subprocess
import sys
import threading
import weakref

import ipywidgets
import pytest
import stored
import traitlets
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget, EngineError, PromptTemplate
from dolly_widget.engines import EngineSetup, setup, sharing
from dolly_widget.errors import ModelError
from dolly_widget.models import Model
from dolly_widget.models.catalogue import KNOWN_MODELS
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.models.weight_format import WeightFormat
from dolly_widget.runtime.progress import Progress
from dolly_widget.widget.model import chooser

DOLLY_3B = "databricks/dolly-v2-3b"
STOPPED = "Preparing the model was stopped; nothing was changed."


class Workshop:
    """Stands in for preparing and loading: models with a slash are prepared as the test says, the others are there."""

    def __init__(self):
        self.reports = queue.Queue()
        self.prepared, self.loaded, self.drafts, self.stopped = [], [], [], []
        self.is_preparing = threading.Event()
        self.engines = []

    def say(self, *reports):
        """Each is a Progress; "done"; or an exception."""
        for report in reports:
            self.reports.put(report)

    def find(self, model, weight_format="int8", revision=None):
        if str(model).startswith("."):
            raise ModelError(f"There is no model {model!r}.")
        return None if "/" in str(model) else OPENVINO_DIR

    def resolve(self, model, weight_format="int8", revision=None, *, on_progress, stop):
        self.prepared.append((model, str(weight_format), revision))
        self.is_preparing.set()
        while not stop.is_set():
            try:
                report = self.reports.get(timeout=0.01)
            except queue.Empty:
                continue
            if report == "done":
                return OPENVINO_DIR
            if isinstance(report, BaseException):
                raise report
            on_progress(report)
        self.stopped.append(model)
        raise ModelError(STOPPED)

    def start_engine(self, setup, prepared):
        self.loaded.append(setup)
        self.drafts.append(prepared.draft and prepared.draft.directory)
        engine = self.engines.pop(0) if self.engines else ScriptedEngine()
        if isinstance(engine, BaseException):
            raise engine
        engine.device = setup.device
        return engine


@pytest.fixture
def workshop(monkeypatch):
    workshop = Workshop()
    monkeypatch.setattr(setup, "find", workshop.find)
    monkeypatch.setattr(setup, "resolve", workshop.resolve)
    versions = itertools.count()
    monkeypatch.setattr(sharing, "start_engine", workshop.start_engine)
    # Each load is of other files: nothing is shared.
    monkeypatch.setattr(sharing, "file_versions", lambda directory: next(versions))
    monkeypatch.setattr(chooser.store, "entries", lambda: ())
    return workshop


@pytest.fixture
def make(workshop):
    made = []

    def make_widget(*args, **options):
        made.append(DollyWidget(*args, **options))
        return made[-1]

    yield make_widget
    for widget in made:
        widget.close()


@pytest.fixture
def widget(make):
    """A widget whose first model is there, and says "one"."""
    widget = make(engine="optimum", device="CPU")
    widget.wait(LIMIT_S)
    return widget


def screen(widget):
    return widget._screen


def panel(widget):
    return widget._screen.preparing


def is_shown(part):
    return part.layout.display != "none"


# preparing


def test_a_model_that_must_be_prepared_shows_how_far_that_is(make, workshop):
    widget = make(DOLLY_3B)
    assert (widget.status, repr(widget)) == ("loading", f"DollyWidget('{DOLLY_3B}', device='AUTO')")
    assert "not loaded yet" in screen(widget).model.value
    wait_for(widget, "progress", "Looking at the model")
    workshop.say(Progress("plan", message="Needs 9 GB; 40 GB are free."))
    wait_for(widget, "progress", "Looking at the model. Needs 9 GB; 40 GB are free.")
    assert is_shown(panel(widget))
    assert "Preparing databricks/dolly-v2-3b…" in screen(widget).answer.stats.value
    assert "aria-valuenow" not in panel(widget).bar.value
    workshop.say(Progress("download", 0.25, 1_500_000_000, 6_000_000_000))
    wait_for(widget, "progress", "Downloading: 1.5 GB of 6.0 GB")
    assert "Downloading" in panel(widget).stage.value
    assert "1.5 GB of 6.0 GB · 25%" in panel(widget).figures.value
    assert "width: 25.0%" in panel(widget).bar.value
    assert "Needs 9 GB; 40 GB are free." in panel(widget).notes.value
    workshop.say("done")
    widget.wait(LIMIT_S)
    assert (widget.status, widget.progress, is_shown(panel(widget))) == ("idle", "", False)
    assert "parameters" in screen(widget).model.value
    assert workshop.prepared == [(DOLLY_3B, "int8", None)]


def test_what_is_said_of_progress_is_text_and_not_html(make, workshop):
    widget = make("<b>/x")
    workshop.say(Progress("plan", message="<script>alert(1)</script>"))
    wait_for(widget, "progress", "Looking at the model. <script>alert(1)</script>")
    shown = [part.value for part in (screen(widget).model, panel(widget).notes, screen(widget).answer.stats)]
    assert not any("<script>" in html or "<b>/x" in html for html in shown)


def test_progress_cannot_be_set(make):
    with pytest.raises(traitlets.TraitError):
        make().progress = "mine"


# Mistakes


@pytest.mark.parametrize(
    ("options", "error"),
    [({"model": "./nowhere"}, ModelError), ({"weight_format": "int3"}, ValueError), ({"device": "TPU"}, ValueError)],
)
def test_what_is_known_at_once_is_told_before_anything_is_made(workshop, options, error):
    before = set(ipywidgets.widgets.widget._instances)
    with pytest.raises(error):
        DollyWidget(**options)
    gc.collect()
    assert set(ipywidgets.widgets.widget._instances) <= before
    assert workshop.loaded == []


@pytest.mark.parametrize(
    ("model", "weight_format", "message"),
    [
        ("./nowhere", None, "no model"),
        ("", None, "Name a model"),
        (" ", None, "Name a model"),
        ("demo", "int3", "int3"),
    ],
)
def test_load_tells_at_once_what_is_in_vain_and_the_model_stays(widget, model, weight_format, message):
    with pytest.raises(ValueError, match=message):
        widget.load(model, weight_format=weight_format)
    assert (widget.status, widget.error) == ("idle", "")
    assert widget.ask("Hi").text == "ok"


def test_load_is_refused_while_an_answer_is_written(make, workshop):
    engine = ScriptedEngine(["one ", "two"], stepwise=True)
    widget = make(engine)
    widget.instruction = "Hi"
    job = widget.submit()
    chooser = screen(widget).chooser
    chooser.is_open = True
    assert chooser.load.disabled
    assert chooser.stored.disabled
    with pytest.raises(RuntimeError, match="still being written"):
        widget.load("demo")
    engine.step(2)
    assert job.wait(LIMIT_S).text == "one two"
    assert not chooser.load.disabled
    assert not chooser.stored.disabled
    assert workshop.loaded == []


def test_the_box_of_models_that_was_closed_during_an_answer_takes_models_after_it(make, workshop):
    engine = ScriptedEngine(["one"], stepwise=True)
    widget = make(engine)
    widget.instruction = "Hi"
    job = widget.submit()
    chooser = screen(widget).chooser
    chooser.is_open = True
    chooser.is_open = False
    engine.step()
    job.wait(LIMIT_S)
    chooser.is_open = True
    assert not chooser.load.disabled


# another model


def test_a_draft_is_prepared_too_and_stays_with_its_model(workshop):
    widget = DollyWidget("org/large", device="CPU", draft="org/small")
    workshop.say("done", "done")
    widget.wait(LIMIT_S)
    assert [name for name, *_ in workshop.prepared] == ["org/large", "org/small"]
    widget.load("demo").wait(LIMIT_S)
    assert ([each.draft for each in workshop.loaded], workshop.drafts) == (["org/small", None], [OPENVINO_DIR, None])
    widget.close()


def test_load_replaces_the_model_and_keeps_settings_and_history(make, workshop):
    first, second = ScriptedEngine(["warm"], ["one"]), ScriptedEngine(["warm"], ["two"])
    workshop.engines = [first, second]
    widget = make(device="CPU", temperature=0.3, ov_config={"CACHE_DIR": "x"})
    assert widget.ask("Hi").text == "one"
    widget.load(DOLLY_3B, weight_format="int4", revision="v2")
    workshop.say("done")
    assert widget.ask("Hi").text == "two"
    widget.wait(LIMIT_S)
    assert (first.is_closed, second.is_closed) == (True, False)
    assert workshop.prepared == [(DOLLY_3B, "int4", "v2")]
    assert workshop.loaded[1] == EngineSetup(
        DOLLY_3B, revision="v2", weight_format="int4", device="CPU", ov_config={"CACHE_DIR": "x"}
    )
    assert ([e.result.text for e in widget.history], widget.temperature) == (["one", "two"], 0.3)


def test_a_template_stays_with_its_model(make, workshop):
    mine = PromptTemplate("mine")
    widget = make("demo", template=mine)
    widget.wait(LIMIT_S)
    widget.load("demo", weight_format="int4").wait(LIMIT_S)
    widget.load("other").wait(LIMIT_S)
    assert [each.template for each in workshop.loaded] == [mine, mine, None]


def test_a_model_that_cannot_be_prepared_leaves_the_one_before(widget, workshop):
    job = widget.load(DOLLY_3B)
    workshop.say(Progress("download", 0.5), ModelError("The hub cannot be reached: look at the network."))
    with pytest.raises(ModelError):
        job.wait(LIMIT_S)
    assert (widget.status, widget.error) == ("error", "The hub cannot be reached: look at the network.")
    assert (repr(widget), is_shown(panel(widget)), widget.progress) == ("DollyWidget('demo', device='CPU')", False, "")
    assert widget.ask("Hi").text == "ok"
    assert (widget.status, widget.error) == ("idle", "")


def test_a_first_model_that_fails_is_an_error_and_another_can_be_loaded(make, workshop):
    widget = make(DOLLY_3B)
    workshop.say(ModelError("There is no such model."))
    with pytest.raises(ModelError):
        widget.wait(LIMIT_S)
    assert (widget.status, widget.error) == ("error", "There is no such model.")
    widget.load("demo")
    assert widget.error == ""
    assert widget.ask("Hi").text == "ok"


def test_an_answer_that_waits_for_a_model_that_fails_does_not_come_from_the_one_before(widget, workshop):
    widget.load(DOLLY_3B)
    widget.instruction = "Hi"
    job = widget.submit()
    assert workshop.is_preparing.wait(LIMIT_S)
    workshop.say(ModelError("The disk is full: make room."))
    with pytest.raises(ModelError, match="disk is full"):
        job.wait(LIMIT_S)
    assert (widget.status, widget.error, widget.history) == ("error", "The disk is full: make room.", ())
    assert widget.ask("Hi").text == "ok"


def test_the_newest_choice_wins_and_ends_the_preparing_of_the_one_before(widget, workshop):
    before = widget.load(DOLLY_3B)
    assert workshop.is_preparing.wait(LIMIT_S)
    widget.load("other")
    with pytest.raises(ModelError, match="stopped"):
        before.wait(LIMIT_S)
    widget.wait(LIMIT_S)
    assert (workshop.stopped, widget.status, widget.error) == ([DOLLY_3B], "idle", "")
    assert len(workshop.loaded) == 2


def test_another_device_does_not_begin_the_preparing_again(make, workshop, monkeypatch):
    for module in ("widget.session.model_session", "engines.setup"):
        monkeypatch.setattr(f"dolly_widget.{module}.check_device", lambda device: device)
    widget = make(DOLLY_3B, device="CPU")
    workshop.say(Progress("load"))
    wait_for(widget, "progress", "Loading the weights")
    widget.device = "GPU"
    assert (widget.progress, is_shown(panel(widget))) == ("Loading the weights", True)
    monkeypatch.setattr(setup, "find", lambda *choice: OPENVINO_DIR)
    workshop.say("done")
    widget.wait(LIMIT_S)
    assert (len(workshop.prepared), [each.device for each in workshop.loaded]) == (1, ["GPU"])


def test_a_given_engine_can_be_replaced_and_stays_open(make, workshop):
    given = ScriptedEngine()
    widget = make(given)
    assert screen(widget).settings.device.disabled
    workshop.engines = [ScriptedEngine(["warm"], ["new"])]
    widget.load("demo")
    assert widget.ask("Hi").text == "new"
    assert (given.is_closed, screen(widget).settings.device.disabled) == (False, False)
    widget.device = "AUTO"
    widget.wait(LIMIT_S)
    assert workshop.loaded[-1].device == "AUTO"


# cancelling


def test_cancel_leaves_the_model_before(widget, workshop):
    job = widget.load(DOLLY_3B)
    workshop.say(Progress("download", 0.5))
    wait_for(widget, "progress", "Downloading: 50%")
    panel(widget).cancel.click()
    assert panel(widget).cancel.disabled
    with pytest.raises(ModelError, match="stopped"):
        job.wait(LIMIT_S)
    assert (widget.status, widget.error, is_shown(panel(widget))) == ("idle", "", False)
    assert STOPPED in screen(widget).load_notice.message.value
    assert widget.ask("Hi").text == "ok"


def test_cancel_of_the_first_model_is_an_error_and_it_can_be_loaded_again(make, workshop):
    widget = make(DOLLY_3B)
    workshop.say(Progress("download", 0.5))
    wait_for(widget, "progress", "Downloading: 50%")
    panel(widget).cancel.click()
    with pytest.raises(ModelError, match="stopped"):
        widget.wait(LIMIT_S)
    assert (widget.status, widget.error) == ("error", STOPPED)
    widget.load(DOLLY_3B)
    workshop.say(Progress("download", 0.7))
    wait_for(widget, "progress", "Downloading: 70%")
    assert not panel(widget).cancel.disabled
    workshop.say("done")
    assert widget.ask("Hi").text == "ok"


def test_cancel_ends_the_answer_that_waits(widget, workshop):
    widget.load(DOLLY_3B)
    widget.instruction = "Hi"
    job = widget.submit()
    panel(widget).cancel.click()
    assert job.wait(LIMIT_S).finish_reason == "cancelled"
    wait_for(widget, "status", "idle")
    assert widget.ask("Hi").text == "ok"


def test_stopping_the_job_of_load_cancels_it(widget, workshop):
    job = widget.load(DOLLY_3B)
    assert workshop.is_preparing.wait(LIMIT_S)
    job.stop()
    with pytest.raises(ModelError, match="stopped"):
        job.wait(LIMIT_S)
    assert (workshop.stopped, widget.status) == ([DOLLY_3B], "idle")


def test_a_stop_while_the_model_is_compiled_drops_it(widget, workshop):
    release, reached = threading.Event(), threading.Event()

    class Slow(ScriptedEngine):
        def generate(self, *args, **options):
            reached.set()
            assert release.wait(LIMIT_S)
            return super().generate(*args, **options)

    late = Slow()
    workshop.engines = [late]
    job = widget.load("other")
    assert reached.wait(LIMIT_S)
    job.stop()
    release.set()
    with pytest.raises(ModelError, match="stopped"):
        job.wait(LIMIT_S)
    assert (late.is_closed, widget.status, repr(widget)) == (True, "idle", "DollyWidget('demo', device='CPU')")
    assert widget.ask("Hi").text == "ok"


def test_close_while_preparing_ends_it_and_leaves_nothing_running(make, workshop):
    before = set(threading.enumerate())
    widget = make(DOLLY_3B)
    widget.instruction = "Hi"
    answer = widget.submit()
    assert workshop.is_preparing.wait(LIMIT_S)
    widget.close()
    assert (workshop.stopped, answer.done, workshop.loaded) == ([DOLLY_3B], True, [])
    for thread in set(threading.enumerate()) - before:
        thread.join(LIMIT_S)
        assert not thread.is_alive()


# memory


def test_nothing_refers_to_a_model_that_was_replaced_or_could_not_run(make, workshop):
    gone = EngineError("The device went away: load the model again.")
    alive, widget = weakref.WeakSet(), None

    def tracked(*answers):
        engine = ScriptedEngine(*answers)
        alive.add(engine)
        return engine

    for turn in range(10):
        workshop.engines = [tracked(["warm"], [f"answer {turn}"], [gone])]
        if widget is None:
            widget = make()
        else:
            widget.load("demo").wait(LIMIT_S)
        assert widget.ask("Hi").text == f"answer {turn}"
        with pytest.raises(EngineError):
            widget.ask("Hi")
        workshop.engines = [tracked([ZeroDivisionError("in the first token")])]
        with pytest.raises(ZeroDivisionError):
            widget.load("demo").wait(LIMIT_S)
        gc.collect()
        assert [engine.is_closed for engine in alive] == [False]


LOAD_AND_DROP = """
import gc
from dolly_widget import DollyWidget
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.engines import sharing

def private_bytes():
    gc.collect()
    status = open("/proc/self/status").read()
    return 1024 * int(status.split("RssAnon:")[1].split()[0])

widget = DollyWidget(device="CPU")
for device in ("AUTO", "CPU") * 6:
    widget.ask("Hi", max_new_tokens=4, seed=1)
    print(private_bytes(), flush=True)
    widget.device = device  # the same model on the same device would be shared
    widget.wait()
widget.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_private_memory_does_not_climb_over_ten_loads():
    run = subprocess.run([sys.executable, "-c", LOAD_AND_DROP], capture_output=True, text=True, check=True)
    used = [int(line) for line in run.stdout.split()]
    # Measured over forty loads: 78 to 82 MB, then 83 to 98 without a trend; 20 more each time where one was kept.
    assert max(used[-3:]) - min(used[:3]) < 30e6


# the box


def box(widget):
    return screen(widget).chooser


def test_the_box_is_folded_away_and_offers_known_and_stored_models(widget, monkeypatch, tmp_path):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path))
    asked, entries = [], (stored.put("me/mine", "int4-g64"), stored.put(DOLLY_3B))
    monkeypatch.setattr(chooser.store, "entries", lambda: asked.append(1) or entries)
    assert (box(widget).is_open, asked) == (False, [])
    box(widget).is_open = True
    assert box(widget).name.options == (*KNOWN_MODELS, "me/mine")
    assert [model["title"] for model in box(widget).stored.listing["models"]] == ["demo", "Dolly 2.0 3B", "me/mine"]
    box(widget).is_open = False
    asked.clear()
    box(widget).is_open = True
    assert asked


def engine_of(directory):
    engine = ScriptedEngine()
    engine.model = Model.of(directory)
    return engine


def uses(widget, *directories):
    """For what each is in use; other tests of this process may have widgets, too."""
    found = widget._session.loader.uses
    return [found.get(directory.resolve(), "") for directory in directories]


def test_the_models_in_use_are_those_that_run_or_load_here_and_elsewhere(make, workshop, tmp_path, monkeypatch):
    other = tmp_path / "other"
    shutil.copytree(OPENVINO_DIR, other)
    workshop.engines = [ScriptedEngine(), engine_of(other)]
    monkeypatch.setattr(setup, "find", lambda model, *_: other if model == "other" else OPENVINO_DIR)
    first = make(device="CPU")
    first.wait(LIMIT_S)  # the engines come in this order
    second = make("other", device="CPU")
    second.wait(LIMIT_S)
    assert uses(first, OPENVINO_DIR, other) == ["running", "elsewhere"]
    assert uses(second, OPENVINO_DIR, other) == ["elsewhere", "running"]
    second.close()
    assert uses(first, OPENVINO_DIR, other) == ["running", ""]


def test_a_model_that_is_being_loaded_is_in_use(make, workshop, tmp_path, monkeypatch):
    other, begun, goes_on = tmp_path / "other", threading.Event(), threading.Event()
    shutil.copytree(OPENVINO_DIR, other)
    workshop.engines = [ScriptedEngine(), engine_of(other)]
    widget = make(device="CPU")
    widget.wait(LIMIT_S)
    monkeypatch.setattr(setup, "find", lambda model, *_: other)
    start_engine = workshop.start_engine

    def held(*arguments):
        begun.set()
        assert goes_on.wait(LIMIT_S)
        return start_engine(*arguments)

    monkeypatch.setattr(sharing, "start_engine", held)
    box(widget).is_open = True
    job = widget.load("other")
    assert begun.wait(LIMIT_S)
    assert uses(widget, OPENVINO_DIR, other) == ["running", "loading"]
    assert box(widget).stored.listing["models"][0]["rows"][0]["state"] == "running now"
    goes_on.set()
    job.wait(LIMIT_S)
    assert uses(widget, OPENVINO_DIR, other) == ["", "running"]
    assert box(widget).stored.listing["models"][0]["rows"][0]["state"] == ""


def press_load(widget):
    box(widget).load.click()


def press_enter(widget):
    box(widget).name._handle_msg(
        {"content": {"data": {"method": "custom", "content": {"event": "submit"}}}, "buffers": []}
    )


@pytest.mark.parametrize("press", [press_load, press_enter])
def test_the_box_loads_what_is_typed_and_folds_when_it_is_there(widget, workshop, press):
    box(widget).is_open = True
    box(widget).name.value = f" {DOLLY_3B} "
    box(widget).weight_format.value = "int4"
    press(widget)
    assert widget.status == "loading"
    assert (box(widget).is_open, box(widget).name.value) == (True, f" {DOLLY_3B} ")
    workshop.say("done")
    widget.wait(LIMIT_S)
    assert workshop.prepared == [(DOLLY_3B, "int4", None)]
    assert (box(widget).is_open, box(widget).name.value) == (False, "")


@pytest.mark.parametrize(("name", "hint"), [("", "Name a model first"), ("  ", "Name"), ("./nonsense", "no model")])
def test_a_name_in_vain_is_a_hint_and_nothing_is_lost(widget, name, hint):
    box(widget).is_open = True
    box(widget).name.value = name
    press_load(widget)
    assert hint in box(widget).hint.value
    assert is_shown(box(widget).hint)
    assert (box(widget).name.value, box(widget).is_open, widget.status) == (name, True, "idle")
    box(widget).name.value = "other"
    press_load(widget)
    widget.wait(LIMIT_S)
    assert not is_shown(box(widget).hint)


def test_a_name_that_fails_stays_in_the_box(widget, workshop):
    box(widget).is_open = True
    box(widget).name.value = "databricks/doly"
    press_load(widget)
    workshop.say(ModelError("There is no databricks/doly on the hub."))
    with pytest.raises(ModelError):
        widget.wait(LIMIT_S)
    assert (box(widget).name.value, box(widget).is_open) == ("databricks/doly", True)


def test_the_format_of_the_box_is_the_widget_s_with_its_details(make, workshop):
    grouped = WeightFormat("int4", 64)
    widget = make("one", weight_format=grouped)
    widget.wait(LIMIT_S)
    assert box(widget).weight_format.value == "int4"
    for name in ("int4", "fp16"):
        box(widget).name.value = DOLLY_3B
        box(widget).weight_format.value = name
        press_load(widget)
        workshop.say("done")
        widget.wait(LIMIT_S)
    assert [weight_format for _, weight_format, _ in workshop.prepared] == ["int4-g64", "fp16"]
