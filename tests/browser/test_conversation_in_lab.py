"""The conversation in a real JupyterLab: a question with its answer, where it stands, what a reader does with it."""

import re

import paced
import pytest
from acting import action_button, answer, edge, expect_statistics, instruction, question, statistics, stop, submit
from playwright.sync_api import expect
from states import CHAT

pytestmark = pytest.mark.browser

MAKE = "from dolly_widget import DollyWidget\nwidget = DollyWidget(seed=3)\nwidget"
MAKE_PACED = paced.SOURCE + "widget = DollyWidget(PacedEngine(pause_s=0.2), temperature=0)\nwidget"
LONG = "Give five ideas for great weekend with family"
HOSTILE = "</span><script>window.hacked = 1</script>\n  <img src=x onerror='window.hacked = 1'> rest"
TURNS = f"""
import ipywidgets as widgets
from dolly_widget.text import Turn
from dolly_widget.widget.answer.conversation import Conversation
turns = [Turn(f"Question {{i}}?", "", "An answer. " * 30) for i in range(6)]
conversation = Conversation(on_edit=print, on_version=print)
box = widgets.VBox([conversation])
box.add_class("dw-conversation")
last = "The *last* answer.\\n\\n```python\\nx = 1\\n```"
conversation.show([*turns, Turn("<b>Last</b> question", {HOSTILE!r}, last)])
box
"""


@pytest.fixture
def notebook(lab, page):
    page.set_viewport_size({"width": 1280, "height": 900})

    def open_notebook(*cells):
        notebook = lab.open(page, cells)
        notebook.run(0)
        page.locator(".dw-conversation").first.wait_for(timeout=60_000)
        return notebook

    return open_notebook


def ask(page, text):
    instruction(page).fill(text)
    instruction(page).press("Enter")


# What stands where


def test_a_question_stands_above_its_answer_whatever_the_box_holds(notebook, page):
    notebook(MAKE)
    ask(page, "What is the capital of France?")
    expect_statistics(page)
    instruction(page).fill("Something else")
    expect(question(page)).to_have_text("YouWhat is the capital of France?")
    assert edge(question(page), "bottom") <= edge(answer(page), "top") + 1


def test_the_answer_begins_above_the_fold_after_the_first_question(notebook, page):
    notebook(MAKE)
    expect(page.get_by_role("button", name="Who is Dolly?")).to_be_visible(timeout=60_000)
    ask(page, LONG)
    expect_statistics(page)
    expect(page.get_by_role("button", name="Who is Dolly?")).to_be_hidden()
    expect(answer(page).get_by_text("Five ideas")).to_be_in_viewport()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Who is Dolly?")).to_be_visible()


def test_the_box_is_above_a_single_answer_and_below_a_chat(notebook, page):
    opened = notebook(CHAT, "widget.chat = False")
    conversation = page.get_by_role("region", name="Conversation")
    expect(page.get_by_label("Chat", exact=True)).to_be_checked(timeout=60_000)
    assert edge(conversation, "bottom") <= edge(instruction(page), "top")
    page.get_by_label("Chat", exact=True).uncheck()
    page.wait_for_function(
        "document.querySelector('.dw-composer').compareDocumentPosition(document.querySelector('.dw-conversation')) & 4"
    )
    assert edge(instruction(page), "bottom") <= edge(conversation, "top")
    assert page.evaluate("document.activeElement.type") == "checkbox"  # its focus survived
    opened.run(1)


def test_a_short_answer_after_a_long_one_has_a_short_card(notebook, page):
    notebook(MAKE)
    ask(page, LONG)
    expect_statistics(page)
    long = answer(page).bounding_box()["height"]
    ask(page, "What is the capital of France?")
    expect(answer(page)).to_contain_text("Paris", timeout=30_000)
    expect_statistics(page)
    page.wait_for_function(
        "long => document.querySelector('.dw-response').getBoundingClientRect().height < long / 2", arg=long
    )


def test_in_a_chat_the_newest_answer_and_the_box_stay_in_view(notebook, page):
    opened = notebook(CHAT + "\n", "")
    for number in range(12):
        ask(page, f"Question {number}?")
        expect(question(page)).to_have_count(number + 1, timeout=60_000)
        expect(action_button(page)).to_have_text("Submit", timeout=60_000)
    expect(question(page).last).to_be_in_viewport()
    expect(instruction(page)).to_be_in_viewport()
    expect(question(page).first).not_to_be_in_viewport()
    assert opened.errors() == []


def test_settings_fold_and_stay_so_in_the_next_widget(notebook, page):
    opened = notebook(MAKE, "DollyWidget()")
    fold = page.get_by_role("button", name="Settings")
    slider = page.get_by_role("slider", name="Temperature")
    width = instruction(page).bounding_box()["width"]
    expect(slider).to_be_visible()
    fold.click()
    expect(slider).to_be_hidden()
    assert instruction(page).bounding_box()["width"] > width + 100
    opened.run(1)
    expect(fold).to_have_count(2, timeout=60_000)
    expect(fold.nth(1)).to_have_attribute("aria-expanded", "false")
    fold.nth(0).click()
    expect(slider.first).to_be_visible()


# What a reader does


