// The reader's place in an answer: they stay at its end while it grows, or where they have scrolled to.

class ScrollPlace {
  isFollowing;
  #root;
  #seenHeight = 0;
  #seenTop = 0;

  constructor(root, isFollowing) {
    this.#root = root;
    this.isFollowing = isFollowing;
  }

  /** What scrolls: the conversation that the answer is part of, or else the answer's own area. */
  get box() {
    return this.#root.closest(".dw-conversation") ?? this.#root;
  }

  /** A hidden view has no height: what was true when it was last seen stays. */
  get #isLaidOut() {
    return this.#root.clientHeight > 0;
  }

  /** From 0 to 1; 0 where nothing can be scrolled. */
  get part() {
    return this.#isLaidOut && scrollRange(this.box) > 0 ? this.box.scrollTop / scrollRange(this.box) : 0;
  }

  goTo(part) {
    this.box.scrollTop = part * scrollRange(this.box);
  }

  goToEnd() {
    const { box } = this;
    box.scrollTop = box.scrollHeight;
    this.#seenTop = box.scrollTop;
  }

  /** See whether the reader is at the end; a new height alone does not move the reader, scrolling up does. */
  look() {
    const { box } = this;
    // Between a new height and `resized`, the reader seems to have left the end, and has not.
    const isSettled = this.#seenHeight === 0 || box.clientHeight === this.#seenHeight;
    const isAbove = box.scrollTop < this.#seenTop;
    if (this.#isLaidOut && (isSettled || isAbove)) this.isFollowing = isAtEnd(box);
    this.#seenTop = box.scrollTop;
  }

  /** Dragging the lower edge, or a new width, must not lose the end of a text that is being followed. */
  resized() {
    this.#seenHeight = this.box.clientHeight;
    if (this.isFollowing && this.#isLaidOut) this.goToEnd();
  }
}
