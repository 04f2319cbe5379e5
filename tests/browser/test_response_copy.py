"""What the output area's buttons put on the clipboard, and what they say. On a bare page, without a secure context."""

import pytest
from playwright.sync_api import expect
from response_page import send

from dolly_widget.text.markdown import markdown_to_html

pytestmark = pytest.mark.browser

CLIPBOARD = """isAllowed => {
    window.copied = [];
    const writeText = async (text) => { if (!isAllowed) throw new Error("refused"); copied.push(text); };
    Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
}"""
# The selection of a field is not the document's.
WITHOUT_CLIPBOARD = """() => {
    window.copied = [];
    document.addEventListener("copy", ({ target: field }) => {
        copied.push(field.value?.slice(field.selectionStart, field.selectionEnd));
    });
}"""


def copy_button(view):
    return view.get_by_role("button", name="Copy the answer")


def code_button(view):
    return view.get_by_role("button", name="Copy as code")


def test_copy_gives_the_markdown_source(view):
    view.evaluate(CLIPBOARD, True)
    send(view, text="**bold**", html=markdown_to_html("**bold**"), note="Stopped.")
    copy_button(view).click()
    expect(copy_button(view)).to_have_text("Copied")
    assert view.evaluate("copied") == ["**bold**"]


def test_copy_while_streaming_gives_the_text_so_far(view):
    view.evaluate(CLIPBOARD, True)
    send(view, text="half of", is_streaming=True)
    copy_button(view).click()
    assert view.evaluate("copied") == ["half of"]


def test_copy_rests_while_there_is_nothing_to_copy(view):
    expect(copy_button(view)).to_be_disabled()
    send(view, text="a")
    expect(copy_button(view)).to_be_enabled()


def test_copy_as_code_is_there_with_the_code(view):
    view.evaluate(CLIPBOARD, True)
    expect(code_button(view)).to_have_count(0)
    send(view, text="a", html="<p>a</p>", code='ask("<b>")')
    code_button(view).click()
    expect(code_button(view)).to_have_text("Copied")
    assert view.evaluate("copied") == ['ask("<b>")']
    send(view, code="")
    expect(code_button(view)).to_have_count(0)


@pytest.mark.parametrize("prepare", ["", f"({CLIPBOARD})(false)"], ids=["missing", "refused"])
def test_without_a_clipboard_it_copies_all_the_same(view, prepare):
    view.evaluate(f"() => {{ {prepare} }}")
    view.evaluate(WITHOUT_CLIPBOARD)
    send(view, text="two\nlines")
    copy_button(view).click()
    expect(copy_button(view)).to_have_text("Copied")
    assert view.evaluate("copied") == ["two\nlines"]
    expect(copy_button(view)).to_be_focused()
    assert view.locator("textarea").count() == 0


def test_where_all_else_fails_the_reader_copies(view):
    view.evaluate(WITHOUT_CLIPBOARD)
    view.evaluate("() => { document.execCommand = () => false }")
    send(view, text="by hand")
    copy_button(view).click()
    expect(copy_button(view)).to_have_text("Press Ctrl+C")
    view.keyboard.press("Control+c")
    expect(copy_button(view)).to_have_text("Copied")
    assert view.evaluate("copied") == ["by hand"]
    assert view.locator("textarea").count() == 0


def test_a_reader_who_goes_elsewhere_leaves_nothing_behind(view):
    view.evaluate("() => { document.execCommand = () => false }")
    send(view, text="by hand")
    copy_button(view).click()
    view.locator(".dw-response").focus()
    expect(copy_button(view)).to_have_text("Copy")
    assert view.locator("textarea").count() == 0


def test_the_word_passes_and_moves_no_button(view):
    view.clock.install()
    send(view, text="a", code="b")
    boxes = [button(view).bounding_box() for button in (copy_button, code_button)]
    for button in (copy_button, code_button):
        button(view).click()
        expect(button(view)).to_have_text("Copied")
    assert [button(view).bounding_box() for button in (copy_button, code_button)] == boxes
    view.clock.fast_forward(5000)
    expect(copy_button(view)).to_have_text("Copy")
    expect(code_button(view)).to_have_text("Copy as code")


def test_without_a_clipboard_it_copies_while_the_click_is_handled(view):
    """Not every browser allows it any later."""
    send(view, text="a")
    assert view.evaluate("""() => {
        let isCopied = false;
        document.execCommand = () => (isCopied = true);
        $(".dw-copy:enabled:not([hidden])").click();
        return isCopied;
    }""")


def test_a_screen_reader_hears_that_it_was_copied(view):
    send(view, text="a")
    copy_button(view).click()
    expect(view.get_by_role("log")).to_have_text("Copied")


def test_the_buttons_are_above_the_text_on_a_narrow_page(view):
    view.set_viewport_size({"width": 360, "height": 600})
    send(view, text="word " * 200, code="a")
    tools, text = (view.locator(selector).bounding_box() for selector in (".dw-tools", ".dw-text"))
    assert tools["y"] + tools["height"] <= text["y"]
    assert tools["x"] + tools["width"] <= 360


def test_selecting_all_takes_neither_buttons_nor_note(view):
    send(view, text="answer", html="<p>answer</p>", code="a", note="Stopped.")
    view.keyboard.press("Control+a")
    selected = view.evaluate("document.getSelection().toString()")
    assert "answer" in selected
    assert "Copy" not in selected
    assert "Stopped." not in selected
