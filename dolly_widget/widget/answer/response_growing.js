// An answer that is being written: the kernel sends what is new alone. Knows nothing of what is seen.

/** Keeps one model's answer whole, and tells what only grew from something else. */
class GrowingAnswer {
  /** The next number for each text, or HTML, that does not go on from the one before. */
  edition = 0;
  htmlEdition = 0;
  reasoningEdition = 0;
  /** What the HTML has grown by since its edition began: `{ operations, rendered }`. */
  steps = [];
  #isAppending = false;
  #hasAsked = false;

  listen(model) {
    model.on("change:text", () => {
      if (!this.#isAppending) this.edition += 1;
      this.#hasAsked = false;
    });
    model.on("change:html", () => this.#isAppending || this.#beginHtml());
    model.on("change:reasoning", () => this.#isAppending || (this.reasoningEdition += 1));
    model.on("change:is_streaming", () => (this.#hasAsked = false));
    model.on("msg:custom", (message) => this.#add(model, message));
  }

  #beginHtml() {
    this.htmlEdition += 1;
    this.steps = [];
  }

  /** A message that comes twice does no harm; one that goes on from what never came is answered with a question. */
  #add(model, message) {
    const { append, at, operations = [], n_before = 0, rendered, thought, thought_at = 0 } = message;
    if (append === undefined) return;
    const isMissing =
      at > model.get("text").length ||
      n_before > model.get("n_operations") ||
      thought_at > model.get("reasoning").length;
    if (!model.get("is_streaming") || isMissing) return this.#ask(model);
    this.#isAppending = at === model.get("text").length;
    const changes = { text: model.get("text").slice(0, at) + append };
    if (thought) changes.reasoning = model.get("reasoning").slice(0, thought_at) + thought;
    if (rendered !== undefined && n_before === model.get("n_operations")) {
      changes.html = operations.reduce(withOperation, model.get("html"));
      changes.n_operations = n_before + operations.length;
      changes.rendered = rendered;
      this.steps.push({ operations, rendered });
    }
    this.#set(model, changes);
  }

  #set(model, changes) {
    const isGrown = this.#isAppending;
    if (!isGrown) this.edition += 1;
    this.#isAppending = true;
    model.set(changes);
    this.#isAppending = false;
  }

  /** Messages were lost: the kernel sends all of the answer, once for however many of them. */
  #ask(model) {
    if (!this.#hasAsked) model.send({ event: "lost" });
    this.#hasAsked = true;
  }
}

/** HTML goes in before so many last characters, which close what is open, or takes the place of so many. */
function withOperation(html, { html: added, before = 0, over = 0 }) {
  const place = html.length - before - over;
  return html.slice(0, place) + added + (before ? html.slice(place) : "");
}
