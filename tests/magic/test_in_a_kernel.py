"""``%dolly`` in a real kernel: what it publishes, an interrupt, and a mistake."""

import pytest
from kernels import LIMIT_S, running_kernel

SETUP = """
from scripted_engine import ScriptedEngine
from dolly_widget.engines import sharing
def says(*pieces):
    get_ipython().run_line_magic("reload_ext", "dolly_widget")  # gives back the engine of the test before
    sharing._load = lambda setup, prepared: engine
    engine = ScriptedEngine(list(pieces), stepwise=True)
    return engine
%load_ext dolly_widget
"""


@pytest.fixture(scope="module")
def kernel():
    with running_kernel() as kernel:
        kernel.run(SETUP)
        yield kernel


def shown(kernel, cell):
    """All that a cell has displayed so far."""
    return kernel.messages(cell, "display_data", "update_display_data")


def page(message):
    return message["content"]["data"]["text/html"]


def tracebacks(kernel, cell):
    return [error["traceback"] for error in kernel.published(cell, "error")]


def test_an_answer_streams_into_the_cell_that_asked(kernel):
    kernel.run("engine = says('one ', 'two'); engine.step(2)")
    cell = kernel.start("%dolly --seed 3 Hi")
    kernel.finish(cell)
    all_shown = shown(kernel, cell)
    kinds = [message["msg_type"] for message in all_shown]
    assert kinds == ["display_data", *["update_display_data"] * (len(kinds) - 1)]
    assert len({message["content"]["transient"]["display_id"] for message in all_shown}) == 1
    assert "<p>one two</p>" in page(all_shown[-1])
    assert "2 tokens · ended by itself · seed 3" in page(all_shown[-1])


def test_interrupting_the_kernel_keeps_the_text_and_ends_run_all(kernel):
    kernel.run("engine = says('so far', 'never'); engine.step()")
    asked, after = kernel.start("%dolly -o answer Hi"), kernel.start("went_on = True")
    while not any("Writing…" in page(message) and "so far" in page(message) for message in shown(kernel, asked)):
        kernel.seen.append(kernel.client.get_iopub_msg(timeout=LIMIT_S))
    kernel.manager.interrupt_kernel()
    kernel.finish(asked)
    assert kernel.reply(asked)["status"] == "error"
    assert kernel.reply(after)["status"] == "aborted"
    assert tracebacks(kernel, asked) == [["Stopped; the text so far is kept."]]
    final = kernel.messages(asked, "update_display_data")[-1]
    assert "so far" in page(final)
    assert "· 1 token · stopped ·" in page(final)
    assert kernel.run("print(answer.text, 'went_on' in globals())") == "so far False\n"


def test_a_mistake_has_the_status_error_and_no_traceback(kernel):
    asked = kernel.start("%dolly --seed x Hi")
    kernel.finish(asked)
    assert kernel.reply(asked)["status"] == "error"
    assert tracebacks(kernel, asked) == [["--seed must be a number, not 'x'."]]
