// A table of the notebook, what is asked about each of its rows, and the answers. Every text goes in as text.

const STATES = {
  waiting: "Waiting for the model…",
  stopping: "Stopping…",
};

function render({ model, el }) {
  const view = { model, ...build() };
  el.append(view.root);
  const unbind = bind(view);
  showForm(view);
  showRun(view);
  showRows(view);
  return () => {
    unbind();
    view.root.remove();
  };
}

function build() {
  const root = makeElement("div", "dw-cells");
  // JupyterLab would take the keys for itself: Enter to edit the cell, arrows to leave it.
  root.dataset.lmSuppressShortcuts = "true";
  const form = buildForm();
  const attempt = makeButton("dw-cells-button", "Try on 3 rows");
  const run = makeButton("dw-cells-button dw-is-main");
  const stop = makeButton("dw-cells-button", "Stop");
  const figures = makeElement("span", "dw-cells-figures");
  const buttons = makeElement("div", "dw-cells-line");
  buttons.append(attempt, run, stop, figures);
  const bar = makeElement("div", "dw-bar", "", { role: "progressbar", "aria-label": "Rows answered" });
  bar.append(makeElement("div"));
  const note = makeElement("div", "dw-cells-note");
  // For a screen reader: it is always there, and changes when a run begins and ends, and with the note.
  const said = makeElement("div", "dw-cells-said", "", { role: "status" });
  const rows = buildRows();
  root.append(form.form, buttons, bar, note, said, rows.results);
  return { root, ...form, attempt, run, stop, pressed: run, figures, bar, note, said, ...rows };
}

function bind(view) {
  const { model } = view;
  bindForm(view);
  view.attempt.addEventListener("click", () => model.send({ kind: "try", form: formOf(view) }));
  view.run.addEventListener("click", () => model.send({ kind: "run", form: formOf(view) }));
  view.stop.addEventListener("click", () => stopRun(view));
  view.root.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && stopRun(view));
  bindRows(view);
  const form = () => showForm(view);
  const run = () => showRun(view);
  return listenToModel(model, {
    ...Object.fromEntries(["table", "tables", "instruction", "kind", "details", "into"].map((each) => [`change:${each}`, form])),
    ...Object.fromEntries(["state", "progress", "run_label", "note", "is_wrong"].map((each) => [`change:${each}`, run])),
    "change:listing": () => showRows(view),
  });
}

function stopRun({ model }) {
  if (["waiting", "running"].includes(model.get("state"))) model.send({ kind: "stop" });
}

function showRun(view) {
  const { root, model, attempt, run, stop, figures, bar, note } = view;
  const state = model.get("state");
  const { done = 0, total = 0, figures: said = "" } = model.get("progress");
  const isBusy = state !== "ready";
  const focused = [attempt, run, stop].find((button) => button === document.activeElement);
  attempt.hidden = run.hidden = isBusy;
  stop.hidden = !isBusy;
  stop.setAttribute("aria-disabled", String(state === "stopping")); // it keeps the focus
  root.toggleAttribute("data-keeps-escape", isBusy); // the key stops this, not an answer
  run.textContent = model.get("run_label");
  attempt.disabled = run.disabled = model.get("tables").length === 0;
  figures.textContent = STATES[state] ?? said;
  bar.hidden = !isBusy;
  showBar(bar, state === "waiting" ? null : total ? (100 * done) / total : 0);
  note.textContent = model.get("note");
  sayState(view, state === "running" ? "Answering the rows." : figures.textContent);
  note.classList.toggle("dw-is-wrong", model.get("is_wrong"));
  if (!focused?.hidden) return;
  (isBusy ? stop : view.pressed).focus();
  if (isBusy) view.pressed = focused;
}

function sayState({ said, note }, text) {
  const now = [note.textContent, text].filter(Boolean).join(" ");
  if (said.textContent !== now) said.textContent = now;
}

function showBar(bar, percent) {
  for (const [name, value] of Object.entries({ valuemin: 0, valuemax: 100, valuenow: Math.round(percent ?? 0) }))
    if (percent === null) bar.removeAttribute(`aria-${name}`);
    else bar.setAttribute(`aria-${name}`, value);
  bar.firstChild.style.width = percent === null ? "" : `${percent}%`;
}

export default { render };
