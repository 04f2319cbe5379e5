"""The everyday path in Notebook 7 and Voilà: ask, read, ask again, change a question, choose one of four answers.

JupyterLab has tests of its own for each step: test_conversation_in_lab.py and others.
"""

import pytest
from acting import (
    answer,
    choose_example,
    edge,
    expect_statistics,
    instruction,
    question,
    statistics,
    stop,
    submit,
    until_written,
)
from playwright.sync_api import expect
from states import CHAT, LONG
from test_dolly_widget import MAKE_PACED
from test_outputs_in_lab import FORMULAS

pytestmark = [pytest.mark.browser, pytest.mark.front_ends("notebook", "voila")]

MAKE = "from dolly_widget import DollyWidget\nwidget = DollyWidget(seed=3, temperature=1.3)\nwidget"
RENDERED = f"""
from IPython.display import display
from dolly_widget.widget.answer.response import ResponseView
view = ResponseView()
view.finish({FORMULAS!r})
display(view)
"""


@pytest.fixture
def notebook(front_end, page):
    opened = []

    def open_notebook(source, shown=".dw-composer textarea"):
        opened.append(front_end.open(page, [source]))
        opened[-1].run(0)
        page.locator(shown).first.wait_for(timeout=60_000)

    yield open_notebook
    for each in opened:
        assert each.errors() == []
        each.close()


def ask(page, text):
    instruction(page).fill(text)
    instruction(page).press("Enter")
    expect(question(page).last).to_have_text(f"You{text}", timeout=60_000)
    expect(statistics(page)).to_contain_text("tokens/s", timeout=60_000)


def test_a_chat_goes_on_is_changed_ended_and_brought_back(notebook, page):
    notebook(CHAT)
    ask(page, "Who is Dolly?")
    ask(page, "How did she come into the world?")
    expect(question(page)).to_have_count(2)
    expect(instruction(page)).to_have_value("")
    newest = page.get_by_role("region", name="Response")
    assert edge(question(page).last, "bottom") <= edge(newest, "top") + 1
    assert edge(newest, "bottom") <= edge(instruction(page), "top")
    page.get_by_role("button", name="Edit this question").first.click()
    expect(instruction(page)).to_have_value("Who is Dolly?")
    ask(page, "Who was Dolly?")
    expect(question(page)).to_have_count(1)
    page.get_by_role("button", name="The question before").click()
    expect(question(page)).to_have_text(["YouWho is Dolly?", "YouHow did she come into the world?"])
    page.get_by_role("button", name="New chat").click()
    expect(question(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(question(page)).to_have_count(2)


def test_what_waits_is_asked_when_the_answer_has_ended(notebook, page):
    notebook(MAKE_PACED)
    choose_example(page, LONG)
    submit(page)
    until_written(page)
    instruction(page).fill("Who is Dolly?")
    instruction(page).press("Enter")
    expect(page.locator(".dw-box-row", has_text="Next")).to_contain_text("Who is Dolly?")
    expect(question(page)).to_have_text("YouWho is Dolly?", timeout=60_000)
    stop(page)
    expect(statistics(page)).to_contain_text("· stopped ·", timeout=30_000)


def test_one_of_four_answers_is_chosen_and_an_earlier_one_comes_back(notebook, page):
    notebook(MAKE)
    ask(page, LONG)
    expect_statistics(page)
    first = answer(page).inner_text()
    page.get_by_role("button", name="× 4").click()
    choose = page.get_by_role("button", name="Go on with this")
    expect(choose.nth(3)).to_be_enabled(timeout=60_000)
    choose.nth(1).click()
    expect(choose).to_have_count(0)  # that can be seen
    expect(page.locator(".dw-pager")).to_contain_text("Answer 3 of 5")
    page.get_by_role("button", name="History").click()
    page.locator(".dw-history-row").last.click()
    expect(page.locator(".dw-pager")).to_contain_text("Answer 1 of 5")
    assert answer(page).inner_text() == first


def test_formulas_are_drawn_by_what_the_front_end_brings(notebook, page):
    notebook(RENDERED, ".dw-response")
    expect(page.locator(".dw-response mjx-container")).to_have_count(3, timeout=60_000)
    expect(answer(page)).to_contain_text("It costs $5 to $10.")
    assert page.evaluate("window.hacked") is None
