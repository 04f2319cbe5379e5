// An element that scrolls: where its reader is, and the keys that move them.

const AT_END_PX = 8;
const SCROLL_KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "]);

/** How far it can be scrolled. */
function scrollRange(element) {
  return element.scrollHeight - element.clientHeight;
}

function isAtEnd(element) {
  return scrollRange(element) - element.scrollTop <= AT_END_PX;
}

/** JupyterLab would move between cells with these keys. Stopped at the window, they still scroll. Returns what ends it. */
function keepScrollKeys(element) {
  return listenToWindow({
    keydown(event) {
      const isCombination = event.ctrlKey || event.metaKey || event.altKey;
      const isToScroll = event.target === element && !isCombination && SCROLL_KEYS.has(event.key);
      if (isToScroll && scrollRange(element) > 0) event.stopPropagation();
    },
  });
}