def test_a_question_is_changed_in_its_place_and_the_one_before_is_one_click_away(notebook, page):
    notebook(CHAT)
    for text in ("Who is Dolly?", "How did she come into the world?"):
        ask(page, text)
        expect(question(page).last).to_have_text(f"You{text}", timeout=60_000)
        expect(action_button(page)).to_have_text("Submit", timeout=60_000)
    page.get_by_role("button", name="Edit this question").nth(1).click()
    expect(instruction(page)).to_have_value("How did she come into the world?")
    expect(page.locator(".dw-box-row", has_text="Editing")).to_contain_text("question 2")
    expect(instruction(page)).to_be_focused()
    ask(page, "And where?")
    expect(question(page).last).to_have_text("YouAnd where?", timeout=60_000)
    expect(question(page)).to_have_count(2)
    expect(page.locator(".dw-turn-version")).to_have_text("Question 2 of 2")
    page.get_by_role("button", name="The question before").click()
    expect(question(page).last).to_have_text("YouHow did she come into the world?")
    expect(page.locator(".dw-turn-version")).to_have_text("Question 1 of 2")


def test_enter_while_an_answer_is_written_queues_the_next_question(notebook, page):
    notebook(MAKE_PACED)
    ask(page, LONG)
    expect(action_button(page)).to_have_text("Stop")
    ask(page, "Who is Dolly?")
    waiting = page.locator(".dw-box-row", has_text="Next")
    expect(waiting).to_contain_text("Who is Dolly?")
    expect(question(page)).to_have_text(f"You{LONG}")
    expect(question(page)).to_have_text("YouWho is Dolly?", timeout=60_000)
    expect(waiting).to_be_hidden()
    stop(page)
    expect(statistics(page)).to_contain_text("· stopped ·", timeout=30_000)


def test_an_answer_that_was_stopped_is_continued(notebook, page):
    notebook(MAKE.replace("seed=3", "temperature=0, max_new_tokens=8"))
    ask(page, LONG)
    expect(statistics(page)).to_contain_text("ended at max_new_tokens", timeout=60_000)
    begun = answer(page).locator(".dw-html").inner_text().split()[0]
    page.get_by_role("button", name="Continue").click()
    expect(statistics(page)).to_contain_text("8 tokens", timeout=60_000)
    expect(page.get_by_role("button", name="Older", exact=True)).to_be_enabled(timeout=60_000)
    assert answer(page).locator(".dw-html").inner_text().startswith(begun)


def test_what_was_cleared_comes_back(notebook, page):
    notebook(MAKE)
    ask(page, "What is the capital of France?")
    expect_statistics(page)
    page.get_by_role("button", name="Clear").click()
    expect(question(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(answer(page)).to_contain_text("Paris")
    expect(question(page)).to_have_text("YouWhat is the capital of France?")


def test_a_refused_question_leaves_the_answer_where_it_is(notebook, page):
    notebook(MAKE)
    ask(page, "What is the capital of France?")
    expect_statistics(page)
    shown = answer(page).inner_text()
    instruction(page).fill("cat " * 3000)
    submit(page)
    expect(page.get_by_role("alert")).to_have_text(re.compile("tokens too long for this model"))
    assert answer(page).inner_text() == shown
    expect(question(page)).to_have_text("YouWhat is the capital of France?")
    instruction(page).fill("cat")
    expect(page.get_by_role("alert")).to_have_count(0)


# Many turns


def test_a_conversation_is_scrolled_with_keys_and_has_a_name(notebook, page):
    notebook(TURNS)
    turns = page.get_by_role("region", name="Conversation")
    turns.focus()
    page.keyboard.press("End")
    expect(turns.get_by_text("The last answer.")).to_be_in_viewport()
    expect(turns.get_by_text("Question 0?")).not_to_be_in_viewport()
    page.keyboard.press("Home")
    expect(turns.get_by_text("Question 0?")).to_be_in_viewport()
    expect(turns.get_by_role("listitem")).to_have_count(7)


def test_a_conversation_obeys_no_text(notebook, page):
    notebook(TURNS)
    turns = page.locator(".dw-turns")
    turns.locator("summary").click()
    expect(turns).to_contain_text("<script>window.hacked = 1</script>")
    expect(turns).to_contain_text("<b>Last</b> question")
    expect(turns.locator("script, img, b")).to_have_count(0)
    assert page.evaluate("window.hacked") is None


def test_turns_that_stay_are_not_made_anew(notebook, page):
    opened = notebook(TURNS, "conversation.show([*turns, Turn('Another', '', '')])")
    page.locator(".dw-turn").first.evaluate("turn => { turn.dataset.kept = 'yes' }")
    opened.run(1)
    expect(page.locator(".dw-turn").last).to_contain_text("Another")
    expect(page.locator(".dw-turn").first).to_have_attribute("data-kept", "yes")


def test_where_the_view_of_the_model_begins_is_seen(notebook, page):
    opened = notebook(TURNS, "conversation.show([*turns, Turn('Another', '', '')], left_out=4)")
    expect(page.locator(".dw-turn .dw-turn-gap")).to_have_count(0)
    opened.run(1)
    gap = page.locator(".dw-turn .dw-turn-gap")
    expect(gap).to_have_count(1)
    expect(page.locator(".dw-turn", has=page.locator(".dw-turn-gap"))).to_contain_text("Question 4?")
