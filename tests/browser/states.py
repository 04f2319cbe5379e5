"""The states in which a person can see a DollyWidget: how each comes about in a notebook."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import labelling
import paced
import preparing
import stored_models
from acting import action_button, instruction, until_written
from playwright.sync_api import expect

FAKES = Path(__file__).parent.parent / "fakes"
LONG = "Give five ideas for great weekend with family"
MAKE = """
from dolly_widget import DollyWidget
widget = DollyWidget({arguments})
widget
"""
LOADING = """
import threading
from dolly_widget import DollyWidget
from dolly_widget.widget.session import loader

def never(*arguments, **options):
    threading.Event().wait()

loader.share_engine = never
widget = DollyWidget()
widget
"""
SERVED = f"""
import sys
sys.path.insert(0, {str(FAKES)!r})
from dolly_widget import DollyWidget, load_engine
from served import on_port
serving = on_port(load_engine("demo", device="CPU"), name="demo")
url, _ = serving.__enter__()
widget = DollyWidget(url, seed=3, temperature=1.3)
widget
"""
LOST = f"""
import sys
sys.path.insert(0, {str(FAKES)!r})
from dolly_widget import DollyWidget
from dolly_widget.engines.remote import tries
from remote_engines import our_server
from stub_server import CUT, chunk, events
tries.PAUSES_S = ()
lost = our_server("dolly")
lost.__enter__()
lost.answers.append(events(chunk("The capital of France", (306, 499, 290, 1385)), CUT))
widget = DollyWidget(lost.url)
widget
"""
BLOCKED = """
import threading
from dolly_widget import DollyWidget
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.text.template import DOLLY

class Reading:
    model, device, template = Model(OPENVINO_DIR), "CPU", DOLLY
    def generate(self, prompt, params, *, on_text=print, stop=None):
        threading.Event().wait()
    def close(self):
        pass

widget = DollyWidget(Reading())
widget
"""
CHAT = """
from dolly_widget import DollyWidget, GenerationResult, Prompt
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.text.template import Segment

class Template:
    name, stop, takes_turns = "chat", (), True
    def render(self, instruction, context="", turns=()):
        texts = [text for turn in turns for text in (turn.instruction, turn.answer)]
        return Prompt(Segment(text, False) for text in (*texts, instruction))

