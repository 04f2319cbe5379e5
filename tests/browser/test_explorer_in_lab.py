"""The sampling explorer in a real JupyterLab: see the bars, move a slider, draw, step, edit; with the keyboard too."""

import re

import pytest
from front_ends import everywhere, in_jupyterlab
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, in_jupyterlab]

MAKE = (
    "from dolly_widget import SamplingExplorer\n"
    "explorer = SamplingExplorer('demo', 'Name 3 advantages to be a cat', seed=3, temperature=1.4)\n"
    "explorer"
)
# A model whose padding token is a script, and the likeliest of all.
HOSTILE = """
import shutil, tempfile
from pathlib import Path
import numpy as np
from dolly_widget import SamplingExplorer, lens
from dolly_widget.models.demo import OPENVINO_DIR
model_dir = Path(shutil.copytree(OPENVINO_DIR, Path(tempfile.mkdtemp()) / "model"))
path = model_dir / "tokenizer.json"
hostile = "<img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>"
path.write_text(path.read_text().replace("<|padding|>", hostile))
def next_token(source, prompt, prefix_ids=(), *, stop=None):
    return np.eye(1, 4096, 1, dtype=np.float32)[0] * 20
lens.next_token = next_token
explorer = SamplingExplorer(model_dir, hostile, prefix_ids=[1], seed=1)
explorer
"""


@pytest.fixture
def notebook(front_end, page):
    opened = []

    def open_notebook(*cells, name="test.ipynb"):
        opened.append(front_end.open(page, cells, name))
        opened[-1].run(0)
        rows(page).first.wait_for(timeout=60_000)
        return opened[-1]

    yield open_notebook
    for each in opened:
        assert each.errors() == []
        each.close()


def rows(page):
    return page.locator(".dw-bars tbody tr")


def button(page, name):
    return page.get_by_role("button", name=name)


def token(page, index=0):
    return rows(page).nth(index).get_by_role("button")


def summary(page):
    return page.locator(".dw-bars caption")


def tokens(page):
    return page.locator(".dw-token")


def said(page):
    return page.locator(".dw-announcement")


def test_bars_show_the_distribution_and_the_border_of_what_is_kept(notebook, page):
    notebook(MAKE.replace("1.4", "0.8"))
    expect(rows(page)).to_have_count(20)
    expect(summary(page)).to_have_text(re.compile(r"\d+ of 4,096 tokens can be drawn · entropy \d\.\d\d bits"))
    kept, cut = page.locator(".dw-bars tbody tr:not(.dw-cut)"), page.locator(".dw-bars .dw-cut")
    assert kept.count() == int(summary(page).inner_text().split()[0])
    expect(page.locator(".dw-first-cut")).to_have_count(1)
    expect(cut.first).to_contain_text("✕ cut by top-p")
    shares = kept.evaluate_all("rows => rows.map(row => row.querySelectorAll('.dw-length')[0].offsetWidth)")
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 10
    expect(page.locator(".dw-others")).to_contain_text("… 4,076 others")


def test_it_is_a_table_for_screen_readers(notebook, page):
    notebook(MAKE)
    table = page.get_by_role("table", name=re.compile("tokens can be drawn"))
    headings = table.get_by_role("columnheader")
    assert headings.all_inner_texts() == ["#", "Token", "Model alone", "Before filters", "Cumulative", "Drawn with"]
    expect(table.locator("th[scope=col]")).to_have_count(6)
    expect(table.get_by_role("rowheader")).to_have_count(21)
    expect(table.locator("th[scope=row]")).to_have_count(21)
    assert table.get_by_role("row").nth(1).get_by_role("cell").count() == 5
    expect(page.locator(".dw-bars [role=status]")).to_have_count(1)


def test_a_slider_changes_the_picture(notebook, page):
    notebook(MAKE)
    before = summary(page).inner_text()
    slider = page.locator(".dw-settings .widget-slider", has_text="Top-p").locator(".noUi-handle")
    slider.focus()
    page.keyboard.press("Home")
    expect(summary(page)).to_contain_text("top-p 0.01")
    expect(summary(page)).to_contain_text("1 of 4,096")
    page.keyboard.press("End")
    expect(summary(page)).not_to_contain_text("top-p")  # it is off
    page.get_by_label("Greedy").check()
    expect(summary(page)).to_contain_text("greedy")
    expect(rows(page).nth(1)).to_contain_text("not the first")
    assert summary(page).inner_text() != before


