// The text of an answer that is being written: the kernel sends what is new alone. Knows nothing of what is seen.

/** Keeps one model's text whole, and tells a text that only grew from another one. */
class GrowingText {
  /** The next number for each text that does not begin with the one before. */
  edition = 0;
  #isAppending = false;
  #hasAsked = false;

  listen(model) {
    model.on("change:text", () => {
      if (!this.#isAppending) this.edition += 1;
      this.#hasAsked = false;
    });
    model.on("change:is_streaming", () => (this.#hasAsked = false));
    model.on("msg:custom", (message) => this.#add(model, message));
  }

  /** From `at` on, in UTF-16 units, the text is `append`: a message that comes twice does no harm. */
  #add(model, { append, at }) {
    const text = model.get("text");
    if (!model.get("is_streaming") || at > text.length) return this.#ask(model);
    this.#isAppending = at === text.length;
    model.set("text", text.slice(0, at) + append);
    this.#isAppending = false;
  }

  /** Messages were lost: the kernel sends all of the answer, once for however many of them. */
  #ask(model) {
    if (!this.#hasAsked) model.send({ event: "lost" });
    this.#hasAsked = true;
  }
}
