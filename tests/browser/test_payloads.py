"""Texts that try to become more, in every place where a text is shown, in a real Chromium: none runs, loads or escapes.

A sample of them in each run; all of them with `pytest -m slow`.
"""

import pytest
from bare_page import open_bare_page
from nbconvert import HTMLExporter
from payloads import KINDS, PAYLOADS
from sinks import EMITTED, SINKS, VIEWS, notebook_of

pytestmark = pytest.mark.browser

ORIGIN = "http://widget.invalid"
SAMPLE = [payload for kind in KINDS.values() for payload in kind[::8]]
few_and_all = pytest.mark.parametrize(
    "payloads", [pytest.param(SAMPLE, id="sample"), pytest.param(PAYLOADS, id="all", marks=pytest.mark.slow)]
)
# Where the text is text alone, nothing in the page may depend on it.
TEXT_ONLY = {"compare", "coloured tokens", "candidates", "prompt tokens", "messages"}
PAGE = 60
"""Payloads on one page: it has each in every place."""
HARMLESS = "plain text,\n\nof three lines"
# What Markdown may become, and what our own HTML has around it.
RULES = """
const ELEMENTS = new Set(("a b bdi blockquote br caption code del details div em h1 h2 h3 h4 h5 h6 hr i li mark ol " +
  "p pre s section small span strong style summary table tbody td th thead tr ul wbr").split(" "));
const ATTRIBUTES = new Set(("align aria-label class data-lang data-lm-suppress-shortcuts data-payload data-sink dir " +
  "href rel role rowspan scope start style tabindex target title").split(" "));
const CLASSES = /^((dw|dolly)-[a-z0-9-]+|mathjax_ignore|tex2jax_ignore|language-.*|[a-z]{1,3}[0-9]?)$/s;
const LINKS = new Set(["http:", "https:", "mailto:"]);

function faultsOf(element, isMarkdown) {
  const faults = [];
  if (!ELEMENTS.has(element.localName)) faults.push(`element ${element.localName}`);
  for (const { name, value } of element.attributes) if (!ATTRIBUTES.has(name)) faults.push(`${name}="${value}"`);
  for (const each of element.classList) if (!CLASSES.test(each)) faults.push(`class ${each}`);
  if (/url|position|expression|binding|display: *none/i.test(element.getAttribute("style") ?? "")) faults.push("style");
  if (element.hasAttribute("href") && !LINKS.has(element.protocol)) faults.push(`link ${element.href}`);
  return faults;
}

// All kinds of elements that are there, with what they have but words.
function kinds(root) {
  // Words, whether there are any, and where a card found room for them.
  const isWords = (element, name) => /^(title|aria-label|hidden|value)$/.test(name) || element.matches(".dw-card");
  const shown = (element) => [...element.attributes]
    .map(({ name, value }) => (isWords(element, name) ? name : `${name}=${value}`))
    .filter((each) => each !== "hidden");
  const elements = [...root.querySelectorAll(":not(br, wbr)")];
  return new Set(elements.map((each) => [each.localName, each.parentElement.localName, ...shown(each)].join(" ")));
}

const CLOBBERED = `createElement cookie body getElementById querySelector activeElement defaultView currentScript
  location scripts documentElement implementation children referrer`.split(/\\s+/);
const types = () => CLOBBERED.map((name) => `${name}: ${Object.prototype.toString.call(document[name])}`).join();
"""
CHECK = """(textOnly) => {
  const sections = [...document.body.children].filter((each) => each.localName === "section");
  const faults = [];
  const plain = {};
  for (const section of sections) {
    const { sink, payload } = section.dataset;
    const found = [...section.querySelectorAll("*")].flatMap(faultsOf);
    plain[sink] ??= kinds(section); // the first of each sink
    if (textOnly.includes(sink)) found.push(...[...kinds(section)].filter((each) => !plain[sink].has(each)));
    if (found.length) faults.push([payload, found]);
  }
  const strangers = document.body.children.length - sections.length;
  return { faults, strangers, sections: sections.length, hacked: window.hacked ?? null, types: types() };
}"""


