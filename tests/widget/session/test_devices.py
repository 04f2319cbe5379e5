"""Loading in DollyWidget, and another device: what waits, what wins, and what keeps working."""

import itertools
import threading

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine, wait_for

from dolly_widget import DollyWidget, EngineError
from dolly_widget.engines import setup, sharing
from dolly_widget.widget.session import model_session


def screen(widget):
    return widget._screen


@pytest.fixture
def loads(monkeypatch):
    """Loading that waits until the test gives an engine, or an exception, for the device."""

    class Loads:
        def __init__(self):
            self.outcomes, self.started = {}, threading.Event()

        def finish(self, device, outcome):
            self.outcomes[device] = outcome
            self.gate(device).set()

        def gate(self, device):
            return gates.setdefault(device, threading.Event())

        def __call__(self, setup, prepared):
            device = setup.device
            self.started.set()
            assert self.gate(device).wait(LIMIT_S)
            outcome = self.outcomes[device]
            if isinstance(outcome, BaseException):
                raise outcome
            outcome.device = device
            return outcome

    gates, loads = {}, Loads()
    versions = itertools.count()
    monkeypatch.setattr(sharing, "start_engine", loads)
    # Each load is of other files: nothing is shared.
    monkeypatch.setattr(sharing, "file_versions", lambda directory: next(versions))
    for module in (model_session, setup):
        monkeypatch.setattr(module, "check_device", lambda device: device)
    yield loads
    for gate in gates.values():
        gate.set()


def test_submit_while_loading_answers_as_soon_as_it_can(loads):
    widget = DollyWidget(device="CPU")
    widget.instruction = "Hi"
    job = widget.submit()
    assert (widget.status, job.done, screen(widget).answer.view.placeholder) == ("loading", False, "Loading the model…")
    engine = ScriptedEngine(["ready"], ["hello"])  # the first is the warm-up's
    loads.finish("CPU", engine)
    assert job.wait(LIMIT_S).text == "hello"
    assert widget.status == "idle"
    assert engine.calls[0][1].max_new_tokens == 1
    widget.close()
    assert engine.is_closed


def test_stop_while_loading_ends_the_waiting_answer(loads):
    widget = DollyWidget(device="CPU")
    widget.instruction = "Hi"
    job = widget.submit()
    widget.stop()
    assert job.wait(LIMIT_S).finish_reason == "cancelled"
    loads.finish("CPU", ScriptedEngine())
    widget.wait(LIMIT_S)
    wait_for(widget, "status", "idle")
    widget.close()


def test_a_load_that_fails_is_a_sentence_and_another_device_can_be_chosen(loads):
    widget = DollyWidget(device="GPU")
    loads.finish("GPU", EngineError("The GPU has no driver: choose another device."))
    with pytest.raises(EngineError):
        widget.wait(LIMIT_S)
    assert (widget.status, widget.error) == ("error", "The GPU has no driver: choose another device.")
    widget.instruction = "Hi"
    with pytest.raises(EngineError):
        widget.submit().wait(LIMIT_S)
    loads.finish("CPU", ScriptedEngine(["warm"], ["hello"]))
    widget.device = "CPU"
    assert widget.ask("Hi").text == "hello"
    widget.close()


def test_the_device_before_keeps_working_when_the_new_one_fails(loads):
    first = ScriptedEngine(["warm"], ["hello"])
    loads.finish("CPU", first)
    loads.finish("GPU", EngineError("The GPU has no driver: choose another device."))
    widget = DollyWidget(device="CPU")
    widget.wait(LIMIT_S)
    widget.device = "GPU"
    wait_for(widget, "device", "CPU")
    assert screen(widget).settings.device.value == "CPU"
    assert (widget.status, widget.error) == ("error", "The GPU has no driver: choose another device.")
    assert widget.ask("Hi").text == "hello"
    assert not first.is_closed
    widget.close()


def test_a_new_device_takes_the_place_of_the_one_before(loads):
    first, second = ScriptedEngine(), ScriptedEngine(["warm"], ["from the GPU"])
    loads.finish("CPU", first)
    loads.finish("GPU", second)
    widget = DollyWidget(device="CPU")
    widget.wait(LIMIT_S)
    widget.device = "GPU"
    assert widget.ask("Hi").text == "from the GPU"
    widget.wait(LIMIT_S)
    assert (first.is_closed, second.is_closed) == (True, False)
    assert "GPU" in screen(widget).model.value
    widget.close()


