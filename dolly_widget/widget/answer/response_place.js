// The reader's place in an answer: they stay at its end while it grows, or where they have scrolled to, and nothing
// below the answer moves up under their pointer.

class ScrollPlace {
  isFollowing;
  #root;
  #seenHeight = 0;
  #seenTop = 0;
  #seenWidth = 0;
  #floor = 0;

  constructor(root, isFollowing) {
    this.#root = root;
    this.isFollowing = isFollowing;
  }

  /** A hidden view has no height: what was true when it was last seen stays. */
  get #isLaidOut() {
    return this.#root.clientHeight > 0;
  }

  /** From 0 to 1; 0 where nothing can be scrolled. */
  get part() {
    return this.#isLaidOut && scrollRange(this.#root) > 0 ? this.#root.scrollTop / scrollRange(this.#root) : 0;
  }

  goTo(part) {
    this.#root.scrollTop = part * scrollRange(this.#root);
  }

  goToEnd() {
    this.#root.scrollTop = this.#root.scrollHeight;
    this.#seenTop = this.#root.scrollTop;
  }

  /** See whether the reader is at the end; a new height alone does not move the reader, scrolling up does. */
  look() {
    // Between a new height and `resized`, the reader seems to have left the end, and has not.
    const isSettled = this.#seenHeight === 0 || this.#root.clientHeight === this.#seenHeight;
    const isAbove = this.#root.scrollTop < this.#seenTop;
    if (this.#isLaidOut && (isSettled || isAbove)) this.isFollowing = isAtEnd(this.#root);
    this.#seenTop = this.#root.scrollTop;
  }

  /** The area keeps at least the height that it has now. */
  keepHeight() {
    this.#setFloor(Math.max(this.#floor, this.#root.getBoundingClientRect().height));
  }

  releaseHeight() {
    this.#setFloor(0);
  }

  /** Dragging the lower edge, or a new width, must not lose the end of a text that is being followed. */
  resized(isStreaming) {
    const { offsetWidth } = this.#root;
    if (this.#isLaidOut && offsetWidth !== this.#seenWidth) {
      if (this.#seenWidth !== 0 && !isStreaming) this.releaseHeight();
      this.#seenWidth = offsetWidth;
    }
    this.#seenHeight = this.#root.clientHeight;
    if (this.isFollowing && this.#isLaidOut) this.goToEnd();
  }

  #setFloor(height) {
    this.#floor = height;
    this.#root.style.setProperty("--dw-floor", `${height}px`);
  }
}