class Chatting:
    model, device, template = Model(OPENVINO_DIR), "CPU", Template()
    answers = ["A **sheep**, born in Scotland.", "She was cloned from a cell of a grown sheep, the first of her kind."]
    def generate(self, prompt, params, *, on_text=print, stop=None):
        text = self.answers[len(prompt) // 2 % 2]
        return GenerationResult(text, (1, 2, 3), 5, "stop", 1, 0.25, 0.1)
    def close(self):
        pass

widget = DollyWidget(Chatting(), chat=True)
widget
"""
RICH = r"""An answer with code and a formula.

```python
print(1 + 1)
```

- [x] done
- [ ] to do

\(1 + 1 = 2\)"""
THINKING = CHAT.replace("text = self.answers[len(prompt) // 2 % 2]", f"text = {RICH!r}").replace(
    "1, 0.25, 0.1)", '1, 0.25, 0.1, reasoning="One, and one more.", reasoning_tokens=9, reasoning_s=1.5)'
)

SEVERAL_FILES = """
from dolly_widget import DollyWidget
from dolly_widget.engines import setup
from dolly_widget.errors import ModelChoiceError
from dolly_widget.models.demo import OPENVINO_DIR

def several(model, *arguments, **options):
    if ":" in model:
        return OPENVINO_DIR
    files = [(f"SmolLM2-135M-Instruct-{kind}.gguf", size * 1_000_000) for kind, size in SIZES.items()]
    raise ModelChoiceError(f"{model} holds 5 GGUF files; name one.", model, files)

SIZES = {"Q2_K": 88, "Q4_0": 92, "Q4_K_M": 105, "Q8_0": 145, "F16": 271}
setup.resolve = several
widget = DollyWidget()
widget
"""


def ask(page, text=LONG):
    expect(action_button(page)).to_have_text("Submit")
    instruction(page).fill(text)
    instruction(page).press("Enter")


def is_loaded(page, lab=None):
    expect(page.locator(".dw-model").first).to_contain_text(re.compile("parameters|network"), timeout=60_000)


def is_answered(page, text="seed"):
    expect(page.locator(".dw-stats").first).to_contain_text(text, timeout=60_000)


def writes(page):
    ask(page)
    until_written(page, 60)


def _answered(page, lab):
    is_loaded(page)
    ask(page)
    is_answered(page)


def _converting(page, lab):
    preparing.report(
        lab,
        stage="export",
        fraction=0.4,
        message="databricks/dolly-v2-3b: 5.7 GB to download, 2.8 GB to keep; 40 GB of disk are free.",
    )
    expect(page.locator(".dw-preparing [role=progressbar]")).to_be_visible(timeout=60_000)


def _fetching(page, lab):
    is_loaded(page)
    page.get_by_role("button", name="Get SmolLM2").click()
    preparing.report(
        lab,
        stage="download",
        fraction=0.62,
        done_bytes=57_600_000,
        total_bytes=92_900_000,
        message="huggingface.co cannot be reached: smollm2 comes from the package index instead.",
    )
    expect(page.locator(".dw-preparing")).to_contain_text("62%", timeout=60_000)


def _generating(page, lab):
    is_loaded(page)
    writes(page)


def _stopping(page, lab):
    ask(page)
    expect(action_button(page)).to_have_text("Stop")
    action_button(page).click()
    expect(action_button(page)).to_have_text("Stopping…")


def _stopped(page, lab):
    _generating(page, lab)
    instruction(page).press("Escape")
    is_answered(page, "stopped")


def _error(page, lab):
    is_loaded(page)
    action_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("too long for this model", timeout=60_000)


def _lens(page, lab):
    _answered(page, lab)
    page.get_by_role("button", name="Token lens").click()
    page.locator(".dw-token:is(.dw-p1, .dw-p2, .dw-p3)").first.hover(timeout=60_000)
    page.locator(".dw-card").wait_for()


def _explorer(page, lab):
    _lens(page, lab)
    page.locator(".dw-token:is(.dw-p1, .dw-p2, .dw-p3)").first.click()
    page.locator(".dw-explorer tbody tr").first.wait_for(timeout=60_000)
    page.mouse.move(5, 5)  # a token that comes to lie below a resting pointer would be shown


def _server(page, lab):
    _explorer(page, lab)
    page.get_by_role("button", name="Change model").click()


def _lost(page, lab):
    is_loaded(page)
    ask(page, "What is the capital of France?")
    expect(page.locator(".dw-error").first).to_contain_text("broke off", timeout=20_000)


def _history(page, lab):
    is_loaded(page)
    line = page.get_by_role("button", name=re.compile("^History"))
    for count, text in enumerate(("Who is Dolly?", "What is the capital of France?", LONG), 1):
        ask(page, text)
        expect(line).to_have_text(f"History · {count}", timeout=60_000)
    line.click()
    tools = page.locator(".dw-history-tools")
    tools.nth(1).get_by_role("button", name="Delete").click()
    expect(page.locator(".dw-history-deleted")).to_be_visible()
    tools.nth(1).get_by_role("button", name="Label").click()
    box = page.get_by_role("textbox", name="Label", exact=True)
    box.fill("the best so far")
    box.press("Enter")
    expect(page.locator(".dw-history-label")).to_be_visible()
    ask(page, "What is the capital of France?")
    expect(line).to_have_text("History · 3", timeout=60_000)
    tools.nth(0).get_by_role("button", name="Delete").click()
    expect(page.locator(".dw-history-deleted")).to_be_visible()
    tools.nth(0).get_by_role("button", name="Label").click()


def _folds(page, lab):
    is_loaded(page)
    for name in ("Change model", "Context", "Prompt"):
        page.get_by_role("button", name=re.compile(f"^{name}")).click()
    instruction(page).fill("Where does Morwen live? ### End")
    page.get_by_placeholder("A text that the instruction is about").fill("Morwen is a baker in Talbeck.")


def _several_files(page, lab):
    is_loaded(page)
    page.get_by_role("button", name="Change model").click()
    box = page.get_by_placeholder("A model id")
    box.fill("bartowski/SmolLM2-135M-Instruct-GGUF")
    box.press("Enter")
    expect(page.get_by_role("button", name="Load this file")).to_be_visible(timeout=30_000)


def _stored(page, lab):
    is_loaded(page)
    page.get_by_role("button", name="Change model").click()
    page.get_by_role("button", name="Delete a-model-of-my-own FP16").click()
    page.get_by_role("button", name="Delete, frees 271 MB").click()
    expect(page.locator(".dw-stored-told")).to_contain_text("271 MB freed", timeout=30_000)
    page.get_by_role("button", name="Delete HuggingFaceTB/SmolLM2-1.7B-Instruct INT8").click()
    expect(page.get_by_role("button", name="Keep")).to_be_focused()


def _queued(page, lab):
    _generating(page, lab)
    instruction(page).fill("And who is Dolly?")
    instruction(page).press("Enter")
    expect(page.locator(".dw-box-row", has_text="Next")).to_be_visible()
    expect(page.locator(".dw-pace-line")).to_contain_text("tokens/s", timeout=30_000)


def _several(page, lab):
    _answered(page, lab)
    page.get_by_role("button", name="× 4").click()
    expect(page.get_by_role("button", name="Go on with this").nth(3)).to_be_enabled(timeout=60_000)


def _editing(page, lab):
    _chat(page, lab)
    page.get_by_role("button", name="Edit this question").first.click()
    expect(instruction(page)).to_have_value("Who is Dolly?")  # the kernel brings it
    ask(page, "Who was Dolly?")
    expect(page.locator(".dw-turn-version")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Edit this question").first.click()
    expect(page.locator(".dw-box-row", has_text="Editing")).to_be_visible()


def _thinking(page, lab):
    ask(page, "One and one?")
    is_answered(page)
    page.locator(".dw-conversation summary").first.click()


def _chat(page, lab):
    for text in ("Who is Dolly?", "How did she come into the world?"):
        ask(page, text)
        expect(page.locator(".dw-turn-user").last).to_have_text(f"You{text}", timeout=60_000)
        is_answered(page)


def _controls(page, lab):
    is_loaded(page)
    for name in ("More", "My presets", "System prompt"):
        page.get_by_role("button", name=re.compile(f"^{name}")).click()
    page.get_by_role("textbox", name="System prompt").fill("Answer in one sentence.")
    page.get_by_label("Seed").fill("many")
    page.get_by_label("Seed").press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("not a whole number")
    expect(page.get_by_label("Seed")).to_have_attribute("aria-invalid", "true")


def _attached(page, lab):
    is_loaded(page)
    text = "".join(f"{number}. The quick brown fox jumps over the lazy dog.\n" for number in range(200))
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": text.encode()}
    page.locator(".dw-attachment input").set_input_files([file])
    expect(page.locator(".dw-attached")).to_contain_text("fit with max new tokens", timeout=30_000)


def _column(page, lab):
    labelling.open_column(page)
    labelling.fill_form(page)
    labelling.run_all(page)
    expect(page.get_by_role("button", name="Run all again")).to_be_visible(timeout=30_000)
    page.get_by_label("Uncertain rows first").check()
    expect(labelling.rows(page).first).to_contain_text("No answer", timeout=30_000)


def _column_running(page, lab):
    labelling.open_column(page)
    labelling.fill_form(page)
    labelling.run_all(page)
    expect(labelling.figures(page)).to_contain_text("30 of 31 rows", timeout=30_000)


def _no_table(page, lab):
    labelling.open_column(page)
    expect(page.locator(".dw-cells-note")).to_contain_text("There is no DataFrame", timeout=30_000)


@dataclass(frozen=True)
class State:
    """A cell that makes a widget, and what a person does to see it so."""

    source: str
    reach: Callable[[Any, Any], None]


_SAMPLED = MAKE.format(arguments="seed=3, temperature=1.3")
_PACED = paced.SOURCE + "widget = DollyWidget(PacedEngine(pause_s=0.4), seed=3)\nwidget"
_LONG_PROMPT = MAKE.format(arguments="max_new_tokens=1000").replace(
    "\nwidget\n", "\nwidget.instruction = 'cat ' * 1500\nwidget\n"
)
STATES = {
    "idle": State(MAKE.format(arguments=""), is_loaded),
    "loading": State(LOADING, lambda page, lab: expect(page.locator(".dw-stats")).to_contain_text("Loading")),
    "converting": State(preparing.SOURCE + 'widget = DollyWidget("databricks/dolly-v2-3b")\nwidget', _converting),
    "fetching": State(preparing.SOURCE + "widget = DollyWidget()\nwidget", _fetching),
    "generating": State(_PACED, _generating),
    "stopping": State(BLOCKED, _stopping),
    "stopped": State(_PACED, _stopped),
    "answered": State(MAKE.format(arguments="seed=3"), _answered),
    "error": State(_LONG_PROMPT, _error),
    "lens": State(_SAMPLED, _lens),
    "explorer": State(_SAMPLED, _explorer),
    "history": State(MAKE.format(arguments="seed=3"), _history),
    "opened": State(MAKE.format(arguments=""), _folds),
    "controls": State(MAKE.format(arguments="min_p=0.1, stop=['END']"), _controls),
    "attached": State(MAKE.format(arguments=""), _attached),
    "chat": State(CHAT, _chat),
    "queued": State(_PACED, _queued),
    "several": State(_SAMPLED, _several),
    "editing": State(CHAT, _editing),
    "thinking": State(THINKING, _thinking),
    "several files": State(SEVERAL_FILES, _several_files),
    "server": State(SERVED, _server),
    "lost": State(LOST, _lost),
    "column": State(labelling.MAKE_FINITE, _column),
    "column running": State(labelling.MAKE, _column_running),
    "no table": State("reviews = None\n" + MAKE.format(arguments=""), _no_table),
    # Last: it leaves its store to the kernel.
    "stored": State(stored_models.MAKE, _stored),
}