def test_a_device_chosen_while_another_loads_wins(loads):
    widget = DollyWidget(device="CPU")
    assert loads.started.wait(LIMIT_S)
    widget.device = "GPU"
    slow, wanted = ScriptedEngine(), ScriptedEngine(["warm"], ["from the GPU"])
    loads.finish("CPU", slow)
    loads.finish("GPU", wanted)
    assert widget.ask("Hi").text == "from the GPU"
    assert slow.is_closed
    widget.close()


def test_a_loaded_engine_stays_on_its_device_and_stays_open():
    engine = ScriptedEngine()
    widget = DollyWidget(engine)
    assert widget.device == "CPU"
    with pytest.raises(ValueError, match="stays on its device"):
        widget.device = "AUTO"
    widget.close()
    assert not engine.is_closed


def test_a_device_that_the_list_does_not_name_is_shown_too(loads):
    loads.finish("AUTO:CPU", ScriptedEngine())
    loads.finish("CPU", ScriptedEngine())
    widget = DollyWidget(device="CPU")
    widget.wait(LIMIT_S)
    widget.device = "AUTO:CPU"
    widget.wait(LIMIT_S)
    assert screen(widget).settings.device.value == "AUTO:CPU"
    loads.finish("CPU", ScriptedEngine())
    screen(widget).settings.device.value = "CPU"
    widget.wait(LIMIT_S)
    assert widget.device == "CPU"
    widget.close()


def test_back_to_the_device_before_while_another_loads(loads):
    first, late = ScriptedEngine(["warm"], ["from the CPU"]), ScriptedEngine()
    loads.finish("CPU", first)
    widget = DollyWidget(device="CPU")
    widget.wait(LIMIT_S)
    loads.started.clear()
    widget.device = "GPU"
    assert loads.started.wait(LIMIT_S)
    assert "Loading demo on GPU…" in screen(widget).answer.stats.value
    widget.device = "CPU"
    assert (widget.status, screen(widget).answer.stats.value) == ("idle", "")
    widget.instruction = "Hi"
    job = widget.submit()
    loads.finish("GPU", late)  # nothing can end that sooner, and the answer's turn comes after it
    assert job.wait(LIMIT_S).text == "from the CPU"
    assert (first.is_closed, late.is_closed) == (False, True)
    widget.close()
    assert first.is_closed


def test_an_answer_that_waits_for_a_device_that_fails_comes_from_the_one_before(loads):
    loads.finish("CPU", ScriptedEngine(["warm"], ["hello"]))
    widget = DollyWidget(device="CPU")
    widget.wait(LIMIT_S)
    widget.device = "GPU"
    widget.instruction = "Hi"
    job = widget.submit()
    assert widget.status == "loading"
    loads.finish("GPU", EngineError("The GPU has no driver: choose another device."))
    assert job.wait(LIMIT_S).text == "hello"
    assert (widget.status, widget.device) == ("idle", "CPU")
    assert "The GPU has no driver" in screen(widget).load_notice.message.value
    widget.close()


def test_a_load_that_failed_can_be_tried_again(loads):
    loads.finish("CPU", ScriptedEngine())
    widget = DollyWidget(device="CPU")
    widget.wait(LIMIT_S)
    widget.device = "GPU"
    loads.finish("GPU", EngineError("The GPU is busy: try again."))
    wait_for(widget, "status", "error")
    loads.finish("GPU", ScriptedEngine(["warm"], ["from the GPU"]))
    notice = screen(widget).load_notice
    assert notice.remedy.description == "Try again"
    notice.remedy.click()
    widget.wait(LIMIT_S)
    assert (widget.status, widget.device, notice.layout.display) == ("idle", "GPU", "none")
    assert widget.ask("Hi").text == "from the GPU"
    widget.close()


def test_a_closed_widget_loads_nothing(loads):
    loads.finish("CPU", ScriptedEngine())
    widget = DollyWidget(device="CPU")
    widget.wait(LIMIT_S)
    widget.close()
    loads.started.clear()
    with pytest.raises(RuntimeError, match="closed"):
        widget.device = "GPU"
    with pytest.raises(RuntimeError, match="closed"):
        widget.load("demo")
    assert not loads.started.is_set()
