// The picture of a distribution: a table with bars in its cells, and rows that can be chosen.
// Tokens are untrusted text: they reach the page as text nodes only.

const MOVES = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

function element(name, className = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  return made;
}

/** A cell of a figure and a bar; ``show`` fills it. */
function measure() {
  const cell = element("td");
  const box = element("div", "dw-measure");
  const track = element("div", "dw-track");
  const bar = element("div", "dw-length");
  const tick = element("div", "dw-tick");
  const figure = element("span", "dw-figure");
  track.append(bar, tick);
  box.append(track, figure);
  cell.append(box);
  return {
    cell,
    show({ text, length, tick: expected, title, is_words: isWords }) {
      figure.textContent = text;
      box.classList.toggle("dw-words", isWords);
      box.classList.toggle("dw-no-bar", length === null);
      bar.style.width = `${100 * (length ?? 0)}%`;
      tick.hidden = expected === null;
      tick.style.left = `${100 * (expected ?? 0)}%`;
      cell.title = title;
    },
  };
}

/** A candidate's row. */
function candidate() {
  const row = element("tr");
  const rank = element("td", "dw-rank");
  const head = element("th", "dw-name");
  head.scope = "row";
  const button = element("button");
  button.type = "button";
  const name = element("bdi");
  const badge = element("span", "dw-badge");
  badge.textContent = "drawn";
  button.append(name);
  head.append(button, badge);
  row.append(rank, head);
  const cells = [];
  return {
    row,
    button,
    show(data, isFirstCut) {
      while (cells.length < data.cells.length) {
        cells.push(measure());
        row.append(cells.at(-1).cell);
      }
      while (cells.length > data.cells.length) cells.pop().cell.remove();
      data.cells.forEach((cell, index) => cells[index].show(cell));
      rank.textContent = data.rank;
      name.textContent = data.name;
      button.title = `id ${data.token_id} – choose it as the next token`;
      row.dataset.id = data.token_id;
      row.classList.toggle("dw-cut", data.cut_by !== "");
      row.classList.toggle("dw-first-cut", isFirstCut);
      row.classList.toggle("dw-drawn", data.is_drawn);
      name.classList.toggle("dw-special", data.is_special);
      if (data.is_drawn) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
      badge.hidden = !data.is_drawn;
    },
  };
}

const SLIDING = ["keydown", "pointerdown", "pointermove"];
const NUDGES_MS = [8, 20];

/**
 * Jupyter's server leaves Nagle's algorithm on: a table would wait for 40 ms, until the page's host acknowledges the
 * message before it (that the kernel is busy). Whatever the page sends meanwhile carries that acknowledgement.
 */
function nudgeWhileSliding(model, root) {
  const timers = new Set();
  function nudge(event) {
    const isSliding = event.type === "keydown" || event.buttons > 0;
    const slider = event.target.closest?.(".widget-slider");
    if (!isSliding || timers.size > 0 || !slider?.closest(".dw-explorer")?.contains(root)) return;
    for (const delay of NUDGES_MS) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        model.send({ kind: "nudge" });
      }, delay);
      timers.add(timer);
    }
  }
  for (const name of SLIDING) window.addEventListener(name, nudge, true);
  return () => {
    for (const name of SLIDING) window.removeEventListener(name, nudge, true);
    for (const timer of timers) clearTimeout(timer);
  };
}

