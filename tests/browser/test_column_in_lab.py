"""The column section in a real notebook: with the keyboard alone, stopped, gone on with, and after the kernel."""

import labelling
import pytest
from acting import model_line
from front_ends import everywhere, in_jupyterlab
from labelling import figures, fill_form, open_column, rows, run_all
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, in_jupyterlab]

WAIT_MS = 30_000


@pytest.fixture
def notebook(front_end, page, request):
    opened = []

    def open_notebook(*cells):
        opened.append(front_end.open(page, cells, f"{request.node.originalname}.ipynb"))
        opened[-1].run(0)
        expect(model_line(page)).to_contain_text("parameters", timeout=60_000)
        return opened[-1]

    yield open_notebook
    for each in opened:
        assert each.errors() == []
        each.close()


@everywhere
def test_a_column_is_tried_run_and_looked_at(notebook, page):
    notebook(labelling.MAKE_FINITE)
    open_column(page)
    fill_form(page)
    page.get_by_role("button", name="Try on 3 rows").click()
    expect(figures(page)).to_contain_text("3 of 3 rows", timeout=WAIT_MS)
    expect(rows(page)).to_have_count(3)
    page.get_by_role("button", name="Run the other 28 rows").click()
    expect(page.get_by_role("button", name="Run all again")).to_be_focused(timeout=WAIT_MS)
    expect(rows(page)).to_have_count(20)
    expect(rows(page).first).to_contain_text("positive")
    page.get_by_label("Uncertain rows first").check()
    expect(rows(page).first).to_contain_text("No answer: 'text' is empty in this row.")
    expect(rows(page).nth(6)).to_contain_text("54 %")
    expect(page.locator(".dw-cells-said")).to_contain_text("31 of 31 rows")  # for a screen reader
    page.get_by_role("group", name="Pages of rows").get_by_role("button", name="Next").click()
    expect(page.locator(".dw-cells-where")).to_have_text("21–31 of 31")


def test_it_can_be_used_with_the_keyboard_alone(notebook, page):
    notebook(labelling.MAKE_FINITE)
    page.get_by_role("button", name="Column", exact=True).focus()
    page.keyboard.press("Enter")
    instruction = page.get_by_label("For each row")
    expect(instruction).to_be_visible(timeout=WAIT_MS)
    for _ in range(3):  # the table, Look again, the instruction
        page.keyboard.press("Tab")
    expect(instruction).to_be_focused()
    page.keyboard.type("Positive?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first field
    expect(instruction).to_be_focused()
    expect(instruction).to_have_value("Positive?\n{text}")
    page.get_by_role("button", name="Run all 31 rows").focus()
    page.keyboard.press("Enter")
    expect(figures(page)).to_contain_text("31 of 31 rows", timeout=WAIT_MS)
    expect(page.get_by_role("button", name="Run all again")).to_be_focused()


def test_after_a_mistake_the_button_that_was_pressed_has_the_focus(notebook, page):
    notebook(labelling.MAKE_FINITE)
    open_column(page)
    page.get_by_label("For each row").fill("{txt}")
    attempt = page.get_by_role("button", name="Try on 3 rows")
    attempt.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".dw-cells-said")).to_contain_text("There is no column 'txt'", timeout=WAIT_MS)
    expect(attempt).to_be_focused()


def test_what_was_just_typed_is_what_is_asked(notebook, page):
    notebook(labelling.MAKE_FINITE)
    open_column(page)
    page.evaluate("""() => {
      const find = (each) => document.querySelector(`.dw-cells ${each}`);
      const [instruction, into] = [find("textarea"), find(".dw-cells-into input")];
      for (const [field, text] of [[instruction, "{text}"], [into, "n"], [into, "ne"], [into, "new"]]) {
        field.value = text;
        field.dispatchEvent(new Event("input"));
      }
      [...document.querySelectorAll(".dw-cells-button")].find((each) => each.textContent.startsWith("Run all")).click();
    }""")
    expect(figures(page)).to_contain_text("31 of 31 rows", timeout=WAIT_MS)
    expect(page.locator(".dw-cells th").nth(2)).to_have_text("new")


def test_stop_keeps_what_is_done_and_cells_are_shown_as_text(notebook, page):
    shown = notebook(labelling.MAKE, "print(widget.table['label'].notna().sum(), len(widget.table))")
    open_column(page)
    fill_form(page)
    run_all(page)
    expect(figures(page)).to_contain_text("30 of 31 rows", timeout=WAIT_MS)
    expect(rows(page).nth(2)).to_contain_text("<b>so</b>")
    expect(page.locator(".dw-cells b")).to_have_count(0)
    page.locator(".dw-cells").get_by_role("button", name="Stop", exact=True).focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Run the other row")).to_be_focused(timeout=WAIT_MS)
    shown.run(1)
    expect(shown.cell(1)).to_contain_text("24 31", timeout=WAIT_MS)


def test_a_table_that_is_made_later_is_found(notebook, page):
    made = notebook("reviews = None\nfrom dolly_widget import DollyWidget\nDollyWidget()", labelling.SOURCE)
    open_column(page)
    expect(page.get_by_role("status").filter(has_text="There is no DataFrame")).to_be_visible(timeout=WAIT_MS)
    made.run(1)
    expect(made.cell(1).locator(".jp-InputPrompt")).to_contain_text("2", timeout=WAIT_MS)
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_label("Table", exact=True)).to_have_value("reviews", timeout=WAIT_MS)
    expect(page.get_by_role("button", name="Run all 31 rows")).to_be_enabled()


@pytest.mark.other_errors("WebSocket connection to")
def test_without_a_kernel_the_rows_stay_and_nothing_can_be_pressed(notebook, page):
    notebook(labelling.MAKE_FINITE)
    open_column(page)
    fill_form(page)
    run_all(page)
    expect(figures(page)).to_contain_text("31 of 31 rows", timeout=WAIT_MS)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(page.locator(".dw-kernel-notice")).to_contain_text("run the cell again", timeout=WAIT_MS)
    expect(rows(page)).to_have_count(20)
    inert = page.locator(".dw-cells :is(button, input, select)")
    assert inert.evaluate_all("all => all.every((each) => each.inert)")
