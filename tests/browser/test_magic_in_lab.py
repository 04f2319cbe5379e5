"""``%%dolly`` in a real JupyterLab and a real Chromium: it streams, ends as Markdown, stops, and runs no script."""

import re

import paced
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LONG = "Give five ideas for great weekend with family"
LOAD = "%load_ext dolly_widget"
# The model is loaded, and then as slow as a large one.
LOAD_PACED = (
    paced.SOURCE
    + """
import dolly_widget.engines.sharing as sharing
sharing._load = lambda setup, prepared: PacedEngine(pause_s=0.1)
%load_ext dolly_widget
"""
)
HOSTILE = "</div><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> *rest*"
LOAD_HOSTILE = f"""
import sys
from dolly_widget.engines import GenerationResult, load_engine, sharing
class Hostile:
    def __init__(self, engine):
        self.setup, self.model, self.device, self.template = engine.setup, engine.model, engine.device, engine.template
    def generate(self, prompt, params, *, on_text, stop):
        on_text({HOSTILE!r})
        stop.wait(0.3)
        return GenerationResult({HOSTILE!r}, (1,), 5, "stop", 1, 0.1, 0.1)
    def close(self):
        pass
sharing._load = lambda setup, prepared: Hostile(load_engine())
%load_ext dolly_widget
"""


@pytest.fixture
def notebook(lab, page, request):
    def open_notebook(*cells):
        opened = lab.open(page, cells, f"{request.node.name}.ipynb")
        opened.run(0)
        expect(opened.cell(0).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)
        return opened

    return open_notebook


def errors(page):
    """JupyterLab 4.6 shows the traceback of an error as it shows stderr."""
    return page.locator('[data-mime-type="application/vnd.jupyter.stderr"]')


def output(opened, index):
    return opened.cell(index).locator(".jp-OutputArea")


def test_an_answer_streams_and_ends_as_rendered_markdown(notebook, page):
    opened = notebook(
        LOAD_PACED.replace("0.1", "0.05"), f"%%dolly --temperature 0 -o answer\n{LONG}", "print(answer.new_tokens)"
    )
    opened.run(1)
    growing = output(opened, 1).locator(".dolly-answer")
    expect(growing.last).to_contain_text("1. ", timeout=60_000)  # what has ended stands above it
    expect(growing.locator("li")).to_have_count(0)
    expect(output(opened, 1)).to_contain_text("Writing…")
    expect(growing.locator("ol > li")).to_have_count(5, timeout=120_000)
    caption = output(opened, 1).locator(".dolly-caption")
    expect(caption).to_have_count(1)
    opened.run(2)
    tokens = opened.output(2).strip()
    expect(caption).to_have_text(f"demo (a small demonstration model) · {tokens} tokens · ended by itself · greedy")
    expect(errors(page)).to_have_count(0)


def test_the_interrupt_button_keeps_the_text_and_run_all_ends_there(notebook, page):
    opened = notebook(LOAD_PACED, f"%%dolly --temperature 0\n{LONG}", "print('went on')")
    opened.cell(1).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    answer = output(opened, 1).locator(".dolly-answer")
    expect(answer.last).to_contain_text("1. ", timeout=60_000)
    shown = answer.first.inner_text()
    page.get_by_role("button", name="Interrupt the kernel").click()
    expect(output(opened, 1)).to_contain_text("· stopped ·", timeout=30_000)
    expect(errors(page)).to_have_text("Stopped; the text so far is kept.")
    assert (
        answer.first.inner_text().replace("\n", "")[:10]
        == shown.replace("1. ", "").replace("*", "").replace("\n", "")[:10]
    )
    expect(opened.cell(2).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    assert "went on" not in opened.cell(2).inner_text().replace("print('went on')", "")


def test_an_output_widget_shows_the_answer(notebook, page):
    opened = notebook(
        LOAD,
        "import ipywidgets\nout = ipywidgets.Output()\ndisplay(out)\nwith out:\n"
        "    %dolly --temperature 0 What is the capital of France?",
    )
    opened.run(1)
    expect(output(opened, 1).locator(".dolly-answer")).to_contain_text("Paris", timeout=60_000)
    expect(output(opened, 1).first).to_contain_text("· ended by itself · greedy")
    expect(errors(page)).to_have_count(0)


def test_what_a_model_writes_is_text_and_runs_nothing(notebook, page):
    opened = notebook(LOAD_HOSTILE, "%dolly Hi")
    opened.run(1)
    expect(output(opened, 1)).to_contain_text("· ended by itself ·", timeout=60_000)
    expect(output(opened, 1).locator(".dolly-answer")).to_contain_text("<script>window.hacked = 1</script>")
    expect(output(opened, 1).locator("em")).to_have_text("rest")
    assert page.evaluate("window.hacked") is None
    expect(errors(page)).to_have_count(0)


def test_a_mistake_is_one_line_below_the_cell(notebook):
    opened = notebook(LOAD, "%dolly --topp 1 Who is Dolly?")
    opened.run(1)
    expect(output(opened, 1)).to_have_text(
        "There is no option --topp (similar: --top-p): see %dolly?, or write -- before an instruction that begins with "
        "a dash."
    )
