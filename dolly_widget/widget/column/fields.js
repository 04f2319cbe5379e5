// The form of a column: its table, the instruction with its fields, the shape of an answer, and where it goes.

const KINDS = {
  text: "Any text",
  choices: "Choices",
  bool: "Yes or no",
  int: "Whole number",
  date: "Date",
  pattern: "Pattern",
};
const DETAILS = {
  choices: { label: "The choices", placeholder: "positive, negative" },
  pattern: { label: "The pattern", placeholder: "[A-Z]{2}[0-9]{4}" },
};
const TYPED = ["instruction", "details", "into"];
const CHOSEN = ["table", "kind"];
const formIds = randomName();

function buildForm() {
  const form = makeElement("div", "dw-cells-form");
  const table = makeElement("select");
  const look = makeButton("dw-cells-button", "Look again", { title: "Look for DataFrames in the notebook again" });
  const instruction = makeElement("textarea", "", "", {
    rows: "2",
    placeholder: "Is this review positive? {text}",
  });
  const chips = makeElement("div", "dw-cells-chips", "", { role: "group", "aria-label": "Insert a field" });
  const kind = makeElement("select", "", "", { title: "Any text follows the sampling settings. The other kinds give the likeliest answer." });
  for (const [value, label] of Object.entries(KINDS)) kind.append(makeElement("option", "", label, { value }));
  const details = makeElement("input", "", "", { type: "text", autocomplete: "off", spellcheck: "false" });
  const into = makeElement("input", "", "", { type: "text", autocomplete: "off", spellcheck: "false" });
  const detailsField = labelled("details", "", details);
  const above = makeElement("div", "dw-cells-line");
  above.append(labelled("table", "Table", table), look);
  const below = makeElement("div", "dw-cells-line");
  below.append(labelled("kind", "Answer", kind), detailsField, labelled("into", "New column", into));
  form.append(above, labelled("instruction", "For each row", instruction), chips, below);
  return { form, table, look, instruction, chips, kind, details, detailsField, into };
}

function labelled(name, text, control) {
  const field = makeElement("div", `dw-cells-field dw-cells-${name}`);
  control.id = `dw-cells-${name}-${formIds}`;
  field.append(makeElement("label", "", text, { for: control.id }), control);
  return field;
}

function bindForm(view) {
  const { model, look, chips, table } = view;
  for (const name of TYPED) view[name].addEventListener("input", () => set(model, name, view[name].value));
  for (const name of CHOSEN) view[name].addEventListener("change", () => set(model, name, view[name].value));
  view.instruction.addEventListener("keydown", (event) => onNewLine(view, event));
  look.addEventListener("click", () => model.send({ kind: "look" }));
  table.addEventListener("pointerdown", () => model.send({ kind: "look" }));
  chips.addEventListener("click", ({ target }) => target.dataset.field !== undefined && insert(view, target.dataset.field));
}

/** What is typed and chosen now: of a change that was just made, the kernel may not have heard yet. */
function formOf(view) {
  return Object.fromEntries([...TYPED, ...CHOSEN].map((name) => [name, view[name].value]));
}

function set(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

// JupyterLab prevents the line break of Shift+Enter in anything inside a cell.
function onNewLine(view, event) {
  if (event.key !== "Enter" || !event.shiftKey) return;
  event.preventDefault();
  insertText(view, "\n");
}

function insert(view, field) {
  insertText(view, `{${field}}`);
  view.instruction.focus();
}

function insertText({ model, instruction }, text) {
  const { selectionStart, selectionEnd } = instruction;
  instruction.setRangeText(text, selectionStart, selectionEnd, "end");
  set(model, "instruction", instruction.value);
}

function showForm(view) {
  const { model, table, kind, details, detailsField } = view;
  const tables = model.get("tables");
  showOptions(table, tables);
  table.value = model.get("table");
  table.disabled = tables.length === 0;
  kind.value = model.get("kind");
  for (const name of TYPED)
    if (view[name] !== document.activeElement) view[name].value = model.get(name);
  const asked = DETAILS[kind.value];
  detailsField.hidden = !asked;
  if (asked) {
    details.placeholder = asked.placeholder;
    detailsField.firstChild.textContent = asked.label;
  }
  showChips(view.chips, tables.find(({ name }) => name === table.value)?.columns ?? []);
}

function showOptions(table, tables) {
  const told = tables.map(({ name, rows }) => [name, `${name} · ${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"}`]);
  if (!told.length) told.push(["", "No DataFrame yet"]);
  const shown = [...table.options].map(({ value, textContent }) => [value, textContent]);
  if (String(told) === String(shown)) return; // an open list stays open
  table.replaceChildren(...told.map(([value, text]) => makeElement("option", "", text, { value })));
}

function showChips(chips, columns) {
  if (String([...chips.children].map((chip) => chip.dataset.field)) === String(columns)) return;
  const made = columns.map((name) =>
    makeButton("dw-cells-chip", `{${name}}`, { "data-field": name, title: `Insert the column ${name}` }),
  );
  chips.replaceChildren(...made);
}
