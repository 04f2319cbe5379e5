// Names and states that ipywidgets does not give its controls, and keys that the notebook would take from them.

const SUPPRESS = "data-lm-suppress-shortcuts"; // Lumino, JupyterLab's keys: none of its shortcuts inside
const ROOTS = ".dw-widget, .dw-explorer";
// The notebook, and then the browser, would undo a change of the cell's source.
const UNDO = new Set(["z", "Z", "y", "Y"]);
const EDITABLE = "textarea, input, [contenteditable='true']";
let made = 0;
// Each widget loads this module anew, and all share one page.
const ids = `dw-explanation-${Math.random().toString(36).slice(2)}`;

// Only what changes is set: each setting wakes the observer.
function set(element, name, value) {
  if (value && element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function nameSlider(row) {
  const handle = row.querySelector(".noUi-handle");
  if (!handle) return;
  const readout = row.querySelector(".widget-readout");
  const label = row.querySelector("label, .widget-label")?.textContent;
  const explanation = row.parentElement?.querySelector(":scope > .widget-html .dw-explanation");
  set(handle, "aria-label", label);
  set(handle, "aria-valuetext", readout?.textContent);
  set(handle, "aria-disabled", String(handle.closest("[disabled]") !== null));
  if (readout) {
    set(readout, "role", "textbox");
    set(readout, "aria-label", label);
  }
  if (!explanation) return;
  explanation.id ||= `${ids}-${made++}`;
  set(handle, "aria-describedby", explanation.id);
  if (readout) set(readout, "aria-describedby", explanation.id);
}

function nameField(field) {
  const shown = [...(field.labels ?? [])].some((label) => label.textContent.trim());
  const title = field.title || field.closest("[title]")?.title;
  if (!shown && !field.hasAttribute("aria-label")) set(field, "aria-label", title || field.placeholder);
}

function name(root) {
  // What changes in them is told; a region that came with its text might not be heard.
  for (const place of root.querySelectorAll(".dw-status")) set(place, "role", "status");
  root.querySelectorAll(".widget-slider").forEach(nameSlider);
  root.querySelectorAll("textarea, select, input:not([type=checkbox])").forEach(nameField);
  for (const button of root.querySelectorAll(".widget-toggle-button"))
    set(button, "aria-pressed", String(button.classList.contains("mod-active")));
  for (const button of root.querySelectorAll(".dw-preset"))
    set(button, "aria-pressed", String(button.classList.contains("dw-is-on")));
}

function canHaveFocus(element) {
  return element.checkVisibility() && !element.matches(":disabled") && !element.closest("[inert]");
}

// A control that is disabled or hidden while it has the focus would leave it, and the next key, to the notebook. What
// is around it takes no key, and gives the focus back; Tab goes on from there.
function keepFocus(root, lent) {
  const now = document.activeElement;
  if (now === lent.to && canHaveFocus(lent.from)) lent.from.focus({ preventScroll: true });
  if (now === root || !root.contains(now) || canHaveFocus(now)) return;
  let around = now.parentElement;
  while (around !== root && !canHaveFocus(around)) around = around.parentElement;
  around.tabIndex = -1;
  around.focus({ preventScroll: true });
  Object.assign(lent, { from: now, to: around });
}

// Window, capture: before JupyterLab, which listens at the document. The event goes on: sliders need it.
// On the control itself: JupyterLab's selectors match what has the focus before it looks at what is around that.
function keep(root, event) {
  if (!root.contains(event.target)) return;
  const isModifier = ["Control", "Meta", "Alt", "Shift"].includes(event.key);
  const isUndo = (event.ctrlKey || event.metaKey) && UNDO.has(event.key);
  if (isUndo && !event.target.matches(EDITABLE)) event.preventDefault();
  const isCombination = (event.ctrlKey || event.metaKey || event.altKey) && event.key !== "Enter" && !isUndo;
  if (isModifier || isCombination) event.target.removeAttribute(SUPPRESS);
  else event.target.setAttribute(SUPPRESS, "true");
}

function render({ el }) {
  const lent = {};
  const observer = new MutationObserver(() => {
    keepFocus(root, lent);
    nameLater();
  });
  let root = null;
  const onKey = (event) => root && keep(root, event);

  // After the frame that shows what has changed: pictures do not wait for names.
  function nameLater() {
    naming ||= requestAnimationFrame(() =>
      setTimeout(() => {
        naming = 0;
        if (el.isConnected) name(root);
      }),
    );
  }

  // The view is put into the page after it is rendered.
  function attach() {
    root = el.closest(ROOTS);
    if (!root) {
      frame = requestAnimationFrame(attach);
      return;
    }
    name(root);
    observer.observe(root, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
      attributeFilter: ["class", "title", "disabled", "style", "hidden", "inert", "aria-expanded"],
    });
  }

  let naming = 0;
  let frame = requestAnimationFrame(attach);
  window.addEventListener("keydown", onKey, true);
  return () => {
    cancelAnimationFrame(frame);
    cancelAnimationFrame(naming);
    window.removeEventListener("keydown", onKey, true);
    observer.disconnect();
  };
}

export default { render };
