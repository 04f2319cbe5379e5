"""Keys, and the one button: what they do, and that the notebook around the widget does not notice them."""

import re

import paced
import pytest
from acting import action_button, instruction, until_written
from front_ends import everywhere
from lab import SHARED
from playwright.sync_api import expect
from states import BLOCKED, LONG, MAKE, ask, is_answered, is_loaded, writes

pytestmark = [pytest.mark.browser, pytest.mark.front_ends("jupyterlab")]

PACED = paced.SOURCE + "widget = DollyWidget(PacedEngine(pause_s=0.2), seed=3)\nwidget"
LAST = "print(widget.history[-1].result.finish_reason, len(widget.history))"


@pytest.fixture
def notebook(front_end, page):
    opened = []

    def open_notebook(*cells):
        # What never ends would hold up the kernel that the tests share.
        name = "blocked.ipynb" if BLOCKED in cells else SHARED
        opened.append(front_end.open(page, cells, name))
        opened[-1].run(0)
        instruction(page).wait_for(timeout=60_000)
        return opened[-1]

    yield open_notebook
    for each in opened:
        assert each.errors() == []
        each.close()


def counts(page):
    """How often each cell was run."""
    return page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").all_inner_texts()


@everywhere
def test_enter_submits_and_shift_enter_makes_a_new_line(notebook, page):
    notebook(MAKE.format(arguments="seed=3"))
    is_loaded(page)
    before = counts(page)
    instruction(page).click()
    page.keyboard.type("Who is")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Dolly?")
    expect(instruction(page)).to_have_value("Who is\nDolly?")
    page.keyboard.press("Enter")
    is_answered(page)
    expect(instruction(page)).to_be_focused()
    expect(instruction(page)).to_have_value("Who is\nDolly?")
    assert counts(page) == before


def test_undo_in_the_box_undoes_what_was_typed_there_and_not_the_cell(notebook, page):
    opened = notebook(MAKE.format(arguments="seed=3"))
    is_loaded(page)
    opened.cell(0).locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("  # mine")
    instruction(page).click()
    page.keyboard.type("abc")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("def")
    while instruction(page).input_value() != "":
        page.keyboard.press("Control+z")
    page.get_by_role("region", name="Response").focus()
    page.keyboard.press("Control+z")
    expect(opened.cell(0).locator(".cm-content")).to_contain_text("# mine")


def test_what_is_typed_right_after_enter_stays(notebook, page):
    notebook(PACED)
    instruction(page).fill("Who is Dolly?")
    page.keyboard.press("Enter")
    page.keyboard.type(" and then what happened to her?")
    until_written(page)
    expect(instruction(page)).to_have_value("Who is Dolly? and then what happened to her?")
    page.keyboard.press("Escape")
    is_answered(page, "· stopped ·")


def test_escape_stops_from_anywhere_in_the_widget(notebook, page):
    opened = notebook(PACED, LAST)
    writes(page)
    page.get_by_label("Seed").focus()
    page.keyboard.press("Escape")
    is_answered(page, "· stopped ·")
    opened.run(1)
    assert opened.output(1).split() == ["cancelled", "1"]


def test_the_arrow_up_in_the_empty_box_brings_the_last_instruction_back(notebook, page):
    notebook(MAKE.format(arguments="seed=3"))
    is_loaded(page)
    ask(page, "Who is Dolly?")
    is_answered(page)
    instruction(page).fill("")
    instruction(page).press("ArrowUp")
    expect(instruction(page)).to_have_value("Who is Dolly?")
    instruction(page).press("ArrowUp")  # a caret that moves, and nothing else
    expect(instruction(page)).to_be_focused()


def test_an_example_fills_the_box_and_takes_the_focus(notebook, page):
    notebook(MAKE.format(arguments="seed=3"))
    is_loaded(page)
    page.get_by_role("button", name=LONG).click()
    expect(instruction(page)).to_have_value(LONG)
    expect(instruction(page)).to_be_focused()
    page.keyboard.press("Enter")
    is_answered(page)


@everywhere
def test_submit_becomes_stop_and_a_double_click_is_one_click(notebook, page):
    notebook(PACED)
    instruction(page).fill(LONG)
    expect(action_button(page)).to_have_text("Submit")
    action_button(page).dblclick()
    until_written(page)
    expect(action_button(page)).to_have_text("Stop")
    action_button(page).click()
    is_answered(page, "· stopped ·")
    expect(action_button(page)).to_have_text("Submit")


def test_enter_held_down_submits_once_and_stops_nothing(notebook, page):
    opened = notebook(PACED, LAST)
    instruction(page).fill(LONG)
    for _ in range(5):  # without an "up" in between, the browser takes them for a key that is held
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    until_written(page)
    expect(action_button(page)).to_have_text("Stop")
    page.keyboard.press("Escape")
    is_answered(page, "· stopped ·")
    opened.run(1)
    assert opened.output(1).split() == ["cancelled", "1"]


def test_what_takes_long_to_stop_says_that_it_is_stopping(notebook, page):
    notebook(BLOCKED)
    ask(page)
    expect(action_button(page)).to_have_text("Stop")
    action_button(page).click()
    expect(action_button(page)).to_have_text("Stopping…")
    expect(page.locator(".dw-stats")).to_contain_text("Stopping…")


def test_regenerate_gives_another_answer_and_the_one_before_can_be_leafed_back_to(notebook, page):
    notebook(MAKE.format(arguments="temperature=2"))
    is_loaded(page)
    expect(page.get_by_role("button", name="Regenerate")).to_be_disabled()
    ask(page)
    is_answered(page)
    first = page.locator(".dw-stats").inner_text()
    page.get_by_role("button", name="Regenerate").click()
    expect(page.get_by_text("Answer 2 of 2")).to_be_visible(timeout=60_000)
    expect(page.locator(".dw-stats")).not_to_have_text(first)
    page.get_by_role("button", name="Older", exact=True).click()
    expect(page.locator(".dw-stats")).to_have_text(first)
    instruction(page).fill("Who is Dolly?")
    page.get_by_role("button", name="Newer", exact=True).click()
    expect(page.get_by_text("Answer 2 of 2")).to_be_visible()
    expect(page.get_by_role("region", name="Conversation")).to_contain_text(LONG)  # whose answer it is


def test_an_error_can_be_dismissed(notebook, page):
    notebook(MAKE.format(arguments=""))
    is_loaded(page)
    action_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("Write an instruction first")
    page.locator(".dw-notice").get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_prompt_is_counted_while_it_is_typed(notebook, page):
    notebook(MAKE.format(arguments=""))
    is_loaded(page)
    line = page.get_by_role("button", name=re.compile("^Prompt"))
    expect(line).to_have_text(re.compile(r"^Prompt · \d+ .* 2,048"))
    before = line.inner_text()
    instruction(page).press_sequentially("Who is Dolly?")
    expect(line).not_to_have_text(before)
