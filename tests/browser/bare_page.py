"""A bare page for one view, with a model that behaves as anywidget's does and a kernel that is silent. No network."""

ORIGIN = "http://widget.invalid"
HEAD = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script>
window.Model = class {
  constructor(state) { this.state = state; this.listeners = []; this.sent = []; this.saved = 0; }
  get(name) { return this.state[name]; }
  on(event, listener) { this.listeners.push([event, listener]); }
  off(event, listener) { this.listeners = this.listeners.filter(([e, l]) => e !== event || l !== listener); }
  tell(event, ...told) { for (const [each, listener] of [...this.listeners]) if (each === event) listener(...told); }
  // As in Backbone: first every value, then the events.
  set(given, value) {
    const state = typeof given === "string" ? { [given]: value } : given;
    const changed = Object.keys(state).filter((name) => this.state[name] !== state[name]);
    Object.assign(this.state, state);
    for (const name of changed) this.tell("change:" + name);
  }
  save_changes() { this.saved += 1; }
  send(message) { this.sent.push(message); }
};
</script>
"""


def open_bare_page(page, body, widget):
    """Show ``body``, whose script sets ``isReady``, with a widget class's module as /widget.js and its /widget.css.

    Returns the list of the addresses beyond these that are asked for.
    """
    files = {
        "/": ("text/html", HEAD + body),
        "/widget.js": ("text/javascript", str(widget._esm)),
        "/widget.css": ("text/css", str(getattr(widget, "_css", ""))),
    }
    strangers = []

    def serve(route):
        path = route.request.url.removeprefix(ORIGIN)
        if path not in files:
            strangers.append(route.request.url)
        content_type, text = files.get(path, ("text/plain", ""))
        route.fulfill(body=text, content_type=content_type)

    page.route("**/*", serve)
    page.goto(ORIGIN + "/")
    page.wait_for_function("window.isReady")
    return strangers
