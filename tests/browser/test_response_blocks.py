"""An answer whose blocks are shown as they end: nothing that is there is made anew. On a bare page."""

import pytest
from comms import keeping
from playwright.sync_api import expect
from response_page import append, is_at_end, open_page, send

from dolly_widget.text.markdown import markdown_to_html
from dolly_widget.widget.answer.response import ResponseView

pytestmark = pytest.mark.browser

ANSWER = """# A head

Some **bold** text \U0001f411.

- one
- two
- three

1. first

2. second

| a | b |
|---|--:|
| 1 | 2 |
| 3 | 4 |

```python
x = "<b>"
print(x)
```

- [x] done

The end of it, with `code`."""


@pytest.fixture
def kernel(monkeypatch):
    """A view in the kernel, and what it has sent."""
    sent = []
    monkeypatch.setattr("comm.create_comm", keeping(sent))
    widget = ResponseView()
    sent.clear()
    widget.sent = sent
    yield widget
    widget.close()


def deliver(page, kernel):
    while kernel.sent:
        message = kernel.sent.pop(0)
        if message["method"] == "custom":
            page.evaluate("message => model.tell('msg:custom', message)", message["content"])
        else:
            send(page, **message["state"])


def stream(page, kernel, text, size=5):
    kernel.begin()
    for end in range(size, len(text) + size, size):
        kernel.text = text[:end]
        deliver(page, kernel)


def finish(page, kernel, text):
    kernel.finish(text)
    deliver(page, kernel)


# What is shown, without what rendered.js adds to it.
BARE = """() => {
    const copy = $(".dw-html").cloneNode(true);
    copy.querySelectorAll(".dw-code").forEach((e) => e.replaceWith(e.querySelector("pre")));
    copy.normalize();
    return copy.innerHTML;
}"""
PARSED = "html => { const d = document.createElement('div'); d.innerHTML = html; d.normalize(); return d.innerHTML }"


@pytest.mark.parametrize("size", [1, 5, 37, 1000])
def test_it_ends_as_the_whole_answer(view, kernel, size):
    stream(view, kernel, ANSWER, size)
    finish(view, kernel, ANSWER)
    assert view.evaluate(BARE) == view.evaluate(PARSED, markdown_to_html(ANSWER))
    assert not view.locator(".dw-text").is_visible()
    assert view.evaluate("model.sent") == []


def test_what_has_ended_is_rendered_and_the_rest_is_text(view, kernel):
    stream(view, kernel, "Some **bold** text.\n\n- one\n- two\n- th")
    assert view.locator(".dw-html p").inner_text() == "Some bold text."
    assert view.locator(".dw-html li").all_inner_texts() == ["one"]
    assert view.locator(".dw-text").inner_text() == "- two\n- th"


def test_code_grows_where_it_stands(view, kernel):
    stream(view, kernel, "```python\nx = 1\ny = ", 1)
    assert view.locator(".dw-html pre code").inner_text() == "x = 1\ny = "
    assert view.evaluate("$('.dw-html code').childNodes.length") == 1
    assert not view.locator(".dw-text").is_visible()


def test_no_element_is_made_twice(view, kernel):
    stream(view, kernel, ANSWER[: ANSWER.index("The end")])
    view.evaluate("() => { window.before = [...document.querySelectorAll('.dw-html *')] }")
    kernel.text = ANSWER[: ANSWER.index("The end") + 9]
    deliver(view, kernel)
    finish(view, kernel, ANSWER)
    assert view.evaluate("before.length > 20 && before.every((element) => element.isConnected)")


def test_a_selection_in_what_has_ended_survives_to_the_end(view, kernel):
    stream(view, kernel, ANSWER[:60])
    view.evaluate("select($('.dw-html p strong').firstChild, 0, 3)")
    for end in range(61, len(ANSWER), 7):
        kernel.text = ANSWER[:end]
        deliver(view, kernel)
    finish(view, kernel, ANSWER)
    assert view.evaluate("document.getSelection().toString()") == "bol"
    assert view.evaluate(BARE) == view.evaluate(PARSED, markdown_to_html(ANSWER))


def test_what_is_selected_of_the_rest_waits_and_then_all_comes(view, kernel):
    stream(view, kernel, "Some **bold** te")
    view.evaluate("select($('.dw-text').firstChild, 0, 4)")
    text = "Some **bold** text.\n\nMore of it.\n\nEnd"
    kernel.text = text
    deliver(view, kernel)
    finish(view, kernel, text)
    assert view.evaluate("document.getSelection().toString()") == "Some"
    assert view.locator(".dw-text").inner_text() == text
    view.evaluate("document.getSelection().removeAllRanges()")
    expect(view.locator(".dw-html p")).to_have_text(["Some bold text.", "More of it.", "End"])
    assert not view.locator(".dw-text").is_visible()


