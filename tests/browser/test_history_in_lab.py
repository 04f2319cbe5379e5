"""The history in a real JupyterLab and a real Chromium: search it, walk through it, change it, take it with you."""

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
from datetime import datetime, timezone
from exchanges import HOSTILE, SCRIPT, answered, many
import ipywidgets
from dolly_widget.widget.page.layout import style_sheet
from dolly_widget.widget.history.panel import HistoryActions, HistoryPanel
from dolly_widget.widget.session.edits import Edits

def show(exchange):
    chosen.append(exchange.instruction)
    panel.show(exchange)

chosen = []
history = {history}
edits = Edits(history)
panel = HistoryPanel(
    history,
    HistoryActions(
        show=show,
        delete=lambda exchange: panel.refresh(edits.delete(exchange)),
        undo=lambda: panel.refresh(edits.undelete()),
        label=lambda exchange, text: panel.refresh(edits.label(exchange, text)),
    ),
)
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


def tool(page, name, at):
    return page.locator(".dw-history-item").nth(at).locator(".dw-history-tools button", has_text=name)


def undo(page):
    return page.get_by_role("button", name="Undo")


def numbers(page):
    return page.locator(".dw-history-number").all_text_contents()


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
    page.keyboard.press("ArrowRight")
    expect(tool(page, "Label", 49)).to_be_focused()
    page.keyboard.press("Tab")
    expect(tool(page, "Delete", 49)).to_be_focused()
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


def test_tab_leads_to_one_row_and_past_the_others(notebook, page):
    notebook("many(3)")
    rows(page).nth(1).focus()
    for name in ("Label", "Delete"):
        page.keyboard.press("Tab")
        expect(tool(page, name, 1)).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("() => !document.activeElement.closest('.dw-history-list')")
    search(page).focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(rows(page).nth(1)).to_be_focused()
    tool(page, "Delete", 1).click()
    expect(rows(page)).to_have_count(2)
    search(page).focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(rows(page).nth(1)).to_be_focused()


# Times


def test_each_reader_has_the_time_in_their_own_day(lab, chromium):
    times = ("2026, 3, 1, 22, 5", "2026, 3, 1, 14, 59", "2026, 2, 27, 3, 4", "2025, 12, 31, 1, 2")
    exchanges = ", ".join(f"answered(answered_at=datetime({each}, tzinfo=timezone.utc))" for each in times)
    page = chromium.new_page(timezone_id="Asia/Tokyo", locale="en-GB")  # nine hours ahead of UTC
    page.clock.set_fixed_time("2026-03-02T03:00:00Z")
    opened = lab.open(page, [MAKE.format(tests=str(FAKES), history=f"[answered(), {exchanges}][::-1]")])
    opened.run(0)
    facts = page.locator(".dw-history-facts")
    expect(facts).to_have_count(5)
    assert [text.split(" · ")[0] for text in facts.all_text_contents()] == [
        *("demo", "07:05", "yesterday 23:59", "27 Feb, 12:04", "31 Dec 2025"),
    ]
    time = page.locator(".dw-history-facts time").first
    assert time.get_attribute("datetime") == "2026-03-01T22:05:00+00:00"
    assert "Monday 2 March 2026 at 07:05:00" in time.get_attribute("title").replace(",", "")
    page.close()


# Deleting


def test_a_deleted_answer_is_gone_and_comes_back(notebook, page):
    notebook("many(3)")
    tool(page, "Delete", 1).click()
    expect(rows(page)).to_have_count(2)
    assert numbers(page) == ["2", "1"]
    expect(rows(page).first).to_contain_text("Question 3:")
    expect(page.get_by_role("button", name="History · 2")).to_be_visible()
    expect(page.locator(".dw-history-deleted")).to_have_text("Deleted “Question 2: what is it?”.Undo")
    expect(tool(page, "Delete", 1)).to_be_focused()
    undo(page).click()
    expect(rows(page)).to_have_count(3)
    assert numbers(page) == ["3", "2", "1"]
    expect(rows(page).nth(1)).to_contain_text("Question 2:")
    expect(rows(page).nth(1)).to_be_focused()
    expect(undo(page)).to_be_hidden()


