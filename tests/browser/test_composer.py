"""The instruction's box on a bare page, with a model that behaves as anywidget's does and a kernel that is silent."""

import pytest
from bare_page import open_bare_page
from playwright.sync_api import expect

from dolly_widget.widget.ask.composer import Composer

pytestmark = pytest.mark.browser

PAGE = """<link rel="stylesheet" href="/widget.css">
<body><div class="dw-widget"><div id="one"></div><button id="other">Other</button></div>
<button id="outside">Outside</button><script type="module">
import widget from "/widget.js";
const examples = ["One?", "Two <b>?"];
window.model = new Model({
  instruction: "", placeholder: "Write", examples, are_examples_open: true, state: "ready", recalled: [],
  queued: "", editing: "", is_chat: false, can_undo: false,
});
window.remove = widget.render({ model, el: document.getElementById("one") });
// What JupyterLab would get to see.
window.heard = [];
document.addEventListener("keydown", (event) => heard.push(event.key), true);
window.isReady = true;
</script>"""
WAITING = ".dw-waiting"
# Of the button's text, as WCAG 2 has it. The first background that is not transparent counts.
CONTRAST = """button => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  let around = button, back = parse(getComputedStyle(button).backgroundColor);
  while (back.length === 4 && back[3] === 0 && (around = around.parentElement))
    back = parse(getComputedStyle(around).backgroundColor);
  const fore = parse(getComputedStyle(button).color), alpha = fore[3] ?? 1;
  const mixed = [0, 1, 2].map((i) => fore[i] * alpha + back[i] * (1 - alpha));
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = (rgb) => rgb.map((value) => linear(value / 255))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const [high, low] = [light(mixed), light(back)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}"""


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


def test_enter_while_answering_asks_next(view):
    box(view).fill("next")
    view.evaluate("model.set('state', 'answering')")
    box(view).press("Enter")
    assert sent(view) == [{"kind": "queue", "instruction": "next"}]
    view.evaluate("model.set('state', 'stopping')")
    box(view).press("Enter")
    assert len(sent(view)) == 1
    assert box(view).input_value() == "next"


def test_enter_while_answering_asks_nothing_of_an_empty_box(view):
    view.evaluate("model.set('state', 'answering')")
    box(view).fill(" ")
    box(view).press("Enter")
    assert sent(view) == []


def test_what_is_asked_next_is_seen_and_can_be_taken_back(view):
    view.evaluate("model.set('queued', 'Two <b>?')")
    line = view.locator(".dw-box-row", has_text="Next")
    expect(line).to_contain_text("Two <b>?")
    view.get_by_role("button", name="Take back").click()
    assert sent(view) == [{"kind": "unqueue"}]
    assert view.evaluate("document.activeElement.localName") == "textarea"
    view.evaluate("model.set('queued', '')")
    expect(line).to_be_hidden()


def test_which_question_is_changed_is_seen_and_can_be_left(view):
    view.evaluate("model.set('editing', 'question 2')")
    expect(view.locator(".dw-box-row", has_text="Editing")).to_contain_text("question 2")
    view.get_by_role("button", name="Leave the question as it was").click()
    assert sent(view) == [{"kind": "stop_editing"}]


def test_a_chat_is_begun_anew_and_that_can_be_undone(view):
    view.evaluate("model.set({ is_chat: true, can_undo: false })")
    expect(view.get_by_role("button", name="Undo")).to_be_hidden()
    view.get_by_role("button", name="New chat").click()
    view.evaluate("model.set('can_undo', true)")
    view.get_by_role("button", name="Undo").click()
    assert sent(view) == [{"kind": "clear"}, {"kind": "undo"}]


def test_examples_fold_to_a_line_that_opens_them(view):
    view.evaluate("model.set('are_examples_open', false)")
    expect(view.get_by_role("button", name="One?")).to_be_hidden()
    view.get_by_role("button", name="Examples").click()
    expect(view.get_by_role("button", name="One?")).to_be_visible()
    assert view.evaluate("model.get('are_examples_open')")


@pytest.mark.parametrize("state", ["answering", "stopping"])
def test_stop_can_be_read_under_the_pointer(view, state):
    view.evaluate("state => model.set('state', state)", state)
    button = view.locator(".dw-submit")
    for _ in range(2):  # away from it, then under the pointer
        ratio = button.evaluate(CONTRAST)
        assert ratio >= 4.5
        button.hover()


UP, DOWN = "ArrowUp", "ArrowDown"


def test_the_arrows_go_through_all_earlier_instructions(view):
    view.evaluate("model.set('recalled', ['third', 'second', 'first'])")
    seen = []
    for key in (UP, UP, UP, UP, DOWN, DOWN, DOWN, DOWN):
        box(view).press(key)
        seen.append(box(view).input_value())
    assert seen == ["third", "second", "first", "first", "second", "third", "", ""]


def test_the_arrows_leave_a_text_of_the_reader_alone(view):
    view.evaluate("model.set('recalled', ['earlier'])")
    box(view).fill("mine")
    box(view).press(UP)
    assert box(view).input_value() == "mine"
    box(view).fill("")
    box(view).press(UP)
    box(view).press("x")
    box(view).press(UP)
    assert box(view).input_value() == "earlierx"


def test_within_the_lines_of_an_earlier_instruction_the_arrows_move_the_caret(view):
    view.evaluate("model.set('recalled', ['a\\nb', 'older'])")
    box(view).press(UP)
    box(view).press(UP)  # from the second line to the first
    assert box(view).input_value() == "a\nb"
    box(view).press(UP)
    assert box(view).input_value() == "older"


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
    view.evaluate("document.querySelector('textarea').readOnly = true; model.set('recalled', ['Old.'])")
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
