"""What a person does to a DollyWidget in a page, and where they look: the one place that knows how it is built."""

import re

from playwright.sync_api import expect

STATISTICS = re.compile(
    r"\d+ tokens · [\d.,]+ tokens/s · first token after [\d.]+ m?s · ended by itself · (seed \d+|greedy)"
)


def instruction(page):
    """The box for the instruction."""
    return page.get_by_role("textbox", name="Instruction").first


def choose_example(page, text):
    """Click an example, when it is there."""
    page.get_by_role("button", name=text).first.click(timeout=60_000)


def action_button(page):
    """The button that says Submit, or Stop, or Stopping…"""
    return page.locator(".dw-submit").first


def submit(page):
    """Ask."""
    page.get_by_role("button", name="Submit").first.click()


def stop(page):
    page.get_by_role("button", name="Stop").first.click()


def question(page):
    """The questions of the conversation."""
    return page.locator(".dw-turn-user")


def edge(locator, side):
    """Where its "top" or "bottom" is in the page, in pixels."""
    box = locator.bounding_box()
    return box["y"] if side == "top" else box["y"] + box["height"]


def answer(page):
    """The output area, of the first widget in the page."""
    return page.locator(".dw-response").first


def until_written(page, longer_than=20, timeout=60_000):
    """Wait until the first widget's answer is longer than that many characters, finished blocks included; return it."""
    longer = "least => { const text = document.querySelector('.dw-response .dw-body')?.textContent ?? '';" + (
        "return text.length > least && text }"
    )
    return page.wait_for_function(longer, arg=longer_than, timeout=timeout).json_value()


def statistics(page):
    """The line below the answer."""
    return page.locator(".dw-stats").first


def expect_statistics(page, pattern=STATISTICS):
    """Wait until the answer is whole."""
    expect(statistics(page)).to_have_text(pattern, timeout=30_000)


def model_line(page):
    """The line that says which model runs."""
    return page.locator(".dw-model").first


def told(page):
    """What the widget says to whoever asked."""
    return page.get_by_role("alert")
