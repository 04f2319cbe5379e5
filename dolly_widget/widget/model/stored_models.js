// The models on this machine, to load and to delete. That a click is meant, the page asks by itself; every text goes in
// as text, and what it sends is the key of a row.

function render({ model, el }) {
  // asking: the row that asks whether it is meant; refused: the one that says why not; waiting: the one being deleted
  const { answers } = model.get("listing");
  const view = { model, ...build(), asking: null, refused: null, waiting: null, answers };
  el.append(view.root);
  const unbind = bind(view);
  update(view);
  return () => {
    unbind();
    view.root.remove();
  };
}

function build() {
  const root = makeElement("div", "dw-stored", "", { tabindex: "-1", role: "group", "aria-label": "On this machine" });
  // JupyterLab would take the keys for itself.
  root.dataset.lmSuppressShortcuts = "true";
  const title = makeElement("div", "dw-stored-title", "On this machine", { "aria-hidden": "true" });
  const list = makeElement("ul", "dw-stored-list", "", { "aria-label": "Models on this machine" });
  const told = makeElement("div", "dw-stored-told", "", { role: "status" });
  const disk = makeElement("div", "dw-stored-disk");
  root.append(title, list, told, disk);
  return { root, list, told, disk };
}

function bind(view) {
  view.root.addEventListener("click", (event) => onClick(view, event));
  view.root.addEventListener("keydown", (event) => onKeyDown(view, event));
  return listenToModel(view.model, {
    "change:listing": () => onListing(view),
    "change:disabled": () => update(view),
  });
}

function onListing(view) {
  const { answers } = view.model.get("listing");
  if (answers !== view.answers) view.waiting = null; // not a listing that came in between
  view.answers = answers;
  update(view);
}

function update(view) {
  const { models = [], told = "", disk = "" } = view.model.get("listing");
  const held = heldFocus(view);
  const { scrollTop } = view.list;
  view.root.hidden = models.length === 0;
  view.list.replaceChildren(...models.map((each) => modelItem(view, each)));
  view.list.scrollTop = scrollTop;
  if (view.told.textContent !== told) view.told.textContent = told;
  view.disk.textContent = disk;
  if (held) giveFocus(view, held);
}

/** The button that has the focus, by what it is, and by its row's place: the row may go. */
function heldFocus({ root }) {
  const button = root.contains(document.activeElement) ? document.activeElement : null;
  const row = button?.closest(".dw-stored-row");
  return row && { key: row.dataset.key, act: button.dataset.act, place: rowsOf(root).indexOf(row) };
}

// An element that is removed would leave the focus to the notebook, whose commands are letters.
function giveFocus({ root }, { key, act, place }) {
  const rows = rowsOf(root).filter((row) => row.querySelector("button"));
  const row = rows.find((each) => each.dataset.key === key) ?? rows[clampIndex(place, rows.length)];
  const buttons = [act, "keep", "wait", "delete", "load"].map((each) => row?.querySelector(`[data-act=${each}]`));
  (buttons.find(Boolean) ?? root).focus({ preventScroll: true });
}

function rowsOf(root) {
  return [...root.querySelectorAll(".dw-stored-row")];
}

function onClick(view, { target }) {
  const button = target.closest("button");
  if (!button) return;
  const row = rowOf(view, button.closest(".dw-stored-row").dataset.key);
  const { act } = button.dataset;
  const isDisabled = button.getAttribute("aria-disabled") === "true";
  view.refused = act === "delete" && isDisabled ? row.key : null;
  if (act !== "wait") view.asking = act === "delete" && !isDisabled ? row.key : null;
  if (act === "load" && !isDisabled) view.model.send({ kind: "load", key: row.key });
  if (act === "sure") remove(view, row);
  update(view);
}

function rowOf({ model }, key) {
  return model.get("listing").models.flatMap(({ rows }) => rows).find((row) => row.key === key);
}

function remove(view, { key }) {
  view.waiting = key;
  view.model.send({ kind: "delete", key });
}

function onKeyDown(view, event) {
  if (event.key !== "Escape" || !isPlain(event) || view.asking === null) return;
  view.asking = null;
  update(view);
  consume(event);
}

export default { render };
