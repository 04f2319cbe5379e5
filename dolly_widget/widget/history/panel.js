// The answers so far: a search box, the newest first, and files to take away. Every text goes in as text.

// Typing goes on for a while before the search is worth its time.
const TYPING_MS = 150;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const ALONG = { ArrowRight: 1, ArrowLeft: -1 };

function render({ model, el }) {
  const view = {
    model,
    ...build(),
    items: new Map(), // rows by place in the history, after so many edits of it; all were found by the same query
    edits: undefined,
    query: null,
    typing: 0,
    requests: 0,
    name: randomName(), // another view of the same list hears our answers too
    fileRequest: null,
    moreRequest: null,
  };
  el.append(view.root);
  const unbind = bind(view);
  view.search.value = model.get("query");
  update(view);
  return () => {
    clearTimeout(view.typing);
    unbind();
    view.root.remove();
  };
}

function build() {
  const root = makeElement("div", "dw-history");
  // JupyterLab would take the keys for itself: Enter to edit the cell, arrows to leave it.
  root.dataset.lmSuppressShortcuts = "true";
  const bar = makeElement("div", "dw-history-bar");
  const search = makeElement("input", "dw-history-search", "", {
    type: "search",
    placeholder: "Search questions and answers",
    "aria-label": "Search the history",
  });
  const { exports, json, markdown } = buildExports();
  const status = makeElement("div", "dw-history-status", "", { role: "status" });
  const list = makeElement("ol", "dw-history-list", "", { "aria-label": "Answers, the newest first" });
  const more = makeButton("dw-history-button dw-history-more");
  const deleted = makeElement("div", "dw-history-deleted", "", { role: "status" });
  const name = makeElement("bdi");
  const undo = makeButton("dw-history-button", "Undo", { title: "Bring back what was deleted" });
  const said = makeElement("span", "", "Deleted “");
  said.append(name, "”.");
  deleted.append(said, undo);
  bar.append(search, exports);
  root.append(bar, status, list, deleted, more);
  return { root, search, json, markdown, status, list, more, deleted, deletedName: name, undo };
}

function buildExports() {
  const exports = makeElement("span", "dw-history-exports", "", {
    role: "group",
    "aria-label": "Download what is listed",
  });
  const json = makeButton("dw-history-button", "JSON", {
    title: "Download the answers found as JSON, to continue with DollyWidget(history=…)",
    "data-format": "json",
  });
  const markdown = makeButton("dw-history-button", "Markdown", {
    title: "Download the answers found as Markdown, to read",
    "data-format": "md",
  });
  exports.append(json, markdown);
  return { exports, json, markdown };
}

function bind(view) {
  const { model, root, search } = view;
  search.addEventListener("input", () => onInput(view));
  root.addEventListener("click", (event) => onClick(view, event));
  root.addEventListener("keydown", (event) => onKeyDown(view, event));
  view.list.addEventListener("focusin", ({ target }) => makeTabStop(view.list, target.closest("li")));
  return listenToModel(model, {
    "change:listing": () => update(view),
    "change:query": () => onQuery(view),
    "change:shown": () => markRows(view),
    "change:deleted": () => showDeleted(view),
    "change:is_resting": () => markRows(view),
    "msg:custom": (content) => onMessage(view, content),
  });
}

function update(view) {
  const { query, rows, edits, edit } = view.model.get("listing");
  const focused = focusedPart(view);
  const isEdited = edits !== view.edits;
  if (query === view.query && edits === view.edits + 1) applyEdit(view, edit);
  else if (query !== view.query || isEdited) view.items = new Map();
  if (query !== view.query || isEdited) view.moreRequest = null; // what was asked for before is not answered
  Object.assign(view, { query, edits });
  addRows(view, rows);
  show(view);
  if (isEdited && edit) restoreFocus(view, focused, edit);
}

function addRows({ items }, rows) {
  for (const row of rows) if (!items.has(row.place)) items.set(row.place, rowElement(row));
}

function show(view) {
  const { model, items, json, markdown, status, list, more } = view;
  const { matches } = model.get("listing");
  arrange(list, places(items).map((place) => items.get(place)));
  const left = matches - items.size;
  more.hidden = left <= 0;
  more.textContent = `Show ${Math.min(50, left)} more`;
  list.hidden = items.size === 0;
  json.disabled = markdown.disabled = matches === 0;
  status.textContent = statusText(view);
  tellTimes(list);
  makeTabStop(list, list.querySelector("li:has([tabindex='0'])") ?? list.firstChild);
  markRows(view);
  showDeleted(view);
}

