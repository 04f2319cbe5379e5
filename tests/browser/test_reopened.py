"""A saved notebook that is opened again where its kernel is not: the last answer is there."""

import time

import nbformat
import pytest
from acting import answer, choose_example, expect_statistics, instruction, model_line, statistics, submit
from front_ends import runs_cells_later
from nbformat.sign import NotebookNotary
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, runs_cells_later]

MAKE = "from dolly_widget import DollyWidget\nwidget = DollyWidget(temperature=0)\nwidget"
STATE = "application/vnd.jupyter.widget-state+json"
LONG = "Give five ideas for great weekend with family"


def save(page):
    with page.expect_response(lambda response: response.request.method == "PUT" and "/contents/" in response.url):
        page.keyboard.press("Control+s")


def save_widget_state_automatically(page):
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    item = page.get_by_role("menuitem", name="Save Widget State Automatically")
    if "lm-mod-toggled" not in item.get_attribute("class"):
        item.click()
    else:
        page.keyboard.press("Escape")


def save_with_widgets(page, path):
    """The setting takes effect a moment after it was made, and nothing in the page says when."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        if "widgets" in nbformat.read(path, as_version=4).metadata:
            return
        page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    raise AssertionError("no widget state was saved")


def reopen(front_end, page, name, change=lambda notebook: None, is_trusted=True):
    """Open a copy of a notebook whose kernel is nowhere."""
    notebook = nbformat.read(front_end.folder / name, as_version=4)
    notebook.metadata.kernelspec = {"name": "nowhere", "display_name": "Nowhere", "language": "python"}
    change(notebook)
    if is_trusted:
        NotebookNotary(data_dir=str(front_end.folder / ".jupyter-state/data")).sign(notebook)
    nbformat.write(notebook, front_end.folder / f"reopened-{name}")
    return front_end.show_file(page, f"reopened-{name}")


def test_the_widget_is_shown_as_it_was_saved(front_end, page):
    notebook = front_end.open(page, [MAKE], "saved.ipynb")
    notebook.run(0)
    choose_example(page, LONG)
    submit(page)
    expect_statistics(page)
    text, facts = answer(page).inner_text(), statistics(page).inner_text()
    save_widget_state_automatically(page)
    save_with_widgets(page, front_end.folder / "saved.ipynb")
    reopen(front_end, page, "saved.ipynb")
    expect(answer(page)).to_have_text(text, use_inner_text=True, timeout=30_000)
    expect(answer(page).locator("li")).to_have_count(5)
    expect(statistics(page)).to_have_text(facts)
    expect(model_line(page)).to_contain_text("parameters")
    expect(instruction(page)).to_have_value(LONG)
    expect(page.get_by_label("Greedy")).to_be_checked()
    page.locator(".dw-fold").get_by_text("Change model").click()
    expect(page.get_by_placeholder("A model id")).to_be_visible()  # what folds away needs no kernel
    assert page.locator(".jp-RenderedHTMLCommon").count() == 0


def test_one_that_is_not_trusted_shows_the_answer_as_html(front_end, page):
    notebook = front_end.open(page, [MAKE + ".ask('What is the capital of France?')\nwidget"], "asked.ipynb")
    notebook.run(0)
    expect(answer(page)).to_contain_text("Paris", timeout=60_000)
    save(page)
    again = reopen(front_end, page, "asked.ipynb", is_trusted=False)
    asked, response = again.output(0).split("\n\n")
    assert asked == "What is the capital of France?"
    assert "Paris" in response
