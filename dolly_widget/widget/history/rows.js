// The rows of the history's list, and a file to take away.

const TYPES = { json: "application/json", md: "text/markdown" };

function rowElement(row) {
  const item = makeElement("li", "dw-history-item");
  const button = makeButton("dw-history-row", "", { "data-place": row.place });
  const head = makeElement("span", "dw-history-head");
  const instruction = makeElement("span", "dw-history-instruction", row.instruction, { dir: "auto" });
  const answer = makeElement("span", "dw-history-answer", row.answer || "(no text)", { dir: "auto" });
  head.append(makeElement("span", "dw-history-number", row.place + 1), instruction);
  button.append(head, answer, makeElement("span", "dw-history-facts", row.facts));
  item.append(button);
  return item;
}

/** Only what moved is moved: an element that stays keeps the focus. */
function arrange(list, items) {
  const kept = new Set(items);
  for (const item of [...list.children]) if (!kept.has(item)) item.remove();
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}

function download(name, text) {
  const type = TYPES[name.split(".").pop()];
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = makeElement("a", "", "", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // some browsers are still reading
}
