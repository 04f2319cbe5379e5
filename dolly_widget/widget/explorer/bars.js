// The picture of a distribution: a table with bars in its cells, and rows that can be chosen.
// Tokens are untrusted text: they reach the page as text nodes only.

const MOVES = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
const FIRST_COLUMNS = [
  { name: "#", help: "Rank, after the repetition penalty." },
  { name: "Token", help: "" },
];

function render({ model, el }) {
  const view = { model, ...build(), rows: [], active: 0, revision: null };
  el.append(view.root);
  const unbind = bind(view);
  showState(view);
  update(view);
  return () => {
    unbind();
    view.root.remove();
  };
}

function build() {
  const root = makeElement("div", "dw-bars");
  const announcement = makeElement("div", "dw-announcement", "", { role: "status" });
  const scroller = makeElement("div", "dw-scroller");
  const table = makeElement("table");
  const caption = makeElement("caption");
  const head = makeElement("thead");
  const headings = makeElement("tr");
  const body = makeElement("tbody");
  const foot = makeElement("tfoot");
  const others = makeElement("tr", "dw-others");
  const notes = makeElement("div", "dw-notes");
  head.append(headings);
  foot.append(others);
  table.append(caption, head, body, foot);
  scroller.append(table);
  root.append(announcement, scroller, notes);
  return { root, announcement, scroller, table, caption, headings, body, foot, others, notes };
}

function bind(view) {
  const { model, root, body } = view;
  body.addEventListener("click", (event) => onClick(view, event));
  body.addEventListener("focusin", (event) => onFocus(view, event));
  const stopModel = listenToModel(model, {
    "change:table": () => update(view),
    "change:is_outdated": () => showState(view),
    "change:announcement": () => showState(view),
  });
  const stopKeys = listenToWindow({ keydown: (event) => onKeyDown(view, event) });
  const stopNudging = nudgeWhileSliding(model, root);
  return () => {
    stopModel();
    stopKeys();
    stopNudging();
  };
}

function showState({ model, root, table, announcement }) {
  const isOutdated = model.get("is_outdated");
  root.classList.toggle("dw-outdated", isOutdated);
  table.setAttribute("aria-busy", String(isOutdated));
  announcement.textContent = model.get("announcement");
}

function update(view) {
  const { model, scroller, caption, body, notes } = view;
  const data = model.get("table");
  const isEmpty = !data.rows;
  scroller.hidden = notes.hidden = isEmpty;
  if (isEmpty) return;
  const hadFocus = body.contains(document.activeElement);
  caption.textContent = data.summary;
  showHeadings(view, data.columns);
  showRows(view, data.rows);
  showOthers(view, data);
  notes.replaceChildren(...data.notes.map((text) => makeElement("div", "", text)));
  // Of another text the first candidate comes first.
  const isSame = data.revision === view.revision;
  moveTo(view, isSame ? view.active : 0, hadFocus && !isSame);
  view.revision = data.revision;
}

function showHeadings({ headings }, columns) {
  const cells = [...FIRST_COLUMNS, ...columns].map(({ name, help }) =>
    makeElement("th", "", name, { scope: "col", title: help }),
  );
  headings.replaceChildren(...cells);
}

function showRows({ rows, body }, data) {
  while (rows.length < data.length) {
    rows.push(makeRow());
    body.append(rows.at(-1).row);
  }
  while (rows.length > data.length) rows.pop().row.remove();
  data.forEach((row, index) => {
    const isFirstCut = row.cut_by !== "" && index > 0 && data[index - 1].cut_by === "";
    fillRow(rows[index], row, isFirstCut);
  });
}

function showOthers({ foot, others }, data) {
  foot.hidden = data.others === "";
  const name = makeElement("th", "dw-name", data.others, { scope: "row" });
  others.replaceChildren(makeElement("td", "dw-rank"), name);
  fillCells(others, [], data.others_cells);
}

/** One row is in the order of Tab; the arrow keys choose which. */
function moveTo(view, index, withFocus) {
  const { rows } = view;
  view.active = clampIndex(index, rows.length);
  rows.forEach(({ button }, each) => (button.tabIndex = each === view.active ? 0 : -1));
  if (withFocus) rows[view.active]?.button.focus();
}

function onClick(view, { target, detail }) {
  const { model, rows, body, revision } = view;
  const row = target.closest("tr");
  const isSelecting = detail > 0 && hasSelection(body); // Enter has no detail
  if (!row || isSelecting) return;
  const index = rows.findIndex((each) => each.row === row);
  moveTo(view, index, target.closest("button") !== null);
  model.send({ kind: "choose", token_id: Number(row.dataset.id), revision });
}

function onFocus(view, { target }) {
  const index = view.rows.findIndex(({ button }) => button === target);
  if (index >= 0 && index !== view.active) moveTo(view, index, false);
}

// Enter and the space bar press the button, and JupyterLab does not hear them.
function onKeyDown(view, event) {
  if (!isPlain(event) || !view.body.contains(event.target)) return;
  if (event.key === "Enter" || event.key === " ") event.stopPropagation();
  if (!(event.key in MOVES)) return;
  consume(event);
  moveTo(view, view.active + MOVES[event.key], true);
}

export default { render };
