// The box that an instruction is written in. Its keys are its own: none of them reaches the notebook.

// A kernel that is free answers sooner.
const PATIENCE_MS = 400;
const RECALL = { ArrowUp: 1, ArrowDown: -1 };
const WAITING = "The kernel is busy: this will be done once it is free.";

function render({ model, el }) {
  const view = { model, patience: 0, submitted: "", recall: new Recall(), ...build() };
  el.append(view.root);
  const unbind = bind(view);
  showInstruction(view);
  showState(view);
  showRows(view);
  showExamples(view);
  return () => {
    unbind();
    clearTimeout(view.patience);
    view.root.remove();
  };
}

function bind(view) {
  const { model, textarea } = view;
  bindButtons(view);
  const stopModel = listenToModel(model, {
    "change:instruction": () => showInstruction(view),
    "change:placeholder": () => showState(view),
    "change:state": () => (showState(view), endWaiting(view)),
    "change:is_chat": () => showState(view),
    "change:can_undo": () => showState(view),
    "change:queued": () => showRows(view),
    "change:editing": () => (showRows(view), followEdit(view)),
    "change:examples": () => showExamples(view),
    "change:are_examples_open": () => showExamples(view),
    "msg:custom": () => endWaiting(view),
  });
  const stopKeys = listenToWindow({
    keydown: (event) => takeKey(view, event) && consume(event),
    // JupyterLab prevents line breaks in a cell, its own editor's excepted.
    beforeinput: (event) => event.target === textarea && event.stopPropagation(),
  });
  return () => {
    stopModel();
    stopKeys();
  };
}

function bindButtons(view) {
  const { textarea, clear, undo, submit, examples, line, queued, editing } = view;
  textarea.addEventListener("input", () => keepInstruction(view));
  // The second click of a double one would stop what the first has begun.
  submit.addEventListener("click", (event) => event.detail < 2 && act(view));
  clear.addEventListener("click", () => clearAll(view));
  undo.addEventListener("click", () => leave(view, "undo"));
  queued.end.addEventListener("click", () => leave(view, "unqueue"));
  editing.end.addEventListener("click", () => leave(view, "stop_editing"));
  examples.addEventListener("click", (event) => onExample(view, event));
  line.addEventListener("click", () => toggleExamples(view));
}

function showInstruction(view) {
  const { model, textarea, submitted } = view;
  const text = model.get("instruction");
  // What the browser makes of line ends is no difference.
  if (textarea.value === text.replace(/\r\n?/g, "\n")) return;
  if (text === "" && submitted !== "" && textarea.value.startsWith(submitted)) removeSubmitted(view);
  else textarea.value = text;
}

/** A chat empties the box; what has been typed since stays. */
function removeSubmitted(view) {
  view.textarea.value = view.textarea.value.slice(view.submitted.length);
  view.submitted = "";
  if (view.textarea.value !== "") keepInstruction(view);
}

function onExample(view, { target }) {
  if (target.classList.contains("dw-example")) fill(view, target.textContent);
}

/** A reader who edits a question in this page goes on in the box. */
function followEdit({ model, root, textarea }) {
  const isHere = root.closest(".dw-widget")?.contains(document.activeElement);
  if (model.get("editing") && isHere) textarea.focus();
}

function toggleExamples({ model }) {
  model.set("are_examples_open", !model.get("are_examples_open"));
  model.save_changes();
}

function keepInstruction({ model, textarea }) {
  model.set("instruction", textarea.value);
  model.save_changes();
}

function fill(view, text) {
  view.textarea.focus();
  view.textarea.select();
  insert(view, text);
}

function insert({ textarea }, text) {
  const before = textarea.value;
  document.execCommand("insertText", false, text); // the only way that the reader can undo
  if (textarea.value !== before) return;
  textarea.setRangeText(text, textarea.selectionStart, textarea.selectionEnd, "end");
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
}

function act(view) {
  const state = view.model.get("state");
  if (state === "answering") send(view, { kind: "stop" });
  if (state !== "ready") return;
  view.submitted = view.textarea.value;
  send(view, { kind: "submit", instruction: view.submitted });
}

/** Enter while an answer is written. */
function queue(view) {
  if (view.textarea.value.trim() === "") return;
  view.submitted = view.textarea.value;
  send(view, { kind: "queue", instruction: view.submitted });
}

function clearAll(view) {
  view.submitted = "";
  send(view, { kind: "clear" });
}

/** Its button goes away: the next key is the box's, not the notebook's. */
function leave(view, kind) {
  view.textarea.focus();
  send(view, { kind });
}

/** Sends it, and says so if the kernel does not answer soon. */
function send(view, message) {
  clearTimeout(view.patience);
  view.patience = setTimeout(() => (view.waiting.textContent = WAITING), PATIENCE_MS);
  view.model.send(message);
}

function endWaiting(view) {
  clearTimeout(view.patience);
  view.waiting.textContent = "";
}

/** Acts on a key of the box, and returns whether it is one. */
function takeKey(view, event) {
  const { model, root, textarea } = view;
  // 229: Safari's Enter that ends an input method's word. Read-only: without a kernel.
  if (event.isComposing || event.keyCode === 229 || textarea.readOnly) return false;
  const isInBox = event.target === textarea;
  const state = model.get("state");
  const isOwn = event.target.closest("[data-keeps-escape]"); // leaves something else
  if (event.key === "Escape" && state !== "ready" && !isOwn && root.closest(".dw-widget")?.contains(event.target)) {
    if (state === "answering") act(view);
  } else if (event.key === "Enter" && isInBox) {
    if (event.shiftKey || event.altKey) insert(view, "\n");
    else if (!event.repeat) enter(view, state);
  } else if (isInBox && event.key in RECALL && isPlain(event)) {
    const text = isAtEdge(textarea, event.key)
      ? view.recall.go(RECALL[event.key], textarea.value, model.get("recalled"))
      : null;
    if (text === null) return false;
    fill(view, text);
  } else return false;
  return true;
}

/** Whether the arrow leads out of the text: within its lines, it moves the caret. */
function isAtEdge({ value, selectionStart, selectionEnd }, key) {
  const beyond = key === "ArrowUp" ? value.slice(0, selectionStart) : value.slice(selectionEnd);
  return !beyond.includes("\n");
}

function enter(view, state) {
  if (state === "ready") act(view);
  else if (state === "answering") queue(view);
}

export default { render };
