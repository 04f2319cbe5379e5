"""A bare page with the output area, and a model that behaves as anywidget's does. No network."""

from bare_page import open_bare_page

from dolly_widget.widget.answer.response import ResponseView

PAGE = """<link rel="stylesheet" href="/widget.css">
<body><p id="before">Before</p><div id="one"></div><div id="two"></div><script type="module">
import makeWidget from "/widget.js";
const widget = makeWidget();
window.model = new Model({
  text: "", html: "", rendered: -1, n_operations: 0, reasoning: "", thought: "", code: "", note: "",
  is_streaming: false, placeholder: "Nothing yet", label: "Response",
});
window.widget = widget;
widget.initialize({ model });
window.show = (id) => widget.render({ model, el: document.getElementById(id) });
window.select = (node, start, end) => document.getSelection().setBaseAndExtent(node, start, node, end);
window.frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
window.$ = (selector) => document.querySelector(selector);
window.textNode = () => $(".dw-text").firstChild;
window.room = () => $(".dw-response").scrollHeight - $(".dw-response").clientHeight;
window.isReady = true;
</script>"""


def open_page(page):
    """Open PAGE, without a view, and return the addresses beyond it that are asked for."""
    return open_bare_page(page, PAGE, ResponseView)


def send(view, **state):
    view.evaluate("state => model.set(state)", state)


def append(view, piece, at):
    """What the kernel sends while an answer is written."""
    view.evaluate("message => model.tell('msg:custom', message)", {"append": piece, "at": at})


def lines(n):
    return "".join(f"line {i}\n" for i in range(n))


def scroll_top(view):
    return view.evaluate("$('.dw-response').scrollTop")


def scroll_to(view, top):
    """As a reader does: the browser's scroll event has been handled afterwards."""
    view.evaluate("async top => { $('.dw-response').scrollTop = top; await frame(); await frame() }", top)


def is_at_end(view):
    return view.evaluate("room() > 0 && Math.abs(room() - $('.dw-response').scrollTop) <= 1")
