// What a reader changes in the list: an answer deleted, brought back, or given a name of the reader's own.

const MAX_LABEL_CHARS = 80; // Python cuts what is longer

/** Let the rows follow the last edit. `index` is how many of the rows that are found are newer. */
function applyEdit(view, { kind, place, row, index }) {
  if (kind !== "insert") view.items.delete(place);
  if (kind === "remove") movePlaces(view, place, -1);
  if (kind === "insert") movePlaces(view, place, 1);
  // What is older than the rows that are listed comes on demand.
  if (row && index <= view.items.size) view.items.set(place, rowElement(row));
}

function movePlaces(view, from, step) {
  const newPlace = (place) => (place < from ? place : place + step);
  const moved = [...view.items].map(([place, item]) => [newPlace(place), setPlace(item, newPlace(place))]);
  view.items = new Map(moved);
}

/** The part of a row that has the focus, or null: it is lost with a row that goes. */
function focusedPart({ list, undo }) {
  const focused = document.activeElement;
  if (focused === undo) return { item: null, act: "show" };
  const item = list.contains(focused) && focused.closest(".dw-history-item");
  return item ? { item, act: focused.dataset.act ?? "label" } : null;
}

/** Give the focus to the same part of the row in that place, or of the next one: without it, keys are the notebook's. */
function restoreFocus(view, part, { kind, place }) {
  if (!part || (part.item ? part.item.isConnected : kind !== "insert")) return;
  const before = kind === "remove" ? place - 1 : place;
  const near = places(view.items).find((each) => each <= before) ?? places(view.items).at(-1);
  if (near !== undefined) actOf(view.items.get(near), part.act).focus();
  else (view.deleted.hidden ? view.search : view.undo).focus();
}

/** A box in the row for its label, in place of its tools. */
function openLabel(item) {
  const form = makeElement("div", "dw-history-form", "", { "data-keeps-escape": "" });
  const box = makeElement("input", "", "", {
    type: "text",
    dir: "auto",
    maxlength: MAX_LABEL_CHARS,
    placeholder: "A name of your own",
    "aria-label": "Label",
  });
  box.value = item.querySelector(".dw-history-label")?.textContent ?? "";
  form.append(box, makeButton("", "Save", { "data-act": "save" }), makeButton("", "Cancel", { "data-act": "leave" }));
  item.lastChild.hidden = true;
  item.append(form);
  box.focus();
  box.select();
}

function closeLabel(item) {
  item.lastChild.remove();
  item.lastChild.hidden = false;
  actOf(item, "label").focus();
}

/** The row comes again with its label, without the box. */
function saveLabel(view, item) {
  sendRow(view, item, { kind: "label", label: item.querySelector("input").value });
}

function sendRow({ model, edits }, item, content) {
  model.send({ ...content, place: placeOf(item), edits });
}

/** The keys of a label's box; whether it was one of them. */
function onLabelKey(view, event) {
  const item = event.target.closest(".dw-history-form")?.parentElement;
  if (!item || event.isComposing || event.keyCode === 229) return false;
  if (event.key === "Escape") closeLabel(item);
  else if (event.key === "Enter" && event.target.matches("input")) act(view, item, "save");
  else return false;
  consume(event);
  return true;
}
