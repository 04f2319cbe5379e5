"""Keys pressed in a widget stay the widget's: JupyterLab neither runs nor selects nor changes a cell."""

import re

import pytest
from acting import expect_statistics, instruction, submit
from playwright.sync_api import expect
from states import LONG

pytestmark = pytest.mark.browser

MAKE = "from dolly_widget import DollyWidget\nwidget = DollyWidget(seed=3)\nwidget"
KEYS = ("Enter", "Space", "ArrowDown", "ArrowUp", "b", "d", "d", "Escape", "Shift+Enter", "Control+Enter")


@pytest.fixture
def notebook(lab, page):
    notebook = lab.open(page, [MAKE, "1"])
    notebook.run(0)
    page.locator(".dw-settings").wait_for(timeout=60_000)
    page.locator('.noUi-handle[aria-label="Top-p"]').wait_for()
    expect(notebook.cell(0).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
    return notebook


def state(page):
    """How many cells there are, which is selected, and the execution counts."""
    cells = page.locator(".jp-Notebook .jp-Cell")
    classes = cells.evaluate_all("cells => cells.map(cell => cell.classList.contains('jp-mod-selected'))")
    return len(classes), classes, page.locator(".jp-Notebook .jp-InputPrompt").all_inner_texts()


CONTROLS = (
    ".dw-preset >> nth=0",
    ".dw-reset",
    '.noUi-handle[aria-label="Top-p"]',
    ".dw-settings select >> nth=0",
    ".dw-settings input[type=checkbox] >> nth=0",
    ".dw-main textarea >> nth=0",
    ".dw-fold-button >> nth=0",
    ".widget-toggle-button >> nth=0",
)


def test_keys_in_a_control_leave_the_notebook_alone(notebook, page):
    before = state(page)
    for selector in CONTROLS:
        for key in KEYS:
            page.locator(f".dw-widget {selector}").focus()
            page.keyboard.press(key)
        assert state(page) == before, selector


def test_enter_presses_a_preset_and_marks_it(notebook, page):
    precise = page.get_by_role("button", name="Precise")
    precise.focus()
    page.keyboard.press("Enter")
    expect(precise).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Balanced")).to_have_attribute("aria-pressed", "false")


def test_arrows_move_a_slider_that_says_its_name_value_and_purpose(notebook, page):
    handle = page.get_by_role("slider", name="Top-p")
    expect(handle).to_have_attribute("aria-valuetext", "0.92")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    expect(handle).to_have_attribute("aria-valuetext", "0.91")
    expect(handle).to_have_accessible_description("Only the likeliest tokens, up to this share in all; 1 is off.")


def test_control_s_still_saves(notebook, page):
    tab = page.locator(".lm-DockPanel .lm-TabBar-tab.lm-mod-current")
    expect(tab).to_have_class(re.compile("jp-mod-dirty"))
    page.get_by_role("button", name="Precise").focus()
    page.keyboard.press("b")
    page.keyboard.press("Control+s")
    expect(tab).not_to_have_class(re.compile("jp-mod-dirty"))


@pytest.mark.parametrize("name", ["Regenerate", "Dismiss"])
def test_a_control_that_is_disabled_or_hidden_by_its_press_leaves_no_key_to_the_notebook(notebook, page, name):
    instruction(page).fill(LONG)
    submit(page)
    expect_statistics(page)
    if name == "Dismiss":
        instruction(page).fill("")
        submit(page)  # nothing: a hint
    before = state(page)
    button = page.get_by_role("button", name=name)
    button.focus()
    page.keyboard.press("Enter")
    if name == "Dismiss":
        expect(button).to_be_hidden()
    else:
        expect(page.locator(".dw-pager")).to_contain_text("Answer 2 of 2")
    for key in KEYS:
        page.keyboard.press(key)
    assert state(page) == before
    assert page.evaluate("() => !!document.activeElement.closest('.dw-widget')")
    if name == "Regenerate":
        expect(button).to_be_focused()
