"""What the package shows in the output of a cell, in a real JupyterLab: a text with dollars in it is no formula."""

import re
from pathlib import Path

import pytest
from payloads import EVIL
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FAKES = Path(__file__).parents[1] / "fakes"
FORMULAS = r"It costs $5 to $10. \(x^2\), $a_i$ and \(\href{javascript:window.hacked=1}{x}\) `$x$`" + "\n\n$$y$$"
COST = "It costs $5 in May and $10 in June."
TEXTS = [
    COST,
    r"$\href{javascript:window.hacked=1}{x}$ \(\color{white}{hidden}\) \begin{equation}z\end{equation}",
    r"$\unicode{x3c}$ $\class{x}{y}$ $$\cssId{location}{x}$$ \\(x\\)",
    f"<img src=https://{EVIL}/x onerror=window.hacked=1>\n\n\n![x](https://{EVIL}/x)",
]
SHOW = f"""
import sys
sys.path.insert(0, {str(FAKES)!r})
from IPython.display import display
from sinks import EMITTED
for emit in EMITTED.values():
    for text in {TEXTS!r}:
        display({{"text/html": emit(text), "text/plain": text}}, raw=True)
"""
ASK = f"""
from dolly_widget.engines import GenerationResult, load_engine, sharing
class Engine:
    def __init__(self, engine):
        self.setup, self.model, self.device, self.template = engine.setup, engine.model, engine.device, engine.template
    def generate(self, prompt, params, *, on_text, stop):
        on_text({COST!r})
        return GenerationResult({COST!r}, (1,), 5, "stop", 1, 0.1, 0.1)
    def close(self):
        pass
sharing._load = lambda setup, prepared: Engine(load_engine())
%load_ext dolly_widget
%dolly Hi
"""
# JupyterLab typesets one output after the other: where this one is done, those above are.
ANSWER = f"""
from IPython.display import display
from dolly_widget.widget.answer.response import ResponseView
from dolly_widget.text import markdown_to_html, output_html
view = ResponseView()
view.begin()
view.text = {FORMULAS!r}
view.finish({FORMULAS!r})
display(view)
display({{"text/html": output_html(markdown_to_html({FORMULAS!r}))}}, raw=True)
"""
FORMULA = "from IPython.display import HTML\nHTML('$x$ <span>$y$</span>')"


def test_nothing_that_is_shown_becomes_a_formula(lab, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    notebook = lab.open(page, [SHOW, ASK, FORMULA], "outputs.ipynb")
    for index in range(3):
        notebook.run(index)
        expect(notebook.cell(index).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)
    expect(notebook.cell(2).locator("mjx-container")).to_have_count(2, timeout=60_000)
    assert page.locator(".jp-Notebook mjx-container").count() == 2
    outputs = notebook.cell(0).locator(".jp-OutputArea-output")
    assert outputs.count() > len(TEXTS)
    assert COST in outputs.first.inner_text()
    assert notebook.cell(1).locator(".dolly-answer").inner_text() == COST
    assert page.evaluate("window.hacked") is None
    assert [url for url in asked if EVIL in url] == []
    assert notebook.errors() == []


def test_formulas_of_an_answer_are_drawn_and_nothing_else_of_it(lab, page):
    """In a widget and in a plain output, by JupyterLab's own MathJax."""
    notebook = lab.open(page, [ANSWER], "outputs.ipynb")
    notebook.run(0)
    drawn = notebook.cell(0).locator(".dw-response mjx-container")
    expect(drawn).to_have_count(3, timeout=60_000)
    expect(notebook.cell(0).locator(".jp-RenderedHTML mjx-container")).to_have_count(3, timeout=60_000)
    shown = notebook.cell(0).locator(".dw-response")
    expect(shown).to_contain_text("It costs $5 to $10.")
    expect(shown).to_contain_text("\\href{javascript:window.hacked=1}{x}")
    assert page.evaluate("window.hacked") is None
