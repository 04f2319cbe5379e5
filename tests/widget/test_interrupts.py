"""The kernel's interrupt, as its button sends it, while an answer is asked for; and what an answer leaves in cells."""

import subprocess
import sys
from multiprocessing.connection import Listener

import pytest
from kernels import LIMIT_S, running_kernel
from scripted_engine import ScriptedEngine

from dolly_widget import DollyWidget

SETUP = """
import threading
from scripted_engine import ScriptedEngine
from dolly_widget import DollyWidget

engine = ScriptedEngine(["one ", "two ", "three"], stepwise=True)
widget = DollyWidget(engine)
"""
# What a widget waits for, beside the cell that waits for the widget, is a word that the test sends to ADDRESS.
WAIT = """
from multiprocessing.connection import Client

def wait_for_test():
    print("waits", flush=True)
    with Client(ADDRESS) as test:
        test.recv()
"""
SLOW_TO_READ = """
class SlowToRead(ScriptedEngine):
    def generate(self, *args, **kwargs):
        wait_for_test()
        return super().generate(*args, **kwargs)

widget = DollyWidget(SlowToRead(stepwise=True))
"""
SLOW_TO_LOAD = """
import dolly_widget.widget.session.loader as loading
share_engine = loading.share_engine

def share_late(*args, **kwargs):
    wait_for_test()
    return share_engine(*args, **kwargs)

loading.share_engine = share_late
widget = DollyWidget()
start = widget._session._answerer.start

def start_and_say(asked):
    job = start(asked)
    print("begun", flush=True)
    return job

widget._session._answerer.start = start_and_say
"""
ASK = "result = widget.ask('Count.')"
REPORT = "print(*((each.result.finish_reason, each.result.text) for each in widget.history), widget.status)"


@pytest.fixture
def kernel():
    with running_kernel() as kernel:
        kernel.run(SETUP)
        yield kernel


def interrupt(kernel, cell):
    """Interrupt; wait for the cell's end, and expect the usual KeyboardInterrupt."""
    kernel.manager.interrupt_kernel()
    kernel.finish(cell)
    assert [error["ename"] for error in kernel.published(cell, "error")] == ["KeyboardInterrupt"]


def wait_until(kernel, is_so):
    while not is_so():
        kernel.seen.append(kernel.client.get_iopub_msg(timeout=LIMIT_S))


def shown(kernel):
    """All that the page has been told of texts and buttons so far."""
    return str([message["content"] for message in kernel.seen if message["msg_type"] == "comm_msg"])


def test_an_interrupt_in_mid_answer_keeps_it_as_stopped(kernel):
    kernel.run("engine.step()")
    cell = kernel.start(ASK)
    wait_until(kernel, lambda: "'append': 'one '" in shown(kernel))
    interrupt(kernel, cell)
    assert kernel.run(REPORT) == "('cancelled', 'one ') idle\n"
    assert kernel.run("engine.step()\nprint(widget.ask('Again.').text)") == "ok\n"


@pytest.fixture
def go_on(kernel):
    """A function that ends what the widget waits for."""
    with Listener() as listener:
        kernel.run(WAIT.replace("ADDRESS", repr(listener.address)))

        def send():
            with listener.accept() as widget:
                widget.send("go on")

        yield send


def test_an_interrupt_while_the_prompt_is_read_says_stopping_and_stops_as_soon_as_it_can(kernel, go_on):
    kernel.run(SLOW_TO_READ)
    cell = kernel.start(ASK)
    wait_until(kernel, lambda: "waits" in kernel.printed(cell))
    assert "Stopping…" not in shown(kernel)
    kernel.manager.interrupt_kernel()
    wait_until(kernel, lambda: "Stopping…" in shown(kernel))
    go_on()
    kernel.finish(cell)
    assert [error["ename"] for error in kernel.published(cell, "error")] == ["KeyboardInterrupt"]
    assert kernel.run(REPORT) == "('cancelled', '') idle\n"


def test_an_interrupt_while_the_model_loads_ends_the_answer_and_loading_goes_on(kernel, go_on):
    kernel.run(SLOW_TO_LOAD)
    kernel.seen.clear()
    cell = kernel.start(ASK)
    wait_until(kernel, lambda: "begun" in kernel.printed(cell))
    interrupt(kernel, cell)
    assert kernel.run(REPORT) == "('cancelled', '') loading\n"
    go_on()
    answer = kernel.run("widget.wait(30)\nprint(widget.ask('What is the capital of France?', temperature=0).text)")
    assert "Paris" in answer


def test_an_interrupt_while_the_answer_begins_stops_it_too():
    widget = DollyWidget(ScriptedEngine(["one "], stepwise=True))

    def interrupt_once(change):
        if change["new"] == "generating":
            raise KeyboardInterrupt

    widget.observe(interrupt_once, "status")
    with pytest.raises(KeyboardInterrupt):
        widget.ask("Count.")
    widget.unobserve(interrupt_once, "status")
    assert [each.result.finish_reason for each in widget.history] == ["cancelled"]
    widget.close()


# no surprises


def test_an_answer_prints_nothing_into_the_cells_that_run_meanwhile(kernel):
    kernel.run("widget.instruction = 'Count.'\njob = widget.submit()")
    cells = [kernel.start(f"engine.step()\nprint({place})") for place in range(3)]
    cells.append(kernel.start("job.wait(30)\nwidget.lens = True\nprint(3)"))
    for place, cell in enumerate(cells):
        kernel.finish(cell)
        assert kernel.printed(cell) == f"{place}\n"
        assert kernel.published(cell, "display_data", "execute_result", "error", "clear_output") == []


def test_an_import_and_a_display_warn_of_nothing(tmp_path):
    code = "from dolly_widget import DollyWidget, SamplingExplorer\nfrom IPython.display import display\n"
    code += "for each in (DollyWidget(), SamplingExplorer('demo', 'Who?')):\n    display(each)\n    each.wait(60)\n"
    code += "print('displayed')"
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith("displayed\n")
