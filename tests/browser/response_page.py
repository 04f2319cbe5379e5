"""A bare page with the output area, and a model that behaves as anywidget's does. No network."""

from dolly_widget.widget.response import ResponseView

ORIGIN = "http://widget.invalid"

PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/response.css">
<body><p id="before">Before</p><div id="one"></div><div id="two"></div><script type="module">
import makeWidget from "/response.js";
const widget = makeWidget();
class Model {
  constructor(state) { this.state = state; this.listeners = []; }
  get(name) { return this.state[name]; }
  on(event, listener) { this.listeners.push([event, listener]); }
  off(event, listener) { this.listeners = this.listeners.filter(([e, l]) => e !== event || l !== listener); }
  // As in Backbone: first every value, then the events.
  set(state) {
    const changed = Object.keys(state).filter((name) => this.state[name] !== state[name]);
    Object.assign(this.state, state);
    for (const name of changed)
      for (const [event, listener] of [...this.listeners]) if (event === "change:" + name) listener();
  }
}
window.model = new Model({
  text: "", html: "", code: "", note: "", is_streaming: false, placeholder: "Nothing yet", label: "Response",
});
window.widget = widget;
window.show = (id) => widget.render({ model, el: document.getElementById(id) });
window.select = (node, start, end) => document.getSelection().setBaseAndExtent(node, start, node, end);
window.frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
window.$ = (selector) => document.querySelector(selector);
window.textNode = () => $(".dw-text").firstChild;
window.room = () => $(".dw-response").scrollHeight - $(".dw-response").clientHeight;
window.isReady = true;
</script>"""

FILES = {
    "/": ("text/html", PAGE),
    "/response.js": ("text/javascript", ResponseView._esm),
    "/response.css": ("text/css", ResponseView._css),
}


def open_page(page):
    """Open PAGE, without a view, and return the addresses beyond it that are asked for."""
    strangers = []

    def serve(route):
        path = route.request.url.removeprefix(ORIGIN)
        if path not in FILES:
            strangers.append(route.request.url)
        content_type, body = FILES.get(path, ("text/plain", ""))
        route.fulfill(body=body, content_type=content_type)

    page.route("**/*", serve)
    page.goto(ORIGIN + "/")
    page.wait_for_function("window.isReady")
    return strangers


def send(view, **state):
    view.evaluate("state => model.set(state)", state)


def lines(n):
    return "".join(f"line {i}\n" for i in range(n))


def scroll_top(view):
    return view.evaluate("$('.dw-response').scrollTop")


def scroll_to(view, top):
    """As a reader does: the browser's scroll event has been handled afterwards."""
    view.evaluate("async top => { $('.dw-response').scrollTop = top; await frame(); await frame() }", top)


def is_at_end(view):
    return view.evaluate("room() > 0 && Math.abs(room() - $('.dw-response').scrollTop) <= 1")
