"""What is clicked and typed while a cell runs, in a real kernel, sent as JupyterLab sends it."""

import ipywidgets
import pytest
from kernels import running_kernel

from dolly_widget.widget.page.subshells import handle_during_cells

SETUP = """
import threading
from scripted_engine import ScriptedEngine
from dolly_widget import DollyWidget

engine = ScriptedEngine(["one ", "two ", "three"], ["four"], stepwise=True)
widget = DollyWidget(engine)
heard = threading.Event()

def hear(name, value):
    heard.clear()
    widget.observe(lambda change: change["new"] == value and heard.set(), name)
"""


@pytest.fixture(scope="module")
def kernel():
    with running_kernel() as kernel:
        yield kernel


@pytest.fixture
def widget(kernel):
    """The ids of a new widget's controls, by name."""
    kernel.run(SETUP)
    parts = {"composer": "composer", "context": "context", "regenerate": "answer.regenerate"}
    ids = kernel.run("".join(f"print(widget._screen.{part}.comm.comm_id)\n" for part in parts.values())).split()
    yield dict(zip(parts, ids, strict=True))
    kernel.run("widget.close()")


def wait_in_cell(kernel):
    """Start a cell that runs until the widget has heard, at most 5 s; return its id once it runs."""
    cell = kernel.start("print('runs', flush=True)\nprint(heard.wait(5))")
    while not kernel.printed(cell).startswith("runs"):
        kernel.seen.append(kernel.client.get_iopub_msg(timeout=30))
    return cell


def was_heard(kernel, cell):
    kernel.finish(cell)
    return "True" in kernel.printed(cell)


def test_stop_is_heard_while_a_cell_runs(kernel, widget):
    kernel.run("widget.instruction = 'Count.'\njob = widget.submit()\nengine.step()\nassert engine.said.wait(30)")
    kernel.run("hear('status', 'stopping')")
    cell = wait_in_cell(kernel)
    kernel.finish(kernel.press(widget["composer"], "stop", kernel.new_subshell()))
    assert was_heard(kernel, cell) == kernel.has_subshells
    assert kernel.run("print(job.wait(30).finish_reason, repr(widget.response))") == "cancelled 'one '\n"


def test_what_was_typed_before_a_click_is_what_is_asked(kernel, widget):
    """One control that is heard at once, and one that is not, would send the instruction of before."""
    kernel.run("widget.context = 'Old.'\nhear('status', 'generating')")
    subshell = kernel.new_subshell()
    cell = wait_in_cell(kernel)
    kernel.type(widget["context"], "New.", subshell)
    kernel.finish(kernel.press(widget["composer"], "submit", subshell, instruction="Count."))
    assert was_heard(kernel, cell) == kernel.has_subshells
    assert kernel.run("engine.step(3)\nwidget.wait(30)\nprint(widget.history[-1].context)") == "New.\n"


def test_a_click_puts_nothing_into_the_running_cell(kernel, widget):
    kernel.run("hear('status', 'generating')\nengine.step(3)")
    cell = wait_in_cell(kernel)
    kernel.type(widget["context"], "New.", subshell := kernel.new_subshell())
    kernel.finish(kernel.press(widget["composer"], "submit", subshell, instruction="Count."))
    kernel.finish(cell)
    assert kernel.printed(cell) == f"runs\n{kernel.has_subshells}\n"
    assert kernel.published(cell, "error", "display_data", "execute_result", "clear_output") == []


def test_a_bug_in_a_handler_is_told_and_not_in_the_running_cell(kernel, widget):
    kernel.run(
        "def fail(_):\n    heard.set()\n    raise RuntimeError('a bug')\n"
        "widget._screen.answer.regenerate.on_click(fail)"
    )
    kernel.run("heard.clear()")
    cell = wait_in_cell(kernel)
    kernel.finish(click := kernel.click(widget["regenerate"], kernel.new_subshell()))
    kernel.finish(cell)
    assert [error["evalue"] for error in kernel.published(click, "error")] == ["a bug"]
    assert kernel.published(cell, "error") == []


def test_a_widget_without_a_comm_is_left_alone():
    button = ipywidgets.Button()
    button.close()
    handle_during_cells([button])
    assert button.comm is None
