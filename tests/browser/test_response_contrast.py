"""Every text of the output area has 4.5:1 (WCAG 2.2, 1.4.3) in JupyterLab's own themes. On a bare page."""

from pathlib import Path

import pytest
from jupyterlab.commands import get_app_dir
from response_page import send

from dolly_widget.text.markdown import markdown_to_html

pytestmark = pytest.mark.browser

CODE = """# comment
@decorator
def name(x: int) -> str:
    return "text" + str(x * 1.5) and None  # rest
"""
DIFF = "-taken\n+added\n"
ANSWER = (
    f"# Head\n[link](http://a.example/)\n\n> quoted `code`\n\n- item\n\n```python\n{CODE}```\n\n```diff\n{DIFF}```\n"
)

# The luminance and contrast of WCAG 2.2; a canvas mixes what is translucent.
CONTRASTS = """() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const paint = (colours) => {
        context.clearRect(0, 0, 1, 1);
        for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => value / 255);
    };
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const luminance = (rgb) => 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
    const contrast = (element, pseudo) => {
        const grounds = ["white"];
        const ancestors = [];
        for (let each = element; each; each = each.parentElement) ancestors.unshift(each);
        for (const each of ancestors) grounds.push(getComputedStyle(each).backgroundColor);
        const [a, b] = [paint(grounds), paint([...grounds, getComputedStyle(element, pseudo).color])]
            .map(luminance).sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };
    const found = {};
    const note = (name, value) => (found[name] = Math.min(value, found[name] ?? 21));
    for (const element of document.querySelectorAll(".dw-response-frame *")) {
        if (element.disabled || !element.checkVisibility() || element.closest("[aria-hidden], .dw-spoken")) continue;
        const name = `${element.localName}.${element.className}`;
        if ([...element.childNodes].some((node) => node.nodeType === 3)) note(name, contrast(element));
        if (element.dataset.lang) note(`label of ${name}`, contrast(element, "::before"));
    }
    return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_can_be_read(view, theme):
    style = Path(get_app_dir()) / "themes" / "@jupyterlab" / f"theme-{theme}-extension" / "index.css"
    view.add_style_tag(content=style.read_text())
    contrasts = view.evaluate(CONTRASTS)
    send(view, text=ANSWER, html=markdown_to_html(ANSWER), code="a", note="Stopped.")
    contrasts |= view.evaluate(CONTRASTS)
    assert {"div.dw-placeholder", "div.dw-ending", "span.", "label of pre.", "span.c1", "span.gd"} <= set(contrasts)
    assert {name: round(value, 2) for name, value in contrasts.items() if value < 4.5} == {}
