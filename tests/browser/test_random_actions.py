"""Somebody who clicks, types and drags at random, faster than any person, for hundreds of times."""

import random

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SEED = 6
# Without the hub and a package index: models that are typed or clicked are looked for here alone; with a store of its
# own, in which nobody's model can be deleted.
MAKE = """
import os
import tempfile
store = tempfile.TemporaryDirectory()
os.environ.update(HF_HUB_OFFLINE="1", PIP_NO_INDEX="1", PIP_FIND_LINKS="", PIP_CONFIG_FILE=os.devnull)
os.environ["DOLLY_WIDGET_CACHE"] = store.name
from dolly_widget import DollyWidget
widget = DollyWidget(max_new_tokens=40)
states = []
widget.observe(lambda change: states.append(change.new), "status")
widget
"""
JUDGE = """
import threading
from dolly_widget import DollyWidget
widget.stop()
try:
    widget.wait(60)
except (ValueError, RuntimeError, OSError) as exc:
    print("last:", type(exc).__name__)
answered = states.count("generating")
print("answered:", answered)
widget.lens = widget.chat = False
plain = dict(temperature=0, repetition_penalty=1, presence_penalty=0, frequency_penalty=0, stop=(), max_new_tokens=100)
result = widget.ask("What is the capital of France?", **plain)
working = [thread.name for thread in threading.enumerate() if thread.name.startswith("dolly-")]
print("judged:", widget.status, "Paris" in result.text, widget.response == result.text, answered > 0, working)
"""
CONTROLS = "button, input, textarea, select, summary, [tabindex='0']"
# The middle of a control that can be seen; null where there is none, or something else lies over it.
PLACE = """([controls, chance]) => {
  const all = [...document.querySelector(".dw-widget").querySelectorAll(controls)].filter(
    (each) => each.checkVisibility() && each.getBoundingClientRect().width > 0 && !each.closest("[hidden]"));
  const chosen = all[Math.floor(chance * all.length)];
  if (!chosen) return null;
  chosen.scrollIntoView({ block: "nearest" });
  const box = chosen.getBoundingClientRect();
  const place = [box.x + box.width / 2, box.y + box.height / 2];
  return chosen.contains(document.elementFromPoint(...place)) ? place : null;
}"""
FOCUS = """([controls, chance]) => {
  const all = [...document.querySelectorAll(controls)].filter((each) => each.checkVisibility());
  const chosen = all[Math.floor(chance * all.length)];
  chosen?.focus();
  return !!chosen;
}"""
IS_INSIDE = "() => !!document.activeElement.closest('.dw-widget')"
# A seed that is no number blocks Submit: nothing would be asked any longer.
SEED_BOX = "[placeholder='fresh each time']"
IS_SEED = f"() => document.activeElement.matches(`{SEED_BOX}`)"
BOX = ".dw-composer textarea"
KEYS = (
    *("Enter", "Enter", "Shift+Enter", "Escape", "Escape", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"),
    *("Home", "End", "PageUp", "PageDown", "Space", "Tab", "Shift+Tab", "Backspace", "1"),
)
LETTERS = ("a", "b", "d", "x", "z")
WORDS = ("Who is Dolly?", "cat", "### End", "<script>alert(1)</script>", "5", "\N{GRINNING FACE}", " ", "## A\n* b")


class Actor:
    def __init__(self, page, chance):
        self._page, self._chance = page, chance
        self._may_be_outside = True  # of a reader's own doing

    def act(self):
        choose = self._chance.choices((self.click, self.press, self.slide, self.write), weights=(4, 4, 2, 1))[0]
        choose()

    def click(self):
        place = self._page.evaluate(PLACE, [CONTROLS, self._chance.random()])
        if place:
            self._page.mouse.click(*place)
            self._may_be_outside = True  # where the control is disabled

    def press(self):
        if not self._page.evaluate(IS_INSIDE):  # else it would be the notebook that is edited
            assert self._may_be_outside, "The focus has left the widget by itself."
            self._page.evaluate(FOCUS, [BOX, 0])
        key = self._chance.choice(KEYS if self._page.evaluate(IS_SEED) else (*KEYS, *LETTERS))
        self._page.keyboard.press(key)
        self._may_be_outside = key.endswith("Tab")

    def slide(self):
        if self._page.evaluate(FOCUS, [".dw-widget .noUi-handle", self._chance.random()]):
            self._may_be_outside = False
            for _ in range(self._chance.randint(1, 4)):
                self._page.keyboard.press(
                    self._chance.choice(("ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home"))
                )

    def write(self):
        texts = f".dw-widget textarea, .dw-widget input[type=text]:not({SEED_BOX})"
        self._page.evaluate(FOCUS, [texts, self._chance.random()])
        if self._page.evaluate(IS_INSIDE):
            self._page.keyboard.insert_text(self._chance.choice(WORDS))


# Of an explorer that is closed again before the page has made it.
@pytest.mark.other_errors(
    "Error: Could not add child view to box",
    "Error: Could not create a view for model id",
)
@pytest.mark.parametrize("count", [500, pytest.param(2000, marks=pytest.mark.slow)])
def test_random_actions_leave_a_widget_that_works(lab, page, count):
    notebook = lab.open(page, [MAKE, JUDGE], "random.ipynb")  # of a name of its own: so is its kernel
    notebook.run(0)
    page.locator(BOX).wait_for(timeout=60_000)
    expect(page.locator(".dw-model")).to_contain_text("parameters", timeout=60_000)
    actor = Actor(page, random.Random(SEED))
    for _ in range(count):
        actor.act()
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(2)
    judge = page.locator(".jp-Notebook .jp-CodeCell", has_text="threading.enumerate")
    judge.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    verdict = judge.locator(".jp-OutputArea-output", has_text="judged:")
    verdict.wait_for(timeout=120_000)
    expect(verdict).to_contain_text("judged: idle True True True []")
    assert [each for each in notebook.errors() if "last:" not in each] == []
