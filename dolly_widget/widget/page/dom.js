// What parts need from the page: elements, listeners, the reader's selection. It stands before each part's own files,
// in one module with them.

function makeElement(tag, className = "", text = "", attributes = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function makeButton(className = "", text = "", attributes = {}) {
  return makeElement("button", className, text, { type: "button", ...attributes });
}

function makeIcon(name = "") {
  return makeElement("i", `fa ${name}`, "", { "aria-hidden": "true" });
}

/** `listeners` are functions by event. Returns what stops them. */
function listenToModel(model, listeners) {
  const pairs = Object.entries(listeners);
  for (const [event, listener] of pairs) model.on(event, listener);
  return () => pairs.forEach(([event, listener]) => model.off(event, listener));
}

/** The same for the page's events, before JupyterLab hears them: it listens at the document. */
function listenToWindow(listeners) {
  const pairs = Object.entries(listeners);
  for (const [event, listener] of pairs) window.addEventListener(event, listener, true);
  return () => pairs.forEach(([event, listener]) => window.removeEventListener(event, listener, true));
}

/** Whether the reader has selected text in the element. */
function hasSelection(element) {
  const selection = document.getSelection();
  return !!selection && !selection.isCollapsed && selection.getRangeAt(0).intersectsNode(element);
}

/** Mark the one element of several that is shown or chosen. */
function setCurrent(element, isCurrent) {
  if (isCurrent) element.setAttribute("aria-current", "true");
  else element.removeAttribute("aria-current");
}

/** Differs between the parts of a page: each loads this module again. */
function randomName() {
  return Math.random().toString(36).slice(2);
}
