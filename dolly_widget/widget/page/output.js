// Hides what the notebook is saved with, the output below the widget's own, while the widget is here. A style sheet could
// find it with ":has(.dw-widget)", which would cost the page some milliseconds for each token.

const OUTPUT = ".jp-OutputArea-child";
const KEPT = "dw-is-kept";

/** Returns what shows it again. */
function hideSaved(root) {
  const output = root.closest(OUTPUT);
  if (!output?.parentElement) return () => {};
  let below = null;
  const update = () => {
    const next = output.nextElementSibling;
    if (next !== below) {
      inside.disconnect();
      below?.classList.remove(KEPT);
      if (next) inside.observe(next, { childList: true, subtree: true });
      below = next;
    }
    below?.classList.toggle(KEPT, below.querySelector(".dw-saved") !== null);
  };
  const around = new MutationObserver(update);
  const inside = new MutationObserver(update);
  around.observe(output.parentElement, { childList: true });
  update();
  return () => {
    around.disconnect();
    inside.disconnect();
    below?.classList.remove(KEPT);
  };
}
