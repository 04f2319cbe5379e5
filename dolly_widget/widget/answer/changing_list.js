// A list of which the kernel sends what has changed alone. Knows nothing of what is seen.

/** Keeps the `items` of one model whole. */
class ChangingList {
  #hasAsked = false;

  listen(model) {
    model.on("change:items", () => (this.#hasAsked = false));
    model.on("msg:custom", (message) => this.#replace(model, message));
  }

  /** From place `from` of the list on, it is `items`: a message that comes twice does no harm. */
  #replace(model, { from, items }) {
    const before = model.get("items");
    if (from <= before.length) model.set("items", [...before.slice(0, from), ...items]);
    else if (!this.#hasAsked) {
      this.#hasAsked = true;
      model.send({ event: "lost" });
    }
  }
}
