// The box that an instruction is written in. Its keys are its own: none of them reaches the notebook.

const KEYS = "Enter submits · Shift+Enter new line · Esc stops · ↑ last one";
// A kernel that is free answers sooner.
const PATIENCE_MS = 400;
const WAITING = "The kernel is busy: this will be done once it is free.";
const BUTTON = { ready: ["Submit", "fa-paper-plane"], answering: ["Stop", "fa-stop"], stopping: ["Stopping…", "fa-stop"] };

function render({ model, el }) {
  const view = { model, patience: 0, submitted: "", ...build() };
  el.append(view.root);
  const unbind = bind(view);
  showInstruction(view);
  showState(view);
  showExamples(view);
  return () => {
    unbind();
    clearTimeout(view.patience);
    view.root.remove();
  };
}

function build() {
  const root = makeElement("div", "dw-composer");
  const frame = makeElement("div", "dw-box");
  const foot = makeElement("div", "dw-box-foot");
  const keys = makeElement("span", "dw-keys", KEYS, { id: `dw-keys-${randomName()}` });
  const waiting = makeElement("span", "dw-waiting", "", { role: "status" });
  const clear = makeButton("dw-clear", "Clear");
  const submit = makeButton("dw-submit");
  const examples = makeElement("div", "dw-examples", "", { role: "group", "aria-label": "Examples" });
  const textarea = makeElement("textarea", "", "", {
    rows: 2,
    dir: "auto",
    spellcheck: false,
    "aria-label": "Instruction",
    "aria-describedby": keys.id,
  });
  foot.append(keys, waiting, clear, submit);
  frame.append(textarea, foot);
  root.append(frame, examples);
  return { root, textarea, waiting, clear, submit, examples };
}

function bind(view) {
  const { model, textarea, clear, submit, examples } = view;
  textarea.addEventListener("input", () => keepInstruction(view));
  // The second click of a double one would stop what the first has begun.
  submit.addEventListener("click", (event) => event.detail < 2 && act(view));
  clear.addEventListener("click", () => clearAll(view));
  examples.addEventListener("click", (event) => onExample(view, event));
  const stopModel = listenToModel(model, {
    "change:instruction": () => showInstruction(view),
    "change:placeholder": () => showState(view),
    "change:state": () => (showState(view), endWaiting(view)),
    "change:examples": () => showExamples(view),
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

function showState(view) {
  const { model, textarea, clear, submit } = view;
  const state = model.get("state");
  const [text, icon] = BUTTON[state];
  submit.replaceChildren(makeIcon(icon), text);
  submit.setAttribute("aria-disabled", String(state === "stopping"));
  submit.classList.toggle("dw-is-stop", state !== "ready");
  clear.disabled = state !== "ready";
  if (state === "ready") view.submitted = "";
  textarea.placeholder = model.get("placeholder");
}

function showExamples({ model, examples }) {
  const texts = model.get("examples");
  examples.hidden = texts.length === 0;
  examples.replaceChildren(...texts.map((text) => makeButton("dw-example", text)));
}

function onExample(view, { target }) {
  if (target.classList.contains("dw-example")) fill(view, target.textContent);
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

function clearAll(view) {
  view.submitted = "";
  send(view, { kind: "clear" });
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
  if (event.key === "Escape" && state !== "ready" && root.closest(".dw-widget")?.contains(event.target)) {
    if (state === "answering") act(view);
  } else if (event.key === "Enter" && isInBox) {
    if (event.shiftKey || event.altKey) insert(view, "\n");
    else if (!event.repeat && state === "ready") act(view);
  } else if (event.key === "ArrowUp" && isInBox && textarea.value === "" && model.get("recall") !== "") {
    fill(view, model.get("recall"));
  } else return false;
  return true;
}

export default { render };