def test_sample_step_back_and_a_thousand_draws(notebook, page):
    opened = notebook(MAKE, "print(explorer.token_ids, explorer.text)")
    button(page, "Sample one token").click()
    expect(page.locator(".dw-drawn")).to_have_count(1)
    expect(page.locator(".dw-drawn")).to_have_attribute("aria-current", "true")
    expect(said(page)).to_have_text(re.compile(r"Drawn: “.+”, \d+\.\d\d%"))
    expect(tokens(page)).to_have_count(0)
    drawn = page.locator(".dw-drawn").get_by_role("button").inner_text()
    button(page, "Step on").click()
    expect(tokens(page)).to_have_text([drawn])
    expect(page.locator(".dw-drawn")).to_have_count(0)
    button(page, "1,000 draws").click()
    expect(page.get_by_role("columnheader", name="In 1,000 draws")).to_be_visible()
    last = page.locator(".dw-bars :is(tbody, tfoot) tr td:last-child").all_inner_texts()
    assert sum(int(count.replace(",", "")) for count in last) == 1000
    expect(page.locator(".dw-notes")).to_contain_text("percentage points; by chance alone")
    button(page, "Step back").click()
    expect(tokens(page)).to_have_count(0)
    button(page, "Step back").click()
    expect(page.get_by_role("alert")).to_contain_text("no token to take back")
    opened.run(1)
    assert opened.output(1).strip() == "()"


def test_the_answer_so_far_can_be_edited(notebook, page):
    notebook(MAKE)
    before = token(page).inner_text()
    page.get_by_placeholder("The answer so far").fill("1. **You can")
    expect(tokens(page)).not_to_have_count(0)
    expect(tokens(page).last).to_have_text("␣can")
    expect(token(page)).not_to_have_text(before)
    page.get_by_placeholder("What the model").fill("Who is Dolly?")
    page.get_by_placeholder("The answer so far").fill("")
    expect(tokens(page)).to_have_count(0)
    expect(token(page)).to_have_text("Dolly")


def test_a_click_on_a_row_goes_on_with_its_token_even_one_that_is_cut(notebook, page):
    notebook(MAKE)
    chosen = token(page, 15).inner_text()
    # What is marked elsewhere on the page is none of the table's business.
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.jp-NotebookPanel-toolbar'))")
    rows(page).nth(15).locator("button").click()
    expect(tokens(page)).to_have_text([chosen])


@everywhere
def test_everything_is_done_with_the_keyboard_alone(notebook, page):
    notebook(MAKE)
    button(page, "1,000 draws").focus()
    page.keyboard.press("Tab")
    expect(token(page, 0)).to_be_focused()
    for key, index in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", 19), ("PageUp", 9), ("Home", 0)):
        page.keyboard.press(key)
        expect(token(page, index)).to_be_focused()
    page.keyboard.press("ArrowDown")
    chosen = token(page, 1).inner_text()
    page.keyboard.press("Enter")
    expect(tokens(page)).to_have_text([chosen])
    expect(token(page, 0)).to_be_focused()  # of another text the first candidate comes first
    expect(page.locator(".dw-outdated")).to_have_count(0)
    second = token(page, 0).inner_text()
    page.keyboard.press("Space")
    expect(tokens(page)).to_have_text([chosen, second])
    # One stop in the order of Tab, and the next one leaves the table.
    assert page.locator('.dw-bars tbody button[tabindex="0"]').count() == 1
    button(page, "Step on").focus()
    page.keyboard.press("Enter")
    expect(tokens(page)).to_have_count(3)
    expect(button(page, "Step on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tokens(page)).to_have_count(4)
    # JupyterLab has not taken a key: there is still one cell, and no other one was made or left.
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(1)


def test_a_hostile_candidate_is_shown_and_never_runs(notebook, page):
    notebook(HOSTILE, name="hostile.ipynb")  # a kernel of its own: it changes the lens
    expect(token(page)).to_contain_text("<img␣src=x␣onerror=")
    button(page, "Sample one token").click()
    expect(said(page)).to_contain_text("<script>")
    button(page, "Step on").click()
    expect(tokens(page)).to_have_count(2)
    expect(tokens(page).last).to_contain_text("<script>")
    assert page.evaluate("window.hacked") is None
    assert page.locator(".dw-explorer img, .dw-explorer script").count() == 0


def test_a_text_too_long_is_a_sentence_in_the_place_of_the_picture(notebook, page):
    notebook(MAKE)
    page.get_by_placeholder("The answer so far").fill("cat " * 3000)
    expect(page.get_by_role("alert")).to_contain_text("the model has only 2048 positions: shorten it by at least")
    expect(page.locator(".dw-bars table")).to_be_hidden()
    page.get_by_placeholder("The answer so far").fill("cat")
    expect(page.locator(".dw-bars table")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_two_views_of_one_explorer_show_the_same(notebook, page):
    opened = notebook(MAKE, "explorer")
    opened.run(1)
    expect(page.locator(".dw-bars")).to_have_count(2)
    button(page, "Step on").first.click()
    expect(page.locator(".dw-token")).to_have_count(2)
    expect(page.locator(".dw-outdated")).to_have_count(0)
    expect(page.locator(".dw-bars table").nth(1).locator("tr")).to_have_count(22)
    texts = page.locator(".dw-bars table").all_inner_texts()
    assert texts[0] == texts[1] != ""
