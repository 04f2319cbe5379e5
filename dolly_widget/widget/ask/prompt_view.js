// A prompt's tokens, or stretches of its text, with a legend. Line breaks get a sign that is seen and not copied.

const LEGEND = [
  ["template", "template"],
  ["user", "yours"],
  ["special", "special token"],
];

const AT_END_PX = 8;

const SCROLL_KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "]);

function part(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function stretchParts([kind, text, tooltip], index) {
  if (kind === "gap") return [part("div", "dw-prompt-gap", text)];
  const element = part("span", `dw-prompt-${kind} ${index % 2 ? "dw-odd" : "dw-even"}`);
  if (tooltip) element.title = tooltip;
  const lines = text.split("\n");
  lines.forEach((line, at) => {
    if (at > 0) element.append(part("span", "dw-prompt-sign", "↵"));
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
    const entry = part("span", "dw-prompt-entry");
    const swatch = part("span", `dw-prompt-${kind} dw-even`, "\u2002");
    swatch.setAttribute("aria-hidden", "true");
    entry.append(swatch, ` ${name}`);
    return entry;
  });
  if (count) entries.unshift(part("span", "dw-prompt-entry", count));
  if (stretches.some(([, text]) => text.includes("\ufffd"))) {
    entries.push(part("span", "dw-prompt-entry", "\ufffd part of a character"));
  }
  return entries;
}

function render({ model, el }) {
  const root = part("div", "dw-prompt");
  const note = part("div", "dw-prompt-note");
  note.setAttribute("role", "status");
  const text = part("div", "dw-prompt-text");
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", "The prompt as the model sees it");
  text.tabIndex = 0;
  text.dir = "ltr";
  const legend = part("div", "dw-prompt-legend");
  root.append(note, text, legend);
  el.append(root);

  function update() {
    const stretches = model.get("stretches");
    note.textContent = model.get("note");
    note.hidden = note.textContent === "";
    // The element that scrolls stays, and with it the reader's place; at the end, they stay there.
    const isAtEnd = text.scrollTop > 0 && text.scrollHeight - text.clientHeight - text.scrollTop <= AT_END_PX;
    text.replaceChildren(...stretches.flatMap(stretchParts));
    text.hidden = stretches.length === 0;
    if (isAtEnd) text.scrollTop = text.scrollHeight;
    legend.replaceChildren(...legendParts(model.get("count"), stretches));
  }

  // JupyterLab takes these keys at the document, to move between cells. Stopped at the window they still scroll.
  function onKeyDown(event) {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const canScroll = text.scrollHeight > text.clientHeight;
    if (event.target === text && isPlain && SCROLL_KEYS.has(event.key) && canScroll) event.stopPropagation();
  }

  model.on("change:stretches", update);
  model.on("change:count", update);
  model.on("change:note", update);
  window.addEventListener("keydown", onKeyDown, true);
  update();
  return () => {
    model.off("change:stretches", update);
    model.off("change:count", update);
    model.off("change:note", update);
    window.removeEventListener("keydown", onKeyDown, true);
    root.remove();
  };
}

export default { render };
