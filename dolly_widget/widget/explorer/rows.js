// A row of the table, and a cell with a figure and a bar. Each is made once and filled again with each table.

function makeCell() {
  const cell = makeElement("td");
  const box = makeElement("div", "dw-measure");
  const track = makeElement("div", "dw-track");
  const bar = makeElement("div", "dw-length");
  const tick = makeElement("div", "dw-tick");
  const figure = makeElement("span", "dw-figure");
  track.append(bar, tick);
  box.append(track, figure);
  cell.append(box);
  return { cell, box, bar, tick, figure };
}

function fillCell({ cell, box, bar, tick, figure }, data) {
  figure.textContent = data.text;
  box.classList.toggle("dw-words", data.is_words);
  box.classList.toggle("dw-no-bar", data.length === null);
  bar.style.width = `${100 * (data.length ?? 0)}%`;
  tick.hidden = data.tick === null;
  tick.style.left = `${100 * (data.tick ?? 0)}%`;
  cell.title = data.title;
}

function makeRow() {
  const row = makeElement("tr");
  const rank = makeElement("td", "dw-rank");
  const head = makeElement("th", "dw-name", "", { scope: "row" });
  const button = makeButton();
  const name = makeElement("bdi");
  const word = makeElement("bdi", "dw-word");
  const badge = makeElement("span", "dw-badge", "drawn");
  button.append(name);
  head.append(button, word, badge);
  row.append(rank, head);
  return { row, rank, button, name, word, badge, cells: [] };
}

function fillRow({ row, rank, button, name, word, badge, cells }, data, isFirstCut) {
  fillCells(row, cells, data.cells);
  rank.textContent = data.rank;
  name.textContent = data.name;
  name.classList.toggle("dw-special", data.is_special);
  button.title = `id ${data.token_id}${data.is_written ? ", in the answer" : ""} – choose it as the next token`;
  row.classList.toggle("dw-written", data.is_written);
  word.textContent = data.word;
  word.title = data.word && `The likeliest whole word: ${data.word}`;
  word.hidden = data.word === "";
  badge.hidden = !data.is_drawn;
  row.dataset.id = data.token_id;
  row.classList.toggle("dw-cut", data.cut_by !== "");
  row.classList.toggle("dw-first-cut", isFirstCut);
  row.classList.toggle("dw-drawn", data.is_drawn);
  setCurrent(row, data.is_drawn);
}

function fillCells(row, cells, data) {
  while (cells.length < data.length) {
    cells.push(makeCell());
    row.append(cells.at(-1).cell);
  }
  while (cells.length > data.length) cells.pop().cell.remove();
  data.forEach((each, index) => fillCell(cells[index], each));
}