def test_all_can_be_deleted_and_the_last_brought_back_with_the_keyboard_alone(notebook, page):
    opened = notebook("many(3)", "print(len(history))")
    search(page).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Delete “Question 2: what is it?”")).to_be_focused()
    for left in (2, 1):
        page.keyboard.press("Enter")
        expect(rows(page)).to_have_count(left)
        expect(tool(page, "Delete", left - 1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("No answers yet.")).to_be_visible()
    expect(undo(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_be_focused()
    opened.run(1)
    assert opened.output(1).strip() == "1"


def test_pages_stay_whole_when_an_answer_is_deleted_and_brought_back(notebook, page):
    notebook("many(120)")
    page.get_by_role("button", name="Show 50 more").click()
    expect(rows(page)).to_have_count(100)
    for at in (0, 70, 97):
        tool(page, "Delete", at).click()
        expect(page.get_by_role("button", name="History · 119")).to_be_visible()
        expect(rows(page)).to_have_count(99)
        assert numbers(page) == [str(number) for number in range(119, 20, -1)]
        undo(page).click()
        expect(rows(page)).to_have_count(100)
        assert numbers(page) == [str(number) for number in range(120, 20, -1)]
        expect(rows(page).nth(at)).to_contain_text(f"Question {120 - at}:")
    tool(page, "Delete", 99).click()
    expect(rows(page)).to_have_count(99)
    page.get_by_role("button", name="Show 20 more").click()
    expect(rows(page)).to_have_count(119)
    assert numbers(page) == [str(number) for number in range(119, 0, -1)]
    expect(rows(page).nth(99)).to_contain_text("Question 20:")


def test_two_pages_see_the_same_list(notebook, page):
    opened = notebook("many(60)", "panel")
    opened.run(1)
    first, second = (page.locator(".dw-history").nth(index) for index in (0, 1))
    expect(second.locator(".dw-history-row")).to_have_count(50)
    first.get_by_role("button", name="Show 10 more").click()
    expect(first.locator(".dw-history-row")).to_have_count(60)
    first.locator(".dw-history-tools button", has_text="Delete").nth(55).click()
    expect(first.locator(".dw-history-row")).to_have_count(59)
    expect(second.locator(".dw-history-number").first).to_have_text("59")
    second.get_by_role("button", name="Undo").click()
    for view in (first, second):
        expect(view.locator(".dw-history-number").first).to_have_text("60")
        expect(view.locator(".dw-history-deleted")).to_be_hidden()
    expect(first.locator(".dw-history-row").nth(55)).to_contain_text("Question 5:")
    expect(second.locator(".dw-history-row")).to_have_count(50)


def test_while_an_answer_is_written_nothing_is_changed(notebook, page):
    opened = notebook("many(3)", "panel.rest(True)", "print(len(history))")
    opened.run(1)
    expect(tool(page, "Delete", 0)).to_have_attribute("aria-disabled", "true")
    tool(page, "Delete", 0).click(force=True)
    tool(page, "Label", 0).click(force=True)
    opened.run(2)
    assert opened.output(2).strip() == "3"
    expect(page.get_by_role("textbox", name="Label")).to_have_count(0)


# Labels


def test_a_label_is_written_with_the_keyboard_alone(notebook, page):
    opened = notebook("many(3)", "print([each.label for each in history])")
    cells = page.locator(".jp-CodeCell").count()
    box = page.get_by_role("textbox", name="Label")
    search(page).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    page.keyboard.type("dd <b>best</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".dw-history-label")).to_have_text("dd <b>best</b>")
    expect(page.get_by_role("button", name="Label “dd <b>best</b>”")).to_be_focused()
    page.keyboard.press("Enter")
    expect(box).to_have_value("dd <b>best</b>")
    page.keyboard.type("x" * 200)
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(tool(page, "Label", 0)).to_be_focused()
    search(page).fill("BEST")
    expect(rows(page)).to_have_count(1)
    opened.run(1)
    assert opened.output(1).strip() == "['', '', 'dd <b>best</b>']"
    assert page.locator(".jp-CodeCell").count() == cells


def test_a_label_is_bounded_and_goes_when_it_is_emptied(notebook, page):
    notebook("many(2)")
    tool(page, "Label", 1).click()
    page.keyboard.insert_text("y" * 200)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".dw-history-label")).to_have_text("y" * 80)
    tool(page, "Label", 1).click()
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page.locator(".dw-history-label")).to_have_count(0)
    tool(page, "Label", 1).click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(tool(page, "Label", 1)).to_be_focused()


def test_a_new_answer_leaves_the_label_that_is_being_written(notebook, page):
    opened = notebook("many(2)", ADD)
    tool(page, "Label", 0).click()
    page.keyboard.type("half")
    opened.run(1)
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("textbox", name="Label")).to_have_value("half")


# In the whole widget

WIDGET = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from exchanges import many
from scripted_engine import ScriptedEngine
from dolly_widget import DollyWidget, History

path = Path("kept.json")
path.write_text(History(many(2)).to_json())
widget = DollyWidget(ScriptedEngine(["A new answer."]), history=path)
widget
"""
READ = "print([(each.instruction, each.label) for each in History.from_json(path)])"


def test_what_is_deleted_and_labelled_is_so_in_the_file_too(lab, page):
    opened = lab.open(page, [WIDGET.format(tests=str(FAKES)), READ])
    opened.run(0)
    page.get_by_role("button", name="History · 2").click(timeout=60_000)
    tool(page, "Label", 1).click()
    page.keyboard.type("first")
    page.keyboard.press("Enter")
    expect(page.locator(".dw-history-label")).to_have_text("first")
    tool(page, "Delete", 0).click()
    expect(rows(page)).to_have_count(1)
    expect(page.locator(".dw-turn-user")).to_contain_text("Question 2: what is it?")
    opened.run(1)
    assert opened.output(1).strip() == "[('Question 1: what is it?', 'first')]"
    undo(page).click()
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_have_attribute("aria-current", "true")
    opened.run(1)
    assert opened.output(1).strip() == "[('Question 1: what is it?', 'first'), ('Question 2: what is it?', '')]"
    assert opened.errors() == []


ASK = "widget.instruction = 'Go on.'; job = widget.submit()"
END = "engine.step(2); print(job.wait(30).finish_reason, widget.history[0].label)"


def test_escape_leaves_a_label_and_not_the_answer_that_is_being_written(lab, page):
    source = WIDGET.replace('ScriptedEngine(["A new answer."])', "engine").replace(
        "widget = ", "engine = ScriptedEngine(['A ', 'B'], stepwise=True)\nwidget = "
    )
    opened = lab.open(page, [source.format(tests=str(FAKES)), ASK, END])
    opened.run(0)
    page.get_by_role("button", name="History · 2").click(timeout=60_000)
    tool(page, "Label", 1).click()
    page.keyboard.type("half")
    opened.run(1)
    box = page.get_by_role("textbox", name="Label", exact=True)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    box.press("Enter")  # nothing is changed now
    box.press("Escape")
    expect(box).to_have_count(0)
    expect(tool(page, "Label", 1)).to_be_focused()
    opened.run(2)
    assert opened.output(2).strip() == "stop"
    assert opened.errors() == []