def test_a_view_that_comes_late_goes_on_with_the_others(view, kernel):
    stream(view, kernel, ANSWER[:70])
    view.evaluate("() => { window.removeSecond = show('two') }")
    kernel.text = ANSWER[:150]
    deliver(view, kernel)
    finish(view, kernel, ANSWER)
    assert view.evaluate("$('#one .dw-html').innerHTML === $('#two .dw-html').innerHTML")


def test_operations_that_come_twice_are_done_once_and_a_gap_is_asked_for(view):
    send(view, text="", html="", rendered=0, is_streaming=True)
    message = {"append": "a\n\n", "at": 0, "operations": [{"html": "<p>a</p>\n"}], "n_before": 0, "rendered": 2}
    for _ in range(2):
        view.evaluate("message => model.tell('msg:custom', message)", message)
    assert view.locator(".dw-html p").all_inner_texts() == ["a"]
    append(view, "b", 3)
    assert view.locator(".dw-text").inner_text().strip() == "b"
    view.evaluate("m => model.tell('msg:custom', m)", {**message, "append": "c", "at": 4, "n_before": 4})
    assert view.evaluate("model.sent") == [{"event": "lost"}]


def test_each_code_has_a_button_that_copies_it(view, kernel):
    stream(view, kernel, ANSWER)
    finish(view, kernel, ANSWER)
    clipboard = "{ value: { writeText: async (text) => { window.copied = text } } }"
    view.evaluate(f"() => {{ Object.defineProperty(navigator, 'clipboard', {clipboard}) }}")
    button = view.get_by_role("button", name="Copy the code (python)")
    button.focus()
    view.keyboard.press("Enter")
    expect(button).to_have_text("Copied")
    assert view.evaluate("copied") == 'x = "<b>"\nprint(x)'
    expect(view.locator("[role=log]")).to_contain_text("Copied")


def test_a_wide_table_and_code_scroll_within_themselves(view, kernel):
    view.set_viewport_size({"width": 420, "height": 700})
    wide = f"|{'a wide cell|' * 12}\n|{'-|' * 12}\n\n```\n{'x' * 300}\n```\n\n\\[{'x+' * 200}y\\]\n\nEnd"
    stream(view, kernel, wide, 50)
    finish(view, kernel, wide)
    assert view.evaluate("$('.dw-response').scrollWidth <= $('.dw-response').clientWidth")
    assert view.evaluate("document.documentElement.scrollWidth <= 420")


def test_in_a_conversation_it_is_the_conversation_that_scrolls(page, kernel):
    open_page(page)
    page.evaluate("""() => {
        $('#one').className = 'dw-conversation';
        $('#one').style = 'height: 300px; overflow: auto';
        show('one');
        window.box = $('#one');
    }""")
    stream(page, kernel, "line\n\n" * 40, 60)
    assert page.evaluate("box.scrollHeight - box.clientHeight - box.scrollTop <= 1 && box.scrollTop > 100")
    assert page.evaluate("$('.dw-response').scrollHeight === $('.dw-response').clientHeight")
    page.evaluate("async () => { box.scrollTop = 50; await frame(); await frame() }")
    kernel.text = "line\n\n" * 60
    deliver(page, kernel)
    assert page.evaluate("box.scrollTop") == 50


def test_reasoning_is_folded_and_streams_in_while_it_is_open(view, kernel):
    kernel.begin()
    kernel.reasoning = "Hm <b>"
    deliver(view, kernel)
    summary = view.locator(".dw-reasoning summary")
    assert summary.inner_text() == "Thinking…"
    assert not view.locator(".dw-reasoning-text").is_visible()
    summary.click()
    kernel.reasoning = "Hm <b> and on"
    deliver(view, kernel)
    expect(view.locator(".dw-reasoning-text")).to_have_text("Hm <b> and on")
    kernel.text = "Yes."
    deliver(view, kernel)
    kernel.finish("Yes.", reasoning="Hm <b> and on.", thought="Thought for 3.2 s · 4 tokens")
    deliver(view, kernel)
    assert summary.inner_text() == "Thought for 3.2 s · 4 tokens"
    expect(view.locator(".dw-reasoning-text")).to_have_text("Hm <b> and on.")
    assert view.locator(".dw-html").inner_text().strip() == "Yes."
    kernel.begin()
    deliver(view, kernel)
    assert not summary.is_visible()


def test_the_page_is_told_of_thinking_once(view, kernel):
    kernel.begin()
    for thought in ("a", "a b", "a b c"):
        kernel.reasoning = thought
        deliver(view, kernel)
    expect(view.locator("[role=log] > div")).to_have_text(["Thinking."])


def test_a_long_answer_is_followed(view, kernel):
    stream(view, kernel, "- item\n" * 80, 30)
    assert is_at_end(view)
    finish(view, kernel, "- item\n" * 80)
    assert is_at_end(view)
