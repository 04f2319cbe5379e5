// The elements of the composer, and what is shown in them.

const KEYS = {
  ready: "Enter submits · Shift+Enter new line · ↑ earlier ones",
  answering: "Enter asks this next · Esc stops",
  stopping: "",
};
const BUTTON = { ready: ["Submit", "fa-paper-plane"], answering: ["Stop", "fa-stop"], stopping: ["Stopping…", "fa-stop"] };

function build() {
  const root = makeElement("div", "dw-composer");
  const frame = makeElement("div", "dw-box");
  const foot = makeElement("div", "dw-box-foot");
  const keys = makeElement("span", "dw-keys", "", { id: `dw-keys-${randomName()}` });
  const waiting = makeElement("span", "dw-waiting", "", { role: "status" });
  const clear = makeButton("dw-clear");
  const undo = makeButton("dw-undo", "Undo", { title: "Bring back what was cleared" });
  const submit = makeButton("dw-submit");
  const queued = buildRow("Next", "Take back", "Take back the question that is asked next");
  const editing = buildRow("Editing", "Cancel", "Leave the question as it was");
  const examples = buildExamples();
  const textarea = makeElement("textarea", "", "", {
    rows: 2,
    dir: "auto",
    spellcheck: false,
    "aria-label": "Instruction",
    "aria-describedby": keys.id,
  });
  foot.append(keys, waiting, undo, clear, submit);
  frame.append(queued.row, editing.row, textarea, foot);
  root.append(frame, examples.fold);
  return { root, textarea, keys, waiting, clear, undo, submit, queued, editing, ...examples };
}

/** A line above the box, with a button that ends what it says. */
function buildRow(title, text, name) {
  const row = makeElement("div", "dw-box-row", "", { role: "status" });
  const said = makeElement("span", "dw-box-said", "", { dir: "auto" });
  const end = makeButton("dw-box-end", text, { "aria-label": name });
  row.append(makeElement("b", "", title), said, end);
  row.hidden = true;
  return { row, said, end };
}

function buildExamples() {
  const fold = makeElement("div", "dw-examples-fold");
  const line = makeButton("dw-fold-button", "Examples");
  const examples = makeElement("div", "dw-examples", "", { role: "group", "aria-label": "Examples" });
  fold.append(line, examples);
  return { fold, line, examples };
}

function showRow({ row, said }, text) {
  said.textContent = text;
  row.hidden = text === "";
}

function showState(view) {
  const { model, textarea, keys, clear, undo, submit } = view;
  const state = model.get("state");
  const [text, icon] = BUTTON[state];
  submit.replaceChildren(makeIcon(icon), text);
  submit.setAttribute("aria-disabled", String(state === "stopping"));
  submit.classList.toggle("dw-is-stop", state !== "ready");
  keys.textContent = KEYS[state];
  clear.textContent = model.get("is_chat") ? "New chat" : "Clear";
  clear.disabled = state !== "ready";
  undo.hidden = !model.get("can_undo") || state !== "ready";
  if (state === "ready") view.submitted = "";
  textarea.placeholder = model.get("placeholder");
}

function showRows({ model, queued, editing }) {
  showRow(queued, model.get("queued"));
  showRow(editing, model.get("editing"));
}

function showExamples({ model, fold, line, examples }) {
  const texts = model.get("examples");
  const isOpen = model.get("are_examples_open");
  fold.hidden = texts.length === 0;
  line.setAttribute("aria-expanded", String(isOpen));
  examples.hidden = !isOpen;
  const isSame = texts.length === examples.children.length;
  if (!isSame || texts.some((text, place) => text !== examples.children[place].textContent))
    examples.replaceChildren(...texts.map((text) => makeButton("dw-example", text)));
}
