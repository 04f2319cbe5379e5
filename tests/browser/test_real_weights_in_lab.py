"""The main job with real weights, in JupyterLab: an answer, one that is stopped, and the words it chose from."""

import re

import pytest
from acting import STATISTICS, answer, instruction, model_line, statistics, stop, submit, until_written
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MAKE = """
import os
os.environ["DOLLY_WIDGET_CACHE"] = {cache!r}
from dolly_widget import DollyWidget
widget = DollyWidget("smollm2", device="CPU", seed=3, ov_config={{"EXECUTION_MODE_HINT": "ACCURACY"}})
widget
"""
# Two processors run 135 million parameters, and all other tests at once.
LIMIT_MS = 300_000
RESULT = "print(widget.history[-1].result.finish_reason, len(widget.response))"
NOUNS = {"␣realm", "␣world", "␣ocean", "␣place"}


@pytest.fixture
def notebook(lab, page, smollm2_cache):
    # Of a name of its own: its kernel has another store.
    opened = lab.open(page, [MAKE.format(cache=str(smollm2_cache)), RESULT], name="real-weights.ipynb")
    opened.run(0)
    expect(model_line(page)).to_contain_text("134.5 M parameters · INT8 · CPU", timeout=LIMIT_MS)
    yield opened
    assert opened.errors() == []
    opened.close()


def expect_whole(page):
    expect(statistics(page)).to_have_text(STATISTICS, timeout=LIMIT_MS)


def test_smollm2_answers_is_stopped_and_shows_the_words_it_chose_from(notebook, page):
    # The settings that its makers publish, and an answer that is right with them.
    expect(page.get_by_role("slider", name="Temperature").first).to_have_attribute("aria-valuetext", "0.20")
    instruction(page).fill("What is the capital of France?")
    submit(page)
    expect_whole(page)
    expect(answer(page)).to_contain_text("Paris")

    # Stopped in the middle of a stream: what is written stays.
    instruction(page).fill("Write a long story about a whale.")
    submit(page)
    expect(answer(page)).to_have_class(re.compile("dw-streaming"))  # the answer before has gone
    shown = until_written(page, timeout=LIMIT_MS)
    stop(page)
    expect(statistics(page)).to_contain_text("· stopped ·", timeout=LIMIT_MS)
    notebook.run(1)
    reason, length = notebook.output(1).split()
    assert reason == "cancelled"
    assert int(length) >= len(shown)

    # The lens: at a word's place, other words.
    page.get_by_label("Greedy").check()
    instruction(page).fill("Write a sentence about the sea.")
    submit(page)
    expect_whole(page)
    page.get_by_role("button", name="Token lens").first.click()
    realm = page.locator(".dw-lens .dw-token", has_text="realm").first
    realm.hover(timeout=LIMIT_MS)
    names = page.locator(".dw-card .dw-name")
    expect(names.first).to_have_text("␣realm")
    assert set(names.all_inner_texts()) >= NOUNS