function render({ model, el }) {
  const root = element("div", "dw-bars");
  const announcement = element("div", "dw-announcement");
  announcement.setAttribute("role", "status");
  const scroller = element("div", "dw-scroller");
  const table = element("table");
  const caption = element("caption");
  const headings = element("tr");
  const body = element("tbody");
  const others = element("tr", "dw-others");
  const head = element("thead");
  const foot = element("tfoot");
  const notes = element("div", "dw-notes");
  head.append(headings);
  foot.append(others);
  table.append(caption, head, body, foot);
  scroller.append(table);
  root.append(announcement, scroller, notes);
  el.append(root);

  const rows = [];
  let active = 0;
  let revision = null;

  function showHeadings(columns) {
    const all = [{ name: "#", help: "Rank, after the repetition penalty." }, { name: "Token", help: "" }, ...columns];
    const cells = all.map(({ name, help }) => {
      const cell = element("th");
      cell.scope = "col";
      cell.textContent = name;
      cell.title = help;
      return cell;
    });
    headings.replaceChildren(...cells);
  }

  function showRows(data) {
    while (rows.length < data.length) {
      rows.push(candidate());
      body.append(rows.at(-1).row);
    }
    while (rows.length > data.length) rows.pop().row.remove();
    data.forEach((row, index) => {
      rows[index].show(row, row.cut_by !== "" && index > 0 && data[index - 1].cut_by === "");
    });
  }

  function showOthers({ others: text, others_cells }) {
    foot.hidden = text === "";
    const name = element("th", "dw-name");
    name.scope = "row";
    name.textContent = text;
    const cells = others_cells.map((data) => {
      const { cell, show } = measure();
      show(data);
      return cell;
    });
    others.replaceChildren(element("td", "dw-rank"), name, ...cells);
  }

  function showNotes(texts) {
    const lines = texts.map((text) => {
      const line = element("div");
      line.textContent = text;
      return line;
    });
    notes.replaceChildren(...lines);
  }

  function update() {
    const data = model.get("table");
    const isEmpty = !data.rows;
    scroller.hidden = notes.hidden = isEmpty;
    if (isEmpty) return;
    const hadFocus = body.contains(document.activeElement);
    caption.textContent = data.summary;
    showHeadings(data.columns);
    showRows(data.rows);
    showOthers(data);
    showNotes(data.notes);
    // Of another text the first candidate comes first.
    moveTo(data.revision === revision ? active : 0, hadFocus && data.revision !== revision);
    revision = data.revision;
  }

  function look() {
    const isOutdated = model.get("is_outdated");
    root.classList.toggle("dw-outdated", isOutdated);
    table.setAttribute("aria-busy", String(isOutdated));
    announcement.textContent = model.get("announcement");
  }

  /** One row is in the order of Tab; the arrow keys choose which. */
  function moveTo(index, withFocus = true) {
    active = Math.max(0, Math.min(index, rows.length - 1));
    rows.forEach(({ button }, each) => (button.tabIndex = each === active ? 0 : -1));
    if (withFocus) rows[active]?.button.focus();
  }

  function choose(event) {
    const row = event.target.closest("tr");
    const selection = document.getSelection();
    const isSelecting = event.detail > 0 && !selection.isCollapsed && selection.getRangeAt(0).intersectsNode(body);
    if (!row || isSelecting) return;
    moveTo(rows.findIndex((each) => each.row === row), event.target.closest("button") !== null);
    model.send({ kind: "choose", token_id: Number(row.dataset.id), revision });
  }

  function onFocus(event) {
    const index = rows.findIndex(({ button }) => button === event.target);
    if (index >= 0 && index !== active) moveTo(index, false);
  }

  // JupyterLab takes keys at the document, to move between cells. Stopped at the window they still do what they do here.
  function onKeyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !body.contains(event.target)) return;
    if (event.key === "Enter" || event.key === " ") event.stopPropagation();
    if (!(event.key in MOVES)) return;
    event.stopPropagation();
    event.preventDefault();
    moveTo(active + MOVES[event.key]);
  }

  const stopNudging = nudgeWhileSliding(model, root);
  const listeners = [
    ["change:table", update],
    ["change:is_outdated", look],
    ["change:announcement", look],
  ];
  for (const [event, listener] of listeners) model.on(event, listener);
  body.addEventListener("click", choose);
  body.addEventListener("focusin", onFocus);
  window.addEventListener("keydown", onKeyDown, true);
  look();
  update();

  return () => {
    for (const [event, listener] of listeners) model.off(event, listener);
    body.removeEventListener("click", choose);
    body.removeEventListener("focusin", onFocus);
    window.removeEventListener("keydown", onKeyDown, true);
    stopNudging();
    root.remove();
  };
}

export default { render };
