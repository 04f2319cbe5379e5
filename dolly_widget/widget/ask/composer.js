// The box that an instruction is written in. Its keys are its own: none of them reaches the notebook.

const KEYS = "Enter submits · Shift+Enter new line · Esc stops · ↑ last one";
// A kernel that is free answers sooner.
const PATIENCE_MS = 400;
const WAITING = "The kernel is busy with something else: it will be done when that is.";
const BUTTON = { ready: ["Submit", "fa-paper-plane"], answering: ["Stop", "fa-stop"], stopping: ["Stopping…", "fa-stop"] };

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(className, text) {
  const made = element("button", className, text);
  made.type = "button";
  return made;
}

function icon(name) {
  const made = element("i", `fa ${name}`);
  made.setAttribute("aria-hidden", "true");
  return made;
}

function render({ model, el }) {
  const root = element("div", "dw-composer");
  const frame = element("div", "dw-box");
  const textarea = element("textarea", "");
  const foot = element("div", "dw-box-foot");
  const keys = element("span", "dw-keys", KEYS);
  const waiting = element("span", "dw-waiting");
  const clear = button("dw-clear", "Clear");
  const submit = button("dw-submit", "");
  const examples = element("div", "dw-examples");
  textarea.rows = 2;
  textarea.dir = "auto";
  textarea.spellcheck = false;
  textarea.setAttribute("aria-label", "Instruction");
  keys.id = `dw-keys-${Math.random().toString(36).slice(2)}`; // each widget loads this module anew
  textarea.setAttribute("aria-describedby", keys.id);
  waiting.setAttribute("role", "status");
  examples.setAttribute("role", "group");
  examples.setAttribute("aria-label", "Examples");
  foot.append(keys, waiting, clear, submit);
  frame.append(textarea, foot);
  root.append(frame, examples);
  el.append(root);

  let patience = 0;
  let submitted = "";

  function heard() {
    clearTimeout(patience);
    waiting.textContent = "";
  }

  function send(message) {
    clearTimeout(patience);
    patience = setTimeout(() => (waiting.textContent = WAITING), PATIENCE_MS);
    model.send(message);
  }

  function keep() {
    model.set("instruction", textarea.value);
    model.save_changes();
  }

  function fill(text) {
    textarea.focus();
    textarea.select();
    insert(text);
  }

  function insert(text) {
    const before = textarea.value;
    document.execCommand("insertText", false, text); // the only way that the reader can undo
    if (textarea.value !== before) return;
    textarea.setRangeText(text, textarea.selectionStart, textarea.selectionEnd, "end");
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function act() {
    const state = model.get("state");
    if (state === "answering") send({ kind: "stop" });
    if (state !== "ready") return;
    submitted = textarea.value;
    send({ kind: "submit", instruction: submitted });
  }

  function showInstruction() {
    const text = model.get("instruction");
    // What the browser makes of line ends is no difference.
    if (textarea.value === text.replace(/\r\n?/g, "\n")) return;
    if (text === "" && submitted !== "" && textarea.value.startsWith(submitted)) emptyFor(textarea.value);
    else textarea.value = text;
  }

  /** A chat empties the box; what has been typed since stays. */
  function emptyFor(text) {
    textarea.value = text.slice(submitted.length);
    submitted = "";
    if (textarea.value !== "") keep();
  }

  function showState() {
    const state = model.get("state");
    const [text, name] = BUTTON[state];
    submit.replaceChildren(icon(name), text);
    submit.setAttribute("aria-disabled", String(state === "stopping"));
    submit.classList.toggle("dw-is-stop", state !== "ready");
    clear.disabled = state !== "ready";
    if (state === "ready") submitted = "";
    textarea.placeholder = model.get("placeholder");
  }

  function showExamples() {
    const texts = model.get("examples");
    examples.hidden = texts.length === 0;
    examples.replaceChildren(...texts.map((text) => button("dw-example", text)));
  }

  function onExample(event) {
    if (event.target.classList.contains("dw-example")) fill(event.target.textContent);
  }

  function onClear() {
    submitted = "";
    send({ kind: "clear" });
  }

  // The second click of a double one would stop what the first has begun.
  function onSubmit(event) {
    if (event.detail < 2) act();
  }

  /** Whether the key is ours; then nobody else shall see it. JupyterLab listens at the document, after the window. */
  function take(event) {
    // 229: Safari's Enter that ends an input method's word. Read-only: without a kernel.
    if (event.isComposing || event.keyCode === 229 || textarea.readOnly) return false;
    const isInBox = event.target === textarea;
    const state = model.get("state");
    if (event.key === "Escape" && state !== "ready" && el.closest(".dw-widget")?.contains(event.target)) {
      if (state === "answering") act();
    } else if (event.key === "Enter" && isInBox) {
      if (event.shiftKey || event.altKey) insert("\n");
      else if (!event.repeat && state === "ready") act();
    } else if (event.key === "ArrowUp" && isInBox && textarea.value === "" && model.get("recall") !== "") {
      fill(model.get("recall"));
    } else return false;
    return true;
  }

  function onKeyDown(event) {
    if (!take(event)) return;
    event.stopPropagation();
    event.preventDefault();
  }

  // JupyterLab prevents ends of lines in a cell, its own editor's excepted.
  function onBeforeInput(event) {
    if (event.target === textarea) event.stopPropagation();
  }

  const listeners = [
    ["change:instruction", showInstruction],
    ["change:placeholder", showState],
    ["change:state", showState],
    ["change:state", heard],
    ["change:examples", showExamples],
    ["msg:custom", heard],
  ];
  for (const [event, listener] of listeners) model.on(event, listener);
  textarea.addEventListener("input", keep);
  submit.addEventListener("click", onSubmit);
  clear.addEventListener("click", onClear);
  examples.addEventListener("click", onExample);
  window.addEventListener("keydown", onKeyDown, true);
  window.addEventListener("beforeinput", onBeforeInput, true);
  showInstruction();
  showState();
  showExamples();

  return () => {
    for (const [event, listener] of listeners) model.off(event, listener);
    window.removeEventListener("keydown", onKeyDown, true);
    window.removeEventListener("beforeinput", onBeforeInput, true);
    clearTimeout(patience);
    root.remove();
  };
}

export default { render };
