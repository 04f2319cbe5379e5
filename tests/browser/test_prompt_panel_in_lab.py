"""The prompt's panel in a real JupyterLab: seen, copied and scrolled, and no text is obeyed."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

HAS_RUN = re.compile(r"\[\d+\]:")
HOSTILE = "</span><script>window.hacked = 1</script>\n  <img src=x onerror='window.hacked = 1'> rest"
PANEL = f"""
import ipywidgets as widgets
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.text.template import DOLLY
from dolly_widget.widget.page.layout import style_sheet
from dolly_widget.widget.ask.prompt_panel import PromptPanel
panel = PromptPanel()
panel.load(Model(OPENVINO_DIR))
panel.show(DOLLY.render({HOSTILE!r}), 256)
widgets.VBox([style_sheet(), panel])
"""
AT_END = "text => text.scrollHeight - text.clientHeight - text.scrollTop <= 1"


@pytest.fixture
def notebook(lab, page):
    def open_notebook(*cells):
        notebook = lab.open(page, cells)
        notebook.run(0)
        expect(notebook.cell(0).locator(".jp-InputPrompt")).to_have_text(HAS_RUN, timeout=60_000)
        return notebook

    return open_notebook


def test_the_line_counts_and_one_click_shows_the_tokens(notebook, page):
    notebook(PANEL)
    line = page.get_by_role("button", name="Prompt ·")
    expect(line).to_contain_text("+ up to 256 of 2,048 tokens")
    text = page.get_by_role("region", name="The prompt as the model sees it")
    expect(text).to_be_hidden()
    line.click()
    expect(text).to_be_visible()
    expect(text.locator(".dw-prompt-special")).to_contain_text(["### Instruction:", "### Response:"])
    expect(page.locator(".dw-prompt-legend")).to_contain_text("special token")


def test_hostile_text_is_shown_and_copied_as_it_is(notebook, page):
    notebook(PANEL)
    page.get_by_role("button", name="Prompt ·").click()
    text = page.locator(".dw-prompt-text")
    expect(text).to_contain_text("<script>window.hacked = 1</script>")
    expect(text.locator("script, img")).to_have_count(0)
    assert page.evaluate("window.hacked") is None
    text.evaluate("text => getSelection().selectAllChildren(text)")
    copied = page.evaluate("getSelection().toString()")
    assert f"### Instruction:\n{HOSTILE}\n\n### Response:" in copied


def test_a_warning_in_words_and_the_readers_place_survive_typing(notebook, page):
    show = "panel.is_open = True; panel.show(DOLLY.render('{} ' * 900), 2000)"
    book = notebook(PANEL, show.format("word"), show.format("work"), show.format(r"line\n"))
    book.run(1)
    text = page.locator(".dw-prompt-text")
    expect(page.get_by_role("button", name="too many")).to_be_visible()
    expect(page.locator(".dw-prompt-note")).to_contain_text("too long for this model")
    expect(text.locator(".dw-prompt-gap")).to_contain_text("tokens more")
    text.evaluate("text => text.scrollTo(0, 150)")
    book.run(2)
    expect(text).to_contain_text("work work")
    assert text.evaluate("text => text.scrollTop") == 150
    text.focus()
    page.keyboard.press("End")
    page.wait_for_function(AT_END, arg=text.element_handle())
    book.run(3)
    expect(text).to_contain_text("line↵")
    assert text.evaluate(AT_END)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
