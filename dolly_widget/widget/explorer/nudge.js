// Messages that make a table come sooner while a slider moves.

const SLIDING = ["keydown", "pointerdown", "pointermove"];
const NUDGES_MS = [8, 20];

/**
 * Jupyter's server leaves Nagle's algorithm on: a table would wait for 40 ms, until the page's host acknowledges the
 * message before it (that the kernel is busy). Whatever the page sends meanwhile carries that acknowledgement.
 * Returns what stops it.
 */
function nudgeWhileSliding(model, root) {
  const timers = new Set();
  const onSliding = (event) => timers.size === 0 && isSlidingFor(root, event) && nudge(model, timers);
  const stop = listenToWindow(Object.fromEntries(SLIDING.map((name) => [name, onSliding])));
  return () => {
    stop();
    for (const timer of timers) clearTimeout(timer);
  };
}

/** Whether the event moves a slider of the widget that the picture is part of. */
function isSlidingFor(root, event) {
  const isSliding = event.type === "keydown" || event.buttons > 0;
  const slider = event.target.closest?.(".widget-slider");
  return isSliding && !!slider?.closest(".dw-widget")?.contains(root);
}

function nudge(model, timers) {
  for (const delay of NUDGES_MS) {
    const timer = setTimeout(() => {
      timers.delete(timer);
      model.send({ kind: "nudge" });
    }, delay);
    timers.add(timer);
  }
}
