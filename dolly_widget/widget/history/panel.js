// The answers so far: a search box, the newest first, and files to take away. Every text goes in as text.

// Typing goes on for a while before the search is worth its time.
const TYPING_MS = 150;
const TYPES = { json: "application/json", md: "text/markdown" };
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function makeButton(className, text) {
  const button = make("button", className, text);
  button.type = "button";
  return button;
}

function rowElement(row) {
  const item = make("li", "dw-history-item");
  const button = makeButton("dw-history-row");
  button.dataset.place = row.place;
  const head = make("span", "dw-history-head");
  const instruction = make("span", "dw-history-instruction", row.instruction);
  const answer = make("span", "dw-history-answer", row.answer || "(no text)");
  instruction.dir = answer.dir = "auto";
  head.append(make("span", "dw-history-number", String(row.place + 1)), instruction);
  button.append(head, answer, make("span", "dw-history-facts", row.facts));
  item.append(button);
  return item;
}

/** Only what moved is moved: an element that stays keeps the focus. */
function arrange(list, items) {
  const wanted = new Set(items);
  for (const item of [...list.children]) if (!wanted.has(item)) item.remove();
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}

function download(name, text) {
  const type = TYPES[name.split(".").pop()];
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = make("a", "");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // some browsers are still reading
}

function render({ model, el }) {
  const root = make("div", "dw-history");
  // JupyterLab would take the keys for itself: Enter to edit the cell, arrows to leave it.
  root.dataset.lmSuppressShortcuts = "true";
  const bar = make("div", "dw-history-bar");
  const search = make("input", "dw-history-search");
  search.type = "search";
  search.placeholder = "Search questions and answers";
  search.setAttribute("aria-label", "Search the history");
  const exports = make("span", "dw-history-exports");
  exports.setAttribute("role", "group");
  exports.setAttribute("aria-label", "Download what is listed");
  const json = makeButton("dw-history-button", "JSON");
  const markdown = makeButton("dw-history-button", "Markdown");
  json.dataset.format = "json";
  markdown.dataset.format = "md";
  json.title = "Download what is found as JSON, to continue with DollyWidget(history=…)";
  markdown.title = "Download what is found as Markdown, to read";
  exports.append(json, markdown);
  bar.append(search, exports);
  const status = make("div", "dw-history-status");
  status.setAttribute("role", "status");
  const list = make("ol", "dw-history-list");
  list.setAttribute("aria-label", "Answers, the newest first");
  const more = makeButton("dw-history-button dw-history-more");
  root.append(bar, status, list, more);
  el.append(root);

  // By place in the history, which never changes: what the messages brought, as long as the query is the same.
  let items = new Map();
  let query = null;
  let typing = 0;
  let requests = 0;
  // Another view of the same list hears our answers too.
  const name = Math.random().toString(36).slice(2);
  let waitingFor = null;
  let isLoadingMore = false;

  const listing = () => model.get("listing");
  const places = () => [...items.keys()].sort((a, b) => b - a);

  function add(rows) {
    for (const row of rows) if (!items.has(row.place)) items.set(row.place, rowElement(row));
  }

  function update() {
    const current = listing();
    if (current.query !== query) {
      items = new Map();
      isLoadingMore = false; // what was asked for under the words of before is not answered
    }
    query = current.query;
    add(current.rows);
    show();
  }

  function show() {
    arrange(list, places().map((place) => items.get(place)));
    const left = listing().matches - items.size;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(50, left)} more`;
    list.hidden = items.size === 0;
    json.disabled = markdown.disabled = listing().matches === 0;
    status.textContent = words();
    mark();
  }

  function words() {
    const { matches, total } = listing();
    if (waitingFor) return "Preparing the file…";
    if (search.value.trim() !== query.trim()) return "Searching…";
    if (total === 0) return "Nothing asked yet.";
    if (matches === 0) return `No answer matches “${query.trim()}”.`;
    return query.trim() ? `${matches.toLocaleString("en")} of ${total.toLocaleString("en")}` : "";
  }

  function mark() {
    for (const [place, item] of items) {
      const button = item.firstChild;
      if (place === model.get("shown")) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      button.setAttribute("aria-disabled", String(model.get("is_resting")));
    }
  }

  function onQuery() {
    if (document.activeElement !== search) search.value = model.get("query");
    show();
  }

  function onInput() {
    clearTimeout(typing);
    status.textContent = words();
    typing = setTimeout(() => {
      model.set("query", search.value);
      model.save_changes();
    }, TYPING_MS);
  }

  function request(content) {
    const id = `${name}-${(requests += 1)}`;
    model.send({ ...content, request: id });
    return id;
  }

  function onClick(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button === more) loadMore();
    else if (button.dataset.format) {
      waitingFor = request({ kind: "export", format: button.dataset.format });
      status.textContent = words();
    } else if (!model.get("is_resting")) model.send({ kind: "show", place: Number(button.dataset.place) });
  }

  function loadMore() {
    if (isLoadingMore) return;
    isLoadingMore = request({ kind: "more", place: places().at(-1), query });
  }

  function onMessage(content) {
    if (content.request === waitingFor && content.kind === "file") {
      waitingFor = null;
      download(content.name, content.text);
      show();
    } else if (content.request === isLoadingMore && content.kind === "more") {
      isLoadingMore = false;
      addMore(content.rows);
    }
  }

  function addMore(rows) {
    const hadFocus = document.activeElement === more;
    add(rows);
    show();
    // The reader goes on where the new ones begin, whether the button is still there or not.
    if (hadFocus && rows.length) items.get(rows[0].place).firstChild.focus();
  }

  function onKeyDown(event) {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    const buttons = [...list.querySelectorAll("button")];
    const at = buttons.indexOf(event.target);
    if (!isPlain || (at < 0 && event.target !== search)) return;
    if (event.key === "Home" && at >= 0) buttons[0].focus();
    else if (event.key === "End" && at >= 0) buttons.at(-1).focus();
    else if (at === 0 && event.key === "ArrowUp") search.focus();
    else if (STEPS[event.key] && buttons.length) buttons[Math.max(0, Math.min(at + STEPS[event.key], buttons.length - 1))].focus();
    else return;
    event.preventDefault();
  }

  const listeners = [
    ["change:listing", update],
    ["change:query", onQuery],
    ["change:shown", mark],
    ["change:is_resting", mark],
    ["msg:custom", onMessage],
  ];
  for (const [event, listener] of listeners) model.on(event, listener);
  search.addEventListener("input", onInput);
  root.addEventListener("click", onClick);
  root.addEventListener("keydown", onKeyDown);
  search.value = model.get("query");
  update();

  return () => {
    clearTimeout(typing);
    for (const [event, listener] of listeners) model.off(event, listener);
    search.removeEventListener("input", onInput);
    root.removeEventListener("click", onClick);
    root.removeEventListener("keydown", onKeyDown);
    root.remove();
  };
}

export default { render };
