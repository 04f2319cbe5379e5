// A page of rows: what is asked about, and the answer, or why there is none.

const PAGE_ROWS = 20;

function buildRows() {
  const results = makeElement("div", "dw-cells-results");
  const bar = makeElement("div", "dw-cells-line");
  const doubt = makeElement("label", "dw-cells-doubt");
  const uncertain = makeElement("input", "", "", { type: "checkbox" });
  doubt.append(uncertain, "Uncertain rows first");
  const pages = makeElement("div", "dw-cells-pages", "", { role: "group", "aria-label": "Pages of rows" });
  const before = makeButton("dw-cells-button", "Previous");
  const where = makeElement("span", "dw-cells-where");
  const after = makeButton("dw-cells-button", "Next");
  pages.append(before, where, after);
  bar.append(doubt, pages);
  // What scrolls can be reached with the keyboard.
  const scrolled = makeElement("div", "dw-cells-scrolled", "", { role: "region", "aria-label": "Rows", tabindex: "0" });
  const grid = makeElement("table");
  scrolled.append(grid);
  results.append(bar, scrolled);
  return { results, doubt, uncertain, pages, before, where, after, grid };
}

function bindRows(view) {
  const turn = (place, order) => view.model.send({ kind: "turn", place, order });
  const place = (step) => view.model.get("listing").place + step * PAGE_ROWS;
  const order = () => (view.model.get("listing").order === "uncertain" ? "uncertain" : "table");
  view.before.addEventListener("click", () => turn(place(-1), order()));
  view.after.addEventListener("click", () => turn(place(1), order()));
  view.uncertain.addEventListener("change", () => turn(0, view.uncertain.checked ? "uncertain" : "table"));
}

function showRows(view) {
  const { rows, columns, into, place, total, order, has_order: hasOrder } = view.model.get("listing");
  view.results.hidden = !rows;
  if (!rows) return;
  view.doubt.hidden = !hasOrder;
  view.uncertain.checked = order === "uncertain";
  view.pages.hidden = total <= PAGE_ROWS;
  const last = place + rows.length;
  view.where.textContent = `${place + 1}–${last} of ${total.toLocaleString("en")}`;
  view.before.disabled = place === 0;
  view.after.disabled = last >= total;
  const hasSure = rows.some(({ sure }) => sure !== null);
  const head = makeElement("thead");
  head.append(headElement([...columns, into, ...(hasSure ? ["sure"] : [])]));
  const body = makeElement("tbody");
  body.append(...rows.map((row) => cellsElement(row, hasSure)));
  view.grid.replaceChildren(head, body);
}

function headElement(names) {
  const line = makeElement("tr");
  for (const name of ["row", ...names]) line.append(makeElement("th", "", name, { scope: "col", dir: "auto" }));
  return line;
}

function cellsElement(row, hasSure) {
  const line = makeElement("tr");
  line.append(makeElement("th", "", row.row.toLocaleString("en"), { scope: "row" }));
  for (const text of row.cells) line.append(text.trim() ? textElement(text) : textElement("(empty)", "dw-is-open"));
  line.append(answerElement(row));
  if (hasSure) line.append(sureElement(row));
  return line;
}

function textElement(text, className = "") {
  const cell = makeElement("td", className);
  cell.append(makeElement("div", "dw-cells-text", text, { dir: "auto", title: text }));
  return cell;
}

function answerElement({ answer, error, is_cut: isCut }) {
  if (error) return textElement(`No answer: ${error}`, "dw-is-wrong");
  const cell = textElement(answer ?? "…", answer === null ? "dw-is-open" : "dw-cells-answer");
  if (isCut) cell.append(makeElement("div", "dw-cells-cut", "cut at max new tokens"));
  return cell;
}

function sureElement({ sure }) {
  const cell = makeElement("td");
  if (sure === null) return cell;
  const bar = makeElement("div", "dw-cells-sure", `${sure} %`);
  bar.style.setProperty("--dw-sure", `${sure}%`);
  cell.append(bar);
  return cell;
}
