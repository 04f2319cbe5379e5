"""The button that attaches files, on a bare page: what the page says to the kernel."""

import pytest
from bare_page import open_bare_page

from dolly_widget.widget.ask.attachment import Attachment

pytestmark = pytest.mark.browser

PAGE = """<link rel="stylesheet" href="/widget.css">
<body><div class="dw-widget"><textarea id="context"></textarea><div id="one"></div></div>
<p id="outside">Outside</p><script type="module">
import widget from "/widget.js";
window.model = new Model({ accept: ".txt", max_bytes: 3 * 2 ** 20, is_reading: false, note: "", is_wrong: false,
  remedy: "", is_attached: false });
window.sizes = [];
const send = model.send.bind(model);
model.send = (content, callbacks, buffers) => {
  if (buffers) sizes.push(buffers[0].byteLength);
  send(content);
};
window.remove = widget.render({ model, el: document.getElementById("one") });
window.isReady = true;
</script>"""
DROP = """(place) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File(["Hello"], "a <b>.txt"));
  const event = (type) => new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
  const target = document.querySelector(place);
  target.dispatchEvent(event("dragover"));
  const isMarked = document.querySelector(".dw-attachment").classList.contains("dw-is-over");
  return [isMarked, !target.dispatchEvent(event("drop"))];
}"""


@pytest.fixture
def view(page):
    assert open_bare_page(page, PAGE, Attachment) == []
    return page


def kinds(view):
    return view.evaluate("model.sent.map(each => each.kind)")


def choose(view, *files):
    view.locator("input").set_input_files(
        [{"name": name, "mimeType": "text/plain", "buffer": data} for name, data in files]
    )


def test_a_file_is_sent_in_parts_of_a_megabyte(view):
    choose(view, ("a.txt", b"x" * (2**20 * 2 + 7)), ("b.txt", b"y"))
    view.wait_for_function("model.sent.filter(each => each.kind === 'end').length === 2")
    assert kinds(view) == ["begin", "part", "part", "part", "end", "begin", "part", "end"]
    assert view.evaluate("sizes") == [2**20, 2**20, 7, 1]
    begun = view.evaluate("model.sent.filter(each => each.kind === 'begin')")
    assert [(each["name"], each["size"]) for each in begun] == [("a.txt", 2**21 + 7), ("b.txt", 1)]
    assert len({each["id"] for each in begun}) == 2
    assert view.get_by_role("status").inner_text() == "Reading b.txt…"


def test_one_that_is_too_large_is_not_sent(view):
    choose(view, ("large.txt", b"x" * (3 * 2**20 + 1)))
    status = view.get_by_role("status")
    status.filter(has_text="large.txt has more than 3 MB").wait_for()
    assert kinds(view) == []
    view.evaluate("model.set('note', 'a.txt · 3 tokens')")
    assert status.inner_text() == "a.txt · 3 tokens"


def test_what_is_dropped_beside_is_sent_and_what_is_dropped_elsewhere_is_not_ours(view):
    assert view.evaluate(DROP, "#outside") == [False, False]
    assert kinds(view) == []
    assert view.evaluate(DROP, "#context") == [True, True]
    view.wait_for_function("model.sent.some(each => each.kind === 'end')")
    assert kinds(view) == ["begin", "part", "end"]
    assert view.locator(".dw-is-over").count() == 0
    assert view.locator(".dw-attachment b").count() == 0


def test_the_buttons_say_what_they_do_and_are_there_when_they_help(view):
    buttons = view.get_by_role("button")
    assert buttons.all_inner_texts() == ["Attach a file"]
    view.evaluate("model.set('is_attached', true), model.set('remedy', 'Leave out the last 5 tokens')")
    view.get_by_role("button", name="Leave out the last 5 tokens").click()
    view.get_by_role("button", name="Remove the attached text").click()
    assert kinds(view) == ["cut", "remove"]
    view.evaluate("model.set('is_reading', true)")
    assert buttons.count() == 1


def test_a_view_that_is_gone_hears_nothing(view):
    view.evaluate("remove()")
    view.evaluate("document.body.insertAdjacentHTML('beforeend', '<i class=dw-attachment></i>')")
    assert view.evaluate(DROP, "#context") == [False, False]
