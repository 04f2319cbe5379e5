"""What a reader does while the kernel is busy with another cell, in a real JupyterLab."""

import re

import paced
import pytest
from acting import until_written
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MAKE = paced.SOURCE + "widget = DollyWidget(PacedEngine(pause_s=0.2), temperature=0)\nwidget"
# Runs until the test writes the file FILE.
BUSY = """
import os, time
print("busy", flush=True)
while not os.path.exists(FILE):
    time.sleep(0.01)
print("done")
"""
# Reads the prompt until the test writes the file FILE: no stop is seen before the first token.
MAKE_SLOW_TO_READ = """
import os, time
from dolly_widget import DollyWidget, load_engine

class SlowToRead:
    def __init__(self):
        self._engine = load_engine("demo", device="CPU")
        self.model, self.device, self.template = self._engine.model, "CPU", self._engine.template

    def generate(self, prompt, params, **how):
        while not os.path.exists(FILE):
            time.sleep(0.01)
        return self._engine.generate(prompt, params, **how)

    def close(self):
        self._engine.close()

widget = DollyWidget(SlowToRead())
widget
"""
LONG = "Give five ideas for great weekend with family"


@pytest.fixture
def file(tmp_path):
    """What a cell, or an engine, waits for; the tests share a kernel, which must not stay busy."""
    file = tmp_path / "let_go"
    yield file
    file.touch()


def ask(page):
    page.get_by_role("button", name=LONG).click()
    page.get_by_role("button", name="Submit").click()


def naming(file, source):
    return source.replace("FILE", repr(str(file)))


def open_with_a_busy_cell(lab, page, file, *others):
    notebook = lab.open(page, [MAKE, naming(file, BUSY), *others])
    notebook.run(0)
    page.locator(".dw-widget").first.wait_for(timeout=60_000)
    return notebook


def be_busy(notebook):
    notebook.run(1)
    expect_printed(notebook, "busy")


def expect_printed(notebook, *words):
    """And nothing else."""
    output = notebook.cell(1).locator(".jp-OutputArea-output")
    expect(output).to_have_text(re.compile(r"^\s*" + r"\s+".join(words) + r"\s*$"))


def test_stop_ends_the_answer_while_another_cell_runs(lab, page, file):
    notebook = open_with_a_busy_cell(lab, page, file)
    ask(page)
    shown = until_written(page)
    be_busy(notebook)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".dw-stats")).to_contain_text("· stopped ·")
    expect_printed(notebook, "busy")
    assert page.locator(".dw-response").first.inner_text().startswith(shown.split(":")[0])
    file.touch()
    expect_printed(notebook, "busy", "done")
    assert notebook.errors() == []


def test_an_instruction_is_typed_and_answered_while_another_cell_runs(lab, page, file):
    notebook = open_with_a_busy_cell(lab, page, file, "print(widget.history[-1].instruction)")
    be_busy(notebook)
    page.get_by_placeholder("alpaca").fill("What is the capital of France?")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(".dw-stats")).to_contain_text("ended by itself", timeout=30_000)
    assert "Paris" in page.locator(".dw-response").first.inner_text()
    expect_printed(notebook, "busy")
    file.touch()
    expect_printed(notebook, "busy", "done")
    notebook.run(2)
    assert notebook.output(2).strip() == "What is the capital of France?"


def test_stop_says_stopping_while_the_prompt_is_being_read(lab, page, file):
    notebook = lab.open(page, [naming(file, MAKE_SLOW_TO_READ)])
    notebook.run(0)
    page.locator(".dw-widget").first.wait_for(timeout=60_000)
    ask(page)
    expect(page.locator(".dw-stats")).to_contain_text("Writing…")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".dw-stats")).to_have_text("Stopping…")
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    file.touch()
    expect(page.locator(".dw-stats")).to_contain_text("stopped")
    expect(page.get_by_role("button", name="Submit")).to_be_enabled()
    assert notebook.errors() == []
