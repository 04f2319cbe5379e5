// Names and states that ipywidgets does not give its controls, and keys that the notebook would take from them.

const SUPPRESS = "data-lm-suppress-shortcuts"; // Lumino, JupyterLab's keys: none of its shortcuts inside
const ROOTS = ".dw-widget, .dw-explorer";
// The notebook, and then the browser, would undo a change of the cell's source.
const UNDO = new Set(["z", "Z", "y", "Y"]);
const MODIFIERS = new Set(["Control", "Meta", "Alt", "Shift"]);
const EDITABLE = "textarea, input, [contenteditable='true']";
const OBSERVED = {
  subtree: true,
  childList: true,
  characterData: true,
  attributes: true,
  attributeFilter: ["class", "title", "disabled", "style", "hidden", "inert", "aria-expanded"],
};
const explanationIds = `dw-explanation-${randomName()}`;
let explanations = 0;

function render({ el }) {
  const view = { el, root: null, focus: null, showSaved: null, frame: 0, naming: 0 };
  view.observer = new MutationObserver(() => {
    view.focus.check();
    nameLater(view);
  });
  attachLater(view);
  const stop = listenToWindow({ keydown: (event) => view.root && keepKeys(view.root, event) });
  return () => {
    cancelAnimationFrame(view.frame);
    cancelAnimationFrame(view.naming);
    stop();
    view.focus?.stop();
    view.showSaved?.();
    view.observer.disconnect();
  };
}

// The view is put into the page after it is rendered.
function attachLater(view) {
  view.frame = requestAnimationFrame(() => {
    view.root = view.el.closest(ROOTS);
    if (!view.root?.isConnected) return attachLater(view);
    nameControls(view.root);
    view.showSaved = hideSaved(view.root);
    view.focus = keepFocusIn(view.root);
    view.observer.observe(view.root, OBSERVED);
  });
}

// After the frame that shows what has changed: pictures do not wait for names.
function nameLater(view) {
  view.naming ||= requestAnimationFrame(() =>
    setTimeout(() => {
      view.naming = 0;
      if (view.el.isConnected) nameControls(view.root);
    }),
  );
}

function nameControls(root) {
  // Changes in them are announced; a region that came with its text might not be.
  for (const place of root.querySelectorAll(".dw-status")) setAttribute(place, "role", "status");
  root.querySelectorAll(".widget-slider").forEach(nameSlider);
  root.querySelectorAll("textarea, select, input:not([type=checkbox])").forEach(nameField);
  for (const button of root.querySelectorAll(".widget-toggle-button"))
    setAttribute(button, "aria-pressed", String(button.classList.contains("mod-active")));
  for (const button of root.querySelectorAll(".dw-preset"))
    setAttribute(button, "aria-pressed", String(button.classList.contains("dw-is-on")));
}

function nameSlider(row) {
  const handle = row.querySelector(".noUi-handle");
  if (!handle) return;
  const readout = row.querySelector(".widget-readout");
  const label = row.querySelector("label, .widget-label")?.textContent;
  const explanation = row.closest(".dw-explained")?.querySelector(":scope > .widget-html .dw-explanation");
  setAttribute(handle, "aria-label", label);
  setAttribute(handle, "aria-valuetext", readout?.textContent);
  setAttribute(handle, "aria-disabled", String(handle.closest("[disabled]") !== null));
  if (readout) setAttribute(readout, "role", "textbox");
  const boxes = [readout, row.parentElement?.querySelector(":scope > .dw-number input")].filter(Boolean);
  for (const box of boxes) setAttribute(box, "aria-label", label);
  if (!explanation) return;
  explanation.id ||= `${explanationIds}-${explanations++}`;
  for (const control of [handle, ...boxes]) setAttribute(control, "aria-describedby", explanation.id);
}

function nameField(field) {
  const hasLabel = [...(field.labels ?? [])].some((label) => label.textContent.trim());
  const title = field.title || field.closest("[title]")?.title;
  if (!hasLabel && !field.hasAttribute("aria-label")) setAttribute(field, "aria-label", title || field.placeholder);
  if (field.closest(".dw-is-invalid")) setAttribute(field, "aria-invalid", "true");
  else if (field.hasAttribute("aria-invalid")) field.removeAttribute("aria-invalid");
}

// Only what changes is set: each setting wakes the observer.
function setAttribute(element, name, value) {
  if (value && element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// The event goes on: sliders need it. The attribute is set on the control itself: JupyterLab's selectors match what
// has the focus before it looks at what is around that.
function keepKeys(root, event) {
  if (!root.contains(event.target)) return;
  const isUndo = (event.ctrlKey || event.metaKey) && UNDO.has(event.key);
  if (isUndo && !event.target.matches(EDITABLE)) event.preventDefault();
  const isCombination = (event.ctrlKey || event.metaKey || event.altKey) && event.key !== "Enter" && !isUndo;
  if (MODIFIERS.has(event.key) || isCombination) event.target.removeAttribute(SUPPRESS);
  else event.target.setAttribute(SUPPRESS, "true");
}

export default { render };