/** One row takes part in the order of Tab: the arrows lead to the others. */
function makeTabStop(list, stop) {
  for (const item of list.children)
    for (const button of item.querySelectorAll("[data-act]")) button.tabIndex = item === stop ? 0 : -1;
}

function showDeleted({ model, deleted, deletedName }) {
  deleted.hidden = model.get("deleted") === "";
  deletedName.textContent = model.get("deleted");
}

/** The newest first. */
function places(items) {
  return [...items.keys()].sort((a, b) => b - a);
}

function statusText({ model, query, search, fileRequest }) {
  const { matches, total } = model.get("listing");
  const words = query.trim();
  if (fileRequest) return "Preparing the file…";
  if (search.value.trim() !== words) return "Searching…";
  if (total === 0) return "No answers yet.";
  if (matches === 0) return `No answer matches “${words}”.`;
  return words ? `${matches.toLocaleString("en")} of ${total.toLocaleString("en")}` : "";
}

function markRows({ model, items }) {
  for (const [place, item] of items) {
    setCurrent(item.firstChild, place === model.get("shown"));
    for (const button of item.querySelectorAll("[data-act]"))
      button.setAttribute("aria-disabled", String(model.get("is_resting")));
  }
}

function onQuery(view) {
  if (document.activeElement !== view.search) view.search.value = view.model.get("query");
  show(view);
}

function onInput(view) {
  const { model, search, status } = view;
  clearTimeout(view.typing);
  status.textContent = statusText(view);
  view.typing = setTimeout(() => {
    model.set("query", search.value);
    model.save_changes();
  }, TYPING_MS);
}

function onClick(view, { target }) {
  const button = target.closest("button");
  if (!button) return;
  if (button === view.more) askForMore(view);
  else if (button.dataset.format) askForFile(view, button.dataset.format);
  else if (button === view.undo) view.model.send({ kind: "undo" });
  else act(view, button.closest(".dw-history-item"), button.dataset.act);
}

function act(view, item, name) {
  if (name === "leave") closeLabel(item);
  else if (view.model.get("is_resting")) return;
  else if (name === "label") openLabel(item);
  else if (name === "save") saveLabel(view, item);
  else sendRow(view, item, { kind: name });
}

function askForMore(view) {
  const { query, edits, items, moreRequest } = view;
  if (!moreRequest) view.moreRequest = request(view, { kind: "more", place: places(items).at(-1), query, edits });
}

function askForFile(view, format) {
  view.fileRequest = request(view, { kind: "export", format });
  view.status.textContent = statusText(view);
}

function request(view, content) {
  view.requests += 1;
  const id = `${view.name}-${view.requests}`;
  view.model.send({ ...content, request: id });
  return id;
}

function onMessage(view, content) {
  if (content.request === view.fileRequest && content.kind === "file") {
    view.fileRequest = null;
    download(content.name, content.text);
    show(view);
  } else if (content.request === view.moreRequest && content.kind === "more") {
    view.moreRequest = null;
    showMore(view, content.rows);
  }
}

function showMore(view, rows) {
  const hadFocus = document.activeElement === view.more;
  addRows(view, rows);
  show(view);
  // The reader goes on where the new ones begin, whether the button is still there or not.
  if (hadFocus && rows.length) view.items.get(rows[0].place).firstChild.focus();
}

/** Up and down, from row to row; left and right, along a row. */
function onKeyDown(view, event) {
  if (onLabelKey(view, event) || !isPlain(event)) return;
  const { key, target } = event;
  const { list, search } = view;
  const items = [...list.children];
  const at = items.indexOf(target.closest(".dw-history-item"));
  if (target !== search && !target.dataset.act) return;
  const inRow = (index) => actOf(items[clampIndex(index, items.length)], target.dataset.act ?? "show");
  if (key === "Home" && at >= 0) inRow(0).focus();
  else if (key === "End" && at >= 0) inRow(items.length).focus();
  else if (ALONG[key] && at >= 0) alongRow(items[at], target, ALONG[key]).focus();
  else if (at === 0 && key === "ArrowUp") search.focus();
  else if (STEPS[key] && items.length) inRow(at + STEPS[key]).focus();
  else return;
  event.preventDefault();
}

function alongRow(item, button, step) {
  const buttons = [...item.querySelectorAll("button")].filter((each) => each.checkVisibility());
  return buttons[clampIndex(buttons.indexOf(button) + step, buttons.length)];
}

export default { render };
