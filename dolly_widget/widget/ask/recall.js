// The arrows up and down go through earlier instructions, as in a terminal. Knows nothing of the box.

class Recall {
  #index = -1;

  /** The text `step` further back than the one that is shown; null where the arrow moves the caret instead. */
  go(step, shown, texts) {
    if (shown !== (texts[this.#index] ?? "")) this.#index = -1;
    if (shown !== (texts[this.#index] ?? "")) return null; // a text of the reader's own
    const index = this.#index + step;
    if (index < -1 || index >= texts.length) return null;
    this.#index = index;
    return texts[index] ?? "";
  }
}
