"""What stands in the output of a cell stays as it is: in JupyterLab, and in what a saved notebook is made into."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payloads import EVIL
from sinks import EMITTED, exported

from dolly_widget import DollyWidget, SamplingExplorer
from dolly_widget.text import output_html

BLANK = "one\n\n\n \t\n![x](https://evil.invalid/x)\r\n\r\n<img src=https://evil.invalid/x>\r\r\n\n    code\n\n"
EMPTY_LINE = re.compile(r"^\s*$", re.MULTILINE)
every_output = pytest.mark.parametrize("emit", EMITTED.values(), ids=EMITTED)


class Page(HTMLParser):
    """What a browser reads: all text, and each element with its attributes."""

    def __init__(self, shown):
        super().__init__(convert_charrefs=True)
        self.text, self.elements, self.addresses = "", set(), set()
        self.feed(shown)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.addresses |= {(tag, name) for name, _ in attrs if name in ("href", "src", "srcset", "data", "poster")}

    def handle_data(self, data):
        self.text += data


@given(st.text(st.sampled_from("ab \t\n\r\f\v\u2028\u00a0&;<>"), max_size=30))
def test_no_line_is_empty_and_no_character_is_lost(text):
    shown = output_html(html.escape(text))
    assert all(line.strip() for line in re.split(r"\r\n|\r|\n", shown))
    assert Page(shown).text == re.sub(r"\r\n?", "\n", text)


def test_half_a_character_does_not_break_the_notebook():
    assert "a\ufffdb" in output_html("a\ud800b")


@every_output
def test_mathjax_looks_for_no_formulas_in_it(emit):
    shown = emit("It costs $5 in May and $10 in June.")
    assert shown.startswith('<div class="mathjax_ignore tex2jax_ignore">')
    assert shown.endswith("</div>")
    assert shown.count("<div") == shown.count("</div")


@every_output
def test_no_line_of_it_is_empty(emit):
    shown = emit(BLANK)
    assert not EMPTY_LINE.search(shown)
    assert "\r" not in shown


@pytest.mark.parametrize("text", [BLANK, f"```\n\n\n{BLANK}\n```", f"<pre>\n\n{BLANK}", f"</style></div>\n\n{BLANK}"])
def test_a_notebook_saved_as_markdown_has_no_element_of_an_answer(text):
    page = Page(exported(text))
    assert page.elements & {"img", "script", "iframe", "link", "object", "h1", "h2"} == set()
    assert page.addresses <= {("a", "href")}
    assert EVIL in page.text


@pytest.mark.parametrize("make", [lambda engine: DollyWidget(engine), lambda engine: SamplingExplorer(engine, "Hi")])
def test_mathjax_looks_for_no_formulas_in_a_widget(make):
    from dolly_widget import load_engine

    engine = load_engine("demo", device="CPU")
    widget = make(engine)
    assert {"mathjax_ignore", "tex2jax_ignore"} <= set(widget._dom_classes)
    widget.close()
    engine.close()
