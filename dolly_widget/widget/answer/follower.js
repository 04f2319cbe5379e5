// The end of a conversation stays in view while it grows, as long as the reader is there.

const NEAR_PX = 24;

class Follower {
  #box;
  #height = 0;
  #observer;

  constructor(box) {
    this.#box = box;
    this.#observer = new ResizeObserver(() => this.#resized());
    this.#observer.observe(box);
  }

  end() {
    this.#observer.disconnect();
  }

  /** Scroll the page to the end of the conversation, and to the composer where that stands below it. */
  show() {
    this.#box.scrollTop = this.#box.scrollHeight;
    for (const part of [this.#last, this.#box]) part.scrollIntoView({ block: "nearest" });
  }

  /** What stands below the answers and belongs to them. */
  get #last() {
    const asking = this.#box.closest(".dw-main.dw-is-chat")?.querySelector(".dw-asking");
    return asking ?? this.#box;
  }

  #resized() {
    const height = this.#box.getBoundingClientRect().height;
    const growth = height - this.#height;
    const wasSeen = this.#height > 0;
    this.#height = height;
    if (growth > 0 && wasSeen && this.#wasInView(growth)) this.#last.scrollIntoView({ block: "nearest" });
  }

  /** Whether the end could be seen before it grew: a reader who has scrolled away stays there. */
  #wasInView(growth) {
    const end = this.#last.getBoundingClientRect().bottom - growth;
    const { top, bottom } = scrollParent(this.#box);
    return end >= top && end <= bottom + NEAR_PX;
  }
}

/** What can be seen of the element that scrolls around this one. */
function scrollParent(element) {
  for (let around = element.parentElement; around; around = around.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(around).overflowY);
    if (scrolls && around.scrollHeight > around.clientHeight) return around.getBoundingClientRect();
  }
  return { top: 0, bottom: window.innerHeight };
}
