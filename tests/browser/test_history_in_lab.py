"""The history in a real JupyterLab and a real Chromium: search it, walk through it, take it away as a file."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dolly_widget import History

pytestmark = pytest.mark.browser

FAKES = Path(__file__).parents[1] / "fakes"
MAKE = """
import sys
sys.path.insert(0, {tests!r})
from exchanges import HOSTILE, SCRIPT, answered, many
import ipywidgets
from dolly_widget.widget.page.layout import style_sheet
from dolly_widget.widget.history.panel import HistoryPanel

def show(exchange):
    chosen.append(exchange.instruction)
    panel.show(exchange)

chosen = []
history = {history}
panel = HistoryPanel(history, show)
panel.is_open = True
ipywidgets.VBox([style_sheet(), panel])
"""
ADD = "history.append(answered('A new one', 'Newest')); panel.refresh(); panel.show(history[-1])"


@pytest.fixture
def notebook(lab, page):
    opened = []

    def open_notebook(history, *cells):
        opened.append(lab.open(page, [MAKE.format(tests=str(FAKES), history=history), *cells]))
        opened[-1].run(0)
        page.locator(".dw-history").wait_for(timeout=60_000)
        return opened[-1]

    yield open_notebook
    for each in opened:
        assert each.errors() == []


def rows(page):
    return page.locator(".dw-history-row")


def search(page):
    return page.get_by_role("searchbox", name="Search the history")


def test_the_newest_answers_are_listed_and_older_ones_on_demand(notebook, page):
    opened = notebook("many(120)", ADD)
    expect(page.get_by_role("button", name="History · 120")).to_be_visible()
    expect(rows(page)).to_have_count(50)
    expect(rows(page).first).to_contain_text("Question 120: what is it?")
    expect(rows(page).first).to_contain_text("demo · 3 tokens · ended by itself · seed 7")
    page.get_by_role("button", name="Show 50 more").click()
    expect(rows(page)).to_have_count(100)
    expect(rows(page).nth(99)).to_contain_text("Question 21:")
    page.get_by_role("button", name="Show 20 more").click()
    expect(rows(page)).to_have_count(120)
    expect(page.locator(".dw-history-more")).to_be_hidden()
    # A new answer comes on top, and those that were asked for stay.
    opened.run(1)
    expect(rows(page)).to_have_count(121)
    expect(rows(page).first).to_contain_text("A new one")
    expect(rows(page).first).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("button", name="History · 121")).to_be_visible()


def test_search_narrows_the_list_and_says_what_it_found(notebook, page):
    notebook("many(120)")
    search(page).fill("question 119")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="1 of 120")).to_be_visible()
    search(page).fill("zebra <b>")
    expect(page.get_by_text("No answer matches “zebra <b>”.")).to_be_visible()
    expect(rows(page)).to_have_count(0)
    expect(page.get_by_role("button", name="JSON")).to_be_disabled()
    search(page).fill("")
    expect(rows(page)).to_have_count(50)


def test_an_empty_history_says_so(notebook, page):
    notebook("[]")
    expect(page.get_by_text("No answers yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Markdown")).to_be_disabled()


def test_a_click_shows_that_answer(notebook, page):
    opened = notebook("many(3)", "print(chosen)")
    rows(page).nth(1).click()
    expect(rows(page).nth(1)).to_have_attribute("aria-current", "true")
    expect(page.locator(".dw-history-row[aria-current]")).to_have_count(1)
    opened.run(1)
    assert opened.output(1).strip() == "['Question 2: what is it?']"


def test_what_is_found_is_downloaded_as_a_file(notebook, page):
    notebook("many(12)")
    search(page).fill("question 7")
    expect(rows(page)).to_have_count(1)
    with page.expect_download() as caught:
        page.get_by_role("button", name="JSON").click()
    assert caught.value.suggested_filename == "dolly-history.json"
    (exchange,) = History.from_json(Path(caught.value.path()))
    assert exchange.instruction == "Question 7: what is it?"
    search(page).fill("")
    expect(rows(page)).to_have_count(12)
    with page.expect_download() as caught:
        page.get_by_role("button", name="Markdown").click()
    assert caught.value.suggested_filename == "dolly-history.md"
    text = Path(caught.value.path()).read_text(encoding="utf-8")
    assert re.findall(r"Question (\d+):", text) == [str(n) for n in range(1, 13)]
    expect(page.get_by_text("Preparing the file…")).to_have_count(0)


def test_two_views_of_a_list_download_one_file(notebook, page):
    opened = notebook("many(3)", "panel")
    opened.run(1)
    expect(page.locator(".dw-history")).to_have_count(2)
    files = []
    page.on("download", lambda download: files.append(download.suggested_filename))
    with page.expect_download():
        page.get_by_role("button", name="JSON").first.click()
    with page.expect_download():
        page.get_by_role("button", name="Markdown").last.click()
    assert files == ["dolly-history.json", "dolly-history.md"]


def test_everything_can_be_done_with_the_keyboard(notebook, page):
    opened = notebook("many(60)", "print(chosen)")
    search(page).focus()
    page.keyboard.press("ArrowDown")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(rows(page).nth(1)).to_have_attribute("aria-current", "true")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(rows(page).nth(49)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show 10 more")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows(page).nth(50)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    expect(search(page)).to_be_focused()
    page.keyboard.type("question 60")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="JSON")).to_be_focused()
    with page.expect_download():
        page.keyboard.press("Space")
    opened.run(1)
    assert opened.output(1).strip() == "['Question 59: what is it?']"


def test_what_was_typed_and_written_is_never_markup(notebook, page):
    notebook("[answered(SCRIPT, SCRIPT, SCRIPT), answered(HOSTILE, HOSTILE)]")
    expect(rows(page).nth(1)).to_contain_text("<script>window.hacked = 1</script><img")
    with page.expect_download():
        page.get_by_role("button", name="Markdown").click()
    expect(page.locator(".dw-history script, .dw-history img")).to_have_count(0)
    assert page.evaluate("window.hacked") is None


def test_while_an_answer_is_written_no_other_is_shown(notebook, page):
    opened = notebook("many(3)", "panel.rest(True)", "print(chosen)")
    opened.run(1)
    expect(rows(page).first).to_have_attribute("aria-disabled", "true")
    rows(page).first.click(force=True)
    opened.run(2)
    assert opened.output(2).strip() == "[]"