@pytest.fixture
def watched(page):
    """The page, which fails where it asks for anything, opens a dialog or another page, or is led away."""
    events = []
    page.on("dialog", lambda dialog: (events.append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda popup: events.append(popup.url))
    page.on("request", lambda request: events.append(request.url))
    yield page
    assert [each for each in events if not each.startswith((f"{ORIGIN}/", "data:,"))] == []


def serve(page, html):
    """Show this page; a script that it asks this host for is there, and empty."""

    def answer(route):
        if route.request.url.endswith(".js"):
            route.fulfill(body="globalThis.mermaid = null", content_type="text/javascript")
        else:
            route.fulfill(body=html.encode(), content_type="text/html; charset=utf-8")

    page.route("**/*", answer)
    page.goto(f"{ORIGIN}/")


def section(sink, number, html):
    # On lines of its own, as a page of nbconvert has it.
    return f'<section data-sink="{sink}" data-payload="{number}">\n{html}\n</section>\n'


@few_and_all
def test_html_made_in_python_is_inert_in_a_page(watched, payloads):
    for start in range(0, len(payloads), PAGE):
        texts = [HARMLESS, *payloads[start : start + PAGE]]
        assert_inert(watched, [(sink, text, show(text)) for sink, show in SINKS.items() for text in texts])


def assert_inert(page, made):
    """Show all (sink, text, HTML) in one page."""
    head = f'<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script>{RULES}</script><body>\n'
    serve(page, head)
    types = page.evaluate("types()")
    serve(page, head + "".join(section(sink, number, html) for number, (sink, _, html) in enumerate(made)))
    result = page.evaluate(CHECK, sorted(TEXT_ONLY))
    assert [(*made[int(number)][:2], found) for number, found in result["faults"]][:5] == []
    assert (result["sections"], result["strangers"], result["hacked"]) == (len(made), 0, None)
    assert result["types"] == types
    assert page.url == f"{ORIGIN}/"


OPEN_VIEW = f"""<link rel="stylesheet" href="/widget.css"><body><script>{RULES}</script><script type="module">
import made from "/widget.js";
const widget = typeof made === "function" ? made() : made;
window.show = (state) => {{
  const section = document.createElement("section");
  document.body.append(section);
  const model = new Model(state);
  widget.initialize?.({{ model }});
  const close = widget.render({{ model, el: section }});
  section.querySelector(".dw-token")?.focus(); // opens the card of what it was chosen from
  return {{ section, close: () => (close?.(), section.remove()) }};
}};
window.isReady = true;
</script>"""
CHECK_VIEWS = """([states, ruled]) => {
  let plain;
  const faults = states.map((state) => {
    const { section, close } = show(state);
    const inner = section.querySelector(ruled || "nothing");
    inner?.querySelectorAll(".dw-copy").forEach((each) => each.remove()); // of code: the widget's own
    const found = inner ? [...inner.querySelectorAll("*")].flatMap(faultsOf) : [];
    inner?.replaceChildren();
    plain ??= kinds(section);
    found.push(...[...kinds(section)].filter((each) => !plain.has(each)));
    close();
    return found;
  });
  return { faults, left: document.querySelectorAll("section").length, hacked: window.hacked ?? null };
}"""


@few_and_all
@pytest.mark.parametrize("name", VIEWS)
def test_a_part_of_the_widget_shows_them_as_text(watched, name, payloads):
    widget, state = VIEWS[name]
    strangers = open_bare_page(watched, OPEN_VIEW, widget)
    texts = [HARMLESS, *payloads]
    # A finished answer is Markdown; its buttons are the widget's own.
    ruled = ".dw-html" if name == "response" else ""
    result = watched.evaluate(CHECK_VIEWS, [[state(text) for text in texts], ruled])
    faults = [(text, found) for text, found in zip(texts, result["faults"], strict=True) if found]
    assert faults[:5] == []
    assert (result["left"], result["hacked"], strangers) == (0, None, [])


NBCONVERT = ("mathjax_url", "require_js_url", "jquery_url", "widget_renderer_url", "mermaid_js_url")
CHECK_OUTPUTS = """() => {
  const outputs = [...document.querySelectorAll(".jp-OutputArea-output")];
  const faults = outputs.flatMap((output, n) => {
    const found = [...output.querySelectorAll("*")].flatMap(faultsOf);
    return found.length ? [[n, found]] : [];
  });
  return { faults, outputs: outputs.length, hacked: window.hacked ?? null };
}"""


def test_a_notebook_saved_as_a_page_holds_them_as_text(watched):
    outputs = [show(text) for show in EMITTED.values() for text in SAMPLE]
    # What its pages fetch from elsewhere is not ours.
    exporter = HTMLExporter(**dict.fromkeys(NBCONVERT, f"{ORIGIN}/none.js"))
    page, _ = exporter.from_notebook_node(notebook_of(*outputs))
    serve(watched, page.replace("<head>", f"<head><script>{RULES}</script>", 1))
    result = watched.evaluate(CHECK_OUTPUTS)
    assert [(outputs[number], found) for number, found in result["faults"]][:5] == []
    assert (result["outputs"], result["hacked"]) == (len(outputs), None)
