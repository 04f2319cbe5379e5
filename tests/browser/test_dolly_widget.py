"""The main job, in JupyterLab, Notebook 7 and Voilà: ask, watch, stop, change the sampling, ask again."""

import re

import paced
import pytest
from acting import (
    action_button,
    answer,
    choose_example,
    expect_statistics,
    instruction,
    statistics,
    stop,
    submit,
    told,
    until_written,
)
from front_ends import runs_cells_later
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MAKE = "from dolly_widget import DollyWidget\nwidget = DollyWidget()\nwidget"
MAKE_PACED = paced.SOURCE + "widget = DollyWidget(PacedEngine(pause_s=0.2), temperature=0)\nwidget"
LONG = "Give five ideas for great weekend with family"


@pytest.fixture
def notebook(front_end, page):
    opened = []

    def open_notebook(*cells):
        opened.append(front_end.open(page, cells))
        opened[-1].run(0)
        page.locator(".dw-widget").first.wait_for(timeout=60_000)
        return opened[-1]

    yield open_notebook
    for each in opened:
        assert each.errors() == []
        each.close()


def test_an_example_and_submit_give_a_rendered_answer_with_statistics(notebook, page):
    notebook(MAKE)
    choose_example(page, LONG)
    expect(instruction(page)).to_have_value(LONG)
    submit(page)
    expect_statistics(page)
    expect(answer(page).locator("li")).to_have_count(5)


@runs_cells_later
def test_text_grows_and_stop_ends_it_in_mid_stream(notebook, page):
    opened = notebook(MAKE_PACED, "print(widget.history[-1].result.finish_reason, len(widget.response))")
    choose_example(page, LONG)
    submit(page)
    shown = until_written(page)
    grown = until_written(page, len(shown) + 10)
    assert grown.startswith(shown[:20])
    stop(page)
    expect(statistics(page)).to_contain_text("· stopped ·", timeout=30_000)
    assert answer(page).inner_text().startswith(shown[:20])
    opened.run(1)
    reason, length = opened.output(1).split()
    assert (reason, int(length) >= len(grown)) == ("cancelled", True)
    expect(action_button(page)).to_have_text("Submit")


def test_the_reader_selection_survives_the_stream(notebook, page):
    notebook(MAKE_PACED)
    choose_example(page, LONG)
    submit(page)
    until_written(page)
    page.evaluate(
        "const node = document.querySelector('.dw-response .dw-text').firstChild;"
        "getSelection().setBaseAndExtent(node, 2, node, 12)"
    )
    selected = page.evaluate("getSelection().toString()")
    until_written(page, 40)
    assert page.evaluate("getSelection().toString()") == selected != ""
    page.evaluate("getSelection().removeAllRanges()")
    stop(page)
    expect(statistics(page)).to_contain_text("· stopped ·", timeout=30_000)


def test_changed_sampling_changes_the_answer(notebook, page):
    notebook(MAKE)
    instruction(page).fill("Name 3 advantages to be a cat")
    page.get_by_label("Greedy").check()
    submit(page)
    expect_statistics(page)
    greedy = answer(page).inner_text()
    page.get_by_label("Greedy").uncheck()
    page.get_by_label("Seed").fill("5")
    page.get_by_label("Seed").press("Tab")
    submit(page)
    expect(statistics(page)).to_have_text(re.compile(r"seed 5$"), timeout=30_000)  # and not 512345, of the one before
    assert answer(page).inner_text() != greedy


@runs_cells_later
def test_an_empty_instruction_gives_a_hint_and_runs_nothing(notebook, page):
    opened = notebook(MAKE, "print(len(widget.history))")
    submit(page)
    expect(told(page)).to_contain_text("Write an instruction first")
    opened.run(1)
    assert opened.output(1).strip() == "0"


def test_a_prompt_that_leaves_no_room_offers_the_number_that_fits(notebook, page):
    notebook(MAKE + "\nwidget.max_new_tokens = 1000\nwidget.instruction = 'cat ' * 1500\nwidget")
    submit(page)
    expect(told(page)).to_contain_text("too long for this model")
    page.get_by_role("button", name="Set max new tokens to").click()
    expect(statistics(page)).to_contain_text("seed", timeout=60_000)


def test_two_views_of_one_widget_show_the_same(notebook, page):
    opened = notebook(MAKE, "widget")
    opened.run(1)
    expect(page.locator(".dw-widget")).to_have_count(2)
    choose_example(page, "Who is Dolly?")
    submit(page)
    expect(statistics(page)).to_contain_text("seed", timeout=30_000)
    texts = page.locator(".dw-response").all_inner_texts()
    assert texts[0] == texts[1] != ""


@runs_cells_later
def test_hostile_text_is_shown_and_never_runs(notebook, page):
    hostile = "</textarea><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> ### End \U0001f600"
    opened = notebook(MAKE, f"widget._screen.answer.view.finish({hostile!r})")
    instruction(page).fill(hostile)
    submit(page)
    expect(statistics(page)).to_contain_text("seed", timeout=30_000)
    expect(instruction(page)).to_have_value(hostile)
    opened.run(1)
    expect(answer(page)).to_contain_text("<script>window.hacked = 1</script>")
    assert page.evaluate("window.hacked") is None
