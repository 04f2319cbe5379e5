// The rows of the history's list: what each says, when it was answered, and what can be done with it.

const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_NAME_CHARS = 60; // said for each of a row's buttons

function rowElement(row) {
  const item = makeElement("li", "dw-history-item");
  const button = makeButton("dw-history-row", "", { "data-act": "show" });
  const head = makeElement("span", "dw-history-head");
  const number = makeElement("span", "dw-history-number");
  const label = makeElement("span", "dw-history-label", row.label, { dir: "auto", title: row.label });
  const instruction = makeElement("span", "dw-history-instruction", row.instruction, { dir: "auto" });
  const answer = makeElement("span", "dw-history-answer", row.answer || "(no text)", { dir: "auto" });
  head.append(number, ...(row.label ? [label] : []), instruction);
  button.append(head, answer, factsElement(row));
  item.append(button, toolsElement(row));
  return setPlace(item, row.place);
}

function factsElement({ time, facts }) {
  const made = makeElement("span", "dw-history-facts");
  if (time) made.append(makeElement("time", "", "", { datetime: time }), " · ");
  made.append(facts);
  return made;
}

function toolsElement(row) {
  const tools = makeElement("div", "dw-history-tools");
  const name = [...(row.label || row.instruction)].slice(0, MAX_NAME_CHARS).join("");
  for (const act of ["Label", "Delete"])
    tools.append(makeButton("", act, { "data-act": act.toLowerCase(), "aria-label": `${act} “${name}”` }));
  return tools;
}

/** Where it is in the history, counted from 0; the reader counts from 1. */
function setPlace(item, place) {
  item.dataset.place = place;
  item.querySelector(".dw-history-number").textContent = place + 1;
  return item;
}

function placeOf(item) {
  return Number(item.dataset.place);
}

/** The button of a row that does this; the row's first where it is hidden just now. */
function actOf(item, act) {
  const button = item.querySelector(`[data-act="${act}"]`);
  return button?.checkVisibility() ? button : item.firstChild;
}

/** In the reader's language and time zone; again with each change of the list, since a day ends. */
function tellTimes(list) {
  for (const time of list.querySelectorAll("time")) {
    const then = new Date(time.dateTime);
    time.textContent = timeText(then, new Date());
    time.title = formatted(then, { dateStyle: "full", timeStyle: "long" });
  }
}

function timeText(then, now) {
  const days = Math.round((startOfDay(now) - startOfDay(then)) / DAY_MS); // a day may have 23 hours
  const time = formatted(then, { timeStyle: "short" });
  if (days === 0) return time;
  if (days === 1) return `${new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-1, "day")} ${time}`;
  if (then.getFullYear() === now.getFullYear()) return `${formatted(then, { day: "numeric", month: "short" })}, ${time}`;
  return formatted(then, { dateStyle: "medium" });
}

function formatted(date, options) {
  return new Intl.DateTimeFormat(undefined, options).format(date);
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** Only what moved is moved: an element that stays keeps the focus. */
function arrange(list, items) {
  const kept = new Set(items);
  for (const item of [...list.children]) if (!kept.has(item)) item.remove();
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}
