"""The table of ``compare`` in a real JupyterLab and a real Chromium: it is shown, and runs no script."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

HOSTILE = "</td></table><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> rest"
COMPARE = (
    "from dolly_widget import compare\ncompare('Who is Dolly?', settings=[{'temperature': 0}, {'temperature': 2}])"
)
# Every answer is replaced by what a model had better not write.
COMPARE_HOSTILE = f"""
from dataclasses import replace
from dolly_widget import compare
table = compare({HOSTILE!r}, settings=[{{}}, {{}}], max_new_tokens=4)
rows = [
    replace(row, label={HOSTILE!r}, tokens=("", {HOSTILE!r}), first_difference=1, departure={HOSTILE!r} * at,
            result=replace(row.result, text={HOSTILE!r}))
    for at, row in enumerate(table.rows)
]
replace(table, rows=(*rows, replace(rows[0], result=None, error={HOSTILE!r})))
"""


@pytest.fixture
def output(lab, page):
    def run(source):
        notebook = lab.open(page, [source])
        notebook.run(0)
        expect(notebook.cell(0).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)
        return notebook.cell(0).locator(".dolly-comparison")

    return run


def test_answers_are_shown_side_by_side_with_the_departing_token_framed(output):
    table = output(COMPARE).get_by_role("table", name="Who is Dolly?")
    expect(table.get_by_role("rowheader")).to_have_text(["temperature 0", "temperature 2"])
    expect(table.locator("mark")).to_have_count(1)
    assert table.locator("mark").evaluate("mark => getComputedStyle(mark).outlineStyle") == "solid"
    expect(table.get_by_role("columnheader", name="tokens/s")).to_be_visible()


def test_a_narrow_cell_scrolls_the_table_and_not_the_page(output, page):
    page.set_viewport_size({"width": 620, "height": 700})
    shown = output(COMPARE)
    expect(shown).to_be_visible()
    assert shown.evaluate("table => table.scrollWidth > table.clientWidth")


def test_what_a_model_writes_is_text_and_runs_nothing(output, page):
    shown = output(COMPARE_HOSTILE)
    expect(shown.locator("tbody tr")).to_have_count(3)
    expect(shown.locator("mark")).to_contain_text("<script>window.hacked = 1</script>")
    expect(shown.locator("script, img")).to_have_count(0)
    assert page.evaluate("window.hacked") is None
