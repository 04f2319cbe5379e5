"""axe-core finds nothing, in any state, in any theme."""

import pytest
from axe import COLOURS, EVERYTHING, violations
from lab import SHARED
from states import STATES

pytestmark = pytest.mark.browser

# The last is the one that other tests find.
THEMES = ("JupyterLab Dark", "JupyterLab Dark High Contrast", "JupyterLab Light")
CHANGE_THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
HAS_CHANGED = "theme => document.body.dataset.jpThemeName === theme"
# They replace something in it, or never end.
SPOIL_THE_KERNEL = ("loading", "converting", "fetching", "stopping", "stored")


def bring_to(lab, page, name):
    notebook = lab.open(page, [STATES[name].source], f"{name}.ipynb" if name in SPOIL_THE_KERNEL else SHARED)
    notebook.run(0)
    page.locator(".dw-widget").first.wait_for(timeout=60_000)
    STATES[name].reach(page, lab)


# Those that share a notebook come one after another: it stays open.
@pytest.mark.parametrize("name", sorted(STATES, key=SPOIL_THE_KERNEL.__contains__))
def test_axe_finds_nothing(lab, page, name):
    bring_to(lab, page, name)
    found = {}
    for theme in THEMES:
        page.evaluate(CHANGE_THEME, theme)
        page.wait_for_function(HAS_CHANGED, arg=theme)
        found[theme] = violations(page, rules=COLOURS if found else EVERYTHING)
    assert not any(found.values()), found


def test_axe_finds_what_is_wrong(lab, page):
    """Else nothing found would mean nothing."""
    bring_to(lab, page, "idle")
    page.locator(".dw-widget").evaluate(
        "root => { root.insertAdjacentHTML('beforeend', '<select></select>');"
        "root.querySelector('.dw-keys').style.color = '#ddd' }"
    )
    found = "\n".join(violations(page))
    assert "select-name" in found
    assert "color-contrast" in found
    (contrast,) = violations(page, rules=COLOURS)
    assert contrast.startswith("color-contrast")
