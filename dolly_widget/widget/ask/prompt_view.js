// A prompt's tokens, or stretches of its text, with a legend. Line breaks get a sign that is seen and not copied.

const LEGEND = [
  ["template", "template"],
  ["user", "yours"],
  ["special", "special token"],
];

function render({ model, el }) {
  const view = { model, ...build() };
  const update = () => show(view);
  el.append(view.root);
  const stopModel = listenToModel(model, { "change:stretches": update, "change:count": update, "change:note": update });
  const stopKeys = keepScrollKeys(view.text);
  update();
  return () => {
    stopModel();
    stopKeys();
    view.root.remove();
  };
}

function build() {
  const root = makeElement("div", "dw-prompt");
  const note = makeElement("div", "dw-prompt-note", "", { role: "status" });
  const text = makeElement("div", "dw-prompt-text", "", {
    role: "region",
    "aria-label": "The prompt as the model sees it",
    tabindex: "0",
    dir: "ltr",
  });
  const legend = makeElement("div", "dw-prompt-legend");
  root.append(note, text, legend);
  return { root, note, text, legend };
}

function show({ model, note, text, legend }) {
  const stretches = model.get("stretches");
  note.textContent = model.get("note");
  note.hidden = note.textContent === "";
  // The element that scrolls stays, and with it the reader's place; at the end, they stay there.
  const wasAtEnd = text.scrollTop > 0 && isAtEnd(text);
  text.replaceChildren(...stretches.flatMap(stretchParts));
  text.hidden = stretches.length === 0;
  if (wasAtEnd) text.scrollTop = text.scrollHeight;
  legend.replaceChildren(...legendParts(model.get("count"), stretches));
}

function stretchParts([kind, text, tooltip], index) {
  if (kind === "gap") return [makeElement("div", "dw-prompt-gap", text)];
  const element = makeElement("span", `dw-prompt-${kind} ${index % 2 ? "dw-odd" : "dw-even"}`);
  if (tooltip) element.title = tooltip;
  const lines = text.split("\n");
  lines.forEach((line, at) => {
    if (at > 0) element.append(makeElement("span", "dw-prompt-sign", "↵"));
    // The last line break stays outside: in the stretch, it would begin the next line with a stump of the tint.
    if (at > 0 && !(at === lines.length - 1 && line === "")) element.append("\n");
    element.append(line);
  });
  const parts = text.startsWith(" ") ? [document.createElement("wbr"), element] : [element];
  return text.endsWith("\n") ? [...parts, "\n"] : parts;
}

function legendParts(count, stretches) {
  const kinds = new Set(stretches.map(([kind]) => kind.replace("-text", "")));
  const entries = LEGEND.filter(([kind]) => kinds.has(kind)).map(([kind, name]) => {
    const entry = makeElement("span", "dw-prompt-entry");
    entry.append(makeElement("span", `dw-prompt-${kind} dw-even`, "\u2002", { "aria-hidden": "true" }), ` ${name}`);
    return entry;
  });
  if (count) entries.unshift(makeElement("span", "dw-prompt-entry", count));
  if (stretches.some(([, text]) => text.includes("\ufffd"))) {
    entries.push(makeElement("span", "dw-prompt-entry", "\ufffd part of a character"));
  }
  return entries;
}

export default { render };
