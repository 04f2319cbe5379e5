"""The instruction's box on a bare page, with a model that behaves as anywidget's does and a kernel that is silent."""

import pytest
from bare_page import open_bare_page

from dolly_widget.widget.ask.composer import Composer

pytestmark = pytest.mark.browser

PAGE = """<link rel="stylesheet" href="/widget.css">
<body><div class="dw-widget"><div id="one"></div><button id="other">Other</button></div>
<button id="outside">Outside</button><script type="module">
import widget from "/widget.js";
const examples = ["One?", "Two <b>?"];
window.model = new Model({ instruction: "", placeholder: "Write", examples, state: "ready", recall: "" });
window.remove = widget.render({ model, el: document.getElementById("one") });
// What JupyterLab would get to see.
window.heard = [];
document.addEventListener("keydown", (event) => heard.push(event.key), true);
window.isReady = true;
</script>"""
WAITING = ".dw-waiting"


@pytest.fixture
def view(page):
    assert open_bare_page(page, PAGE, Composer) == []
    return page


def box(view):
    return view.locator("textarea")


def sent(view):
    return view.evaluate("model.sent")


@pytest.mark.parametrize("key", ["Enter", "Control+Enter", "Meta+Enter"])
def test_enter_sends_what_is_in_the_box_and_nobody_else_hears_it(view, key):
    box(view).fill("Who?")
    box(view).press(key)
    assert sent(view) == [{"kind": "submit", "instruction": "Who?"}]
    assert "Enter" not in view.evaluate("heard")


@pytest.mark.parametrize("key", ["Shift+Enter", "Alt+Enter"])
def test_a_new_line_goes_where_the_caret_is(view, key):
    box(view).fill("onetwo")
    view.evaluate("document.querySelector('textarea').setSelectionRange(3, 3)")
    box(view).press(key)
    assert box(view).input_value() == view.evaluate("model.get('instruction')") == "one\ntwo"
    assert (sent(view), "Enter" in view.evaluate("heard")) == ([], False)


def test_the_enter_that_ends_an_input_method_s_word_sends_nothing(view):
    box(view).fill("日本")
    for sign in ("isComposing: true", "keyCode: 229"):  # Safari's has the other one
        box(view).evaluate(
            f"box => box.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', bubbles: true, {sign} }}))"
        )
    assert sent(view) == []


def test_other_keys_are_not_taken(view):
    box(view).press("a")
    view.locator("#outside").press("Escape")
    view.evaluate("model.set('state', 'answering')")
    view.locator("#outside").press("Escape")
    assert sent(view) == []
    assert view.evaluate("heard") == ["a", "Escape", "Escape"]


def test_escape_stops_wherever_the_focus_is_in_the_widget_and_only_while_there_is_an_answer(view):
    view.locator("#other").press("Escape")
    assert sent(view) == []
    view.evaluate("model.set('state', 'answering')")
    view.locator("#other").press("Escape")
    assert sent(view) == [{"kind": "stop"}]
    view.evaluate("model.set('state', 'stopping')")
    view.locator("#other").press("Escape")
    assert sent(view) == [{"kind": "stop"}]


def test_enter_while_answering_neither_stops_nor_submits(view):
    box(view).fill("next")
    view.evaluate("model.set('state', 'answering')")
    box(view).press("Enter")
    assert sent(view) == []
    assert box(view).input_value() == "next"


def test_an_example_is_text_and_fills_the_box(view):
    view.get_by_role("button", name="Two <b>?").click()
    assert box(view).input_value() == view.evaluate("model.get('instruction')") == "Two <b>?"
    assert view.evaluate("document.activeElement.localName") == "textarea"


def test_what_is_typed_after_a_chat_has_submitted_stays(view):
    box(view).fill("First.")
    box(view).press("Enter")
    box(view).press_sequentially("Nex")
    view.evaluate("model.set('state', 'answering'); model.set('instruction', '')")  # the chat empties the box
    assert box(view).input_value() == view.evaluate("model.get('instruction')") == "Nex"
    view.evaluate("model.set('instruction', '')")
    assert box(view).input_value() == ""


def test_the_reader_can_undo_what_an_example_replaced(view):
    box(view).press_sequentially("My draft.")
    view.get_by_role("button", name="One?").click()
    box(view).press("Control+z")
    assert box(view).input_value() == "My draft."


def test_without_a_kernel_no_key_does_anything(view):
    box(view).fill("Who?")
    view.evaluate("document.querySelector('textarea').readOnly = true; model.set('recall', 'Old.')")
    for key in ("Enter", "Shift+Enter", "ArrowUp", "Escape"):
        box(view).press(key)
    assert (sent(view), box(view).input_value()) == ([], "Who?")


def test_a_silent_kernel_is_told_of_until_it_is_heard(view):
    box(view).fill("Who?")
    box(view).press("Enter")
    view.wait_for_function("document.querySelector('.dw-waiting').textContent.includes('kernel is busy')")
    view.evaluate("model.tell('msg:custom')")
    assert view.locator(WAITING).inner_text() == ""


def test_a_text_from_python_replaces_the_box_and_its_caret_stays_where_it_is_the_same(view):
    box(view).fill("typed")
    view.evaluate("document.querySelector('textarea').setSelectionRange(2, 2); model.set('instruction', 'typed ')")
    view.evaluate("model.set('instruction', 'from Python\\r\\nline')")
    assert box(view).input_value() == "from Python\nline"
    view.evaluate("document.querySelector('textarea').setSelectionRange(4, 4); model.tell('change:instruction')")
    assert view.evaluate("document.querySelector('textarea').selectionStart") == 4


def test_nothing_is_left_behind_when_the_view_is_removed(view):
    view.evaluate("remove()")
    assert view.evaluate("model.listeners.length") == 0
    assert view.locator(".dw-composer").count() == 0
    view.locator("#other").press("Escape")
    assert sent(view) == []
