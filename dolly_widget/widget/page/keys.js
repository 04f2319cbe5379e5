// Keys that a part takes for itself, before JupyterLab moves between cells with them.

/** Whether no key like Ctrl or Shift is held down. */
function isPlain(event) {
  return !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
}

/** Neither the browser nor the notebook acts on the event. */
function consume(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** The index nearest to `index` in a list of this length. */
function clampIndex(index, length) {
  return Math.max(0, Math.min(index, length - 1));
}
