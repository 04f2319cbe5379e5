"""What becomes of the focus when the control that has it is disabled, hidden or removed: it stays in the widget."""

import pytest
from bare_page import open_bare_page

from dolly_widget.widget.page.access import Access

pytestmark = pytest.mark.browser

PAGE = """<body><div class="dw-widget"><div id="part"></div>
<div id="panel"><div id="row"><button id="control">Control</button></div><button id="next">Next</button></div></div>
<button id="outside">Outside</button>
<script type="module">
import widget from "/widget.js";
const part = document.getElementById("part");
widget.render({ model: new Model({}), el: part });
window.get = (id) => document.getElementById(id);
window.focused = () => document.activeElement.id;
window.changed = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
await changed();
window.isReady = true;
</script>"""
LOSE = {
    "disabled": "get('control').disabled = true",
    "hidden": "get('control').hidden = true",
    "removed": "get('control').remove()",
    "inert": "get('control').inert = true",
}


@pytest.fixture
def view(page):
    assert open_bare_page(page, PAGE, Access) == []
    page.locator("#control").focus()
    return page


def after(view, change):
    """The id of what has the focus after a change of the page."""
    return view.evaluate(f"async () => {{ {change}; await changed(); return focused() }}")


@pytest.mark.parametrize("change", LOSE.values(), ids=LOSE)
def test_what_is_nearest_around_borrows_the_focus(view, change):
    assert after(view, change) == "row"


def test_what_is_removed_with_all_around_it_leaves_the_focus_to_what_is_left(view):
    assert after(view, "get('row').remove()") == "panel"


@pytest.mark.parametrize("name", [name for name in LOSE if name != "removed"])
def test_a_control_has_the_focus_again_once_it_can(view, name):
    after(view, LOSE[name])
    back = LOSE[name].replace("true", "false")
    assert after(view, back) == "control"


def test_what_borrows_can_itself_be_lost_and_the_control_still_gets_the_focus_back(view):
    after(view, "get('control').disabled = true")
    assert after(view, "get('row').hidden = true") == "panel"
    assert after(view, "get('row').hidden = false; get('control').disabled = false") == "control"
    after(view, "get('control').disabled = true")
    assert after(view, "get('row').remove()") == "panel"


def test_tab_goes_on_from_what_borrows(view):
    after(view, "get('control').remove()")
    view.keyboard.press("Tab")
    assert view.evaluate("focused()") == "next"


def test_what_can_be_reached_by_tab_still_can_after_it_has_borrowed(view):
    view.evaluate("get('row').tabIndex = 0")
    assert after(view, "get('control').disabled = true") == "row"
    assert view.evaluate("get('row').tabIndex") == 0


def test_a_reader_who_has_gone_elsewhere_stays_there(view):
    view.locator("#outside").focus()
    assert after(view, "get('control').remove()") == "outside"


def test_a_reader_who_has_clicked_beside_all_controls_is_left_alone(view):
    view.mouse.click(600, 500)
    assert after(view, "get('control').remove()") == ""


def test_another_control_that_takes_the_focus_keeps_it(view):
    after(view, "get('control').disabled = true")
    view.locator("#next").focus()
    assert after(view, "get('control').disabled = false") == "next"
