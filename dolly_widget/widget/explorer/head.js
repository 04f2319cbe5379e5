// Above an explorer that is open within a widget: which token it is about, and Close. Tokens are untrusted: text only.

function render({ model, el }) {
  const view = { model, el, ...build() };
  el.append(view.root);
  const unbind = bind(view);
  update(view);
  return () => {
    unbind();
    view.root.remove();
  };
}

function build() {
  const root = makeElement("div", "dw-explorer-head");
  const title = makeElement("div", "dw-explorer-title", "", { role: "heading", "aria-level": "3" });
  const steps = makeElement("div", "dw-explorer-steps");
  const settings = makeElement("div", "dw-explorer-settings");
  const close = makeButton("dw-explorer-close", "", { "aria-label": "Close the explorer", title: "Close (Esc)" });
  close.append(makeIcon("fa-times"), makeElement("span", "", "Close"));
  root.append(title, close, steps, settings);
  return { root, title, steps, settings, close };
}

function bind(view) {
  const { model, el, close } = view;
  close.addEventListener("click", () => leave(view));
  const stopModel = listenToModel(model, {
    "change:place": () => update(view),
    "change:settings": () => update(view),
  });
  const stopWindow = listenToWindow({ keydown: (event) => onKeyDown(view, event) });
  // Put into the page after it is rendered. Who opened it from Python is elsewhere, and stays there.
  const shown = requestAnimationFrame(() => isOpenedFrom(tokensOf(el)) && el.scrollIntoView({ block: "nearest" }));
  return () => {
    stopModel();
    stopWindow();
    cancelAnimationFrame(shown);
  };
}

function update({ model, title, steps, settings }) {
  const { token, where, steps: taken = [] } = model.get("place");
  const instead = token ? ["Instead of ", tokenElement(token)] : ["After the last token"];
  title.replaceChildren(...instead, makeElement("span", "dw-explorer-where", where ?? ""));
  steps.replaceChildren(...(taken.length ? ["Your way on: ", ...taken.map(tokenElement)] : []));
  steps.hidden = taken.length === 0;
  settings.textContent = model.get("settings");
}

function tokenElement([name, isSpecial]) {
  return makeElement("bdi", isSpecial ? "dw-token dw-is-special" : "dw-token", name);
}

function explorerOf(el) {
  return el.closest(".dw-explorer");
}

/** The answer's tokens that it stands below; none where it is shown by itself. */
function tokensOf(el) {
  return el.closest(".dw-widget")?.querySelector(".dw-lens");
}

function isOpenedFrom(tokens) {
  return !!tokens?.contains(document.activeElement);
}

/** Also at the tokens, unless their card is there: the first Esc closes that. */
function onKeyDown(view, event) {
  const isHere = [explorerOf(view.el), tokensOf(view.el)].some((each) => each?.contains(event.target));
  if (event.key !== "Escape" || !isPlain(event) || !isHere || event.defaultPrevented) return;
  consume(event);
  leave(view);
}

/** The focus goes first: what is removed with it would leave it to the notebook. */
function leave({ model, el }) {
  tokensOf(el)?.querySelector(".dw-explored")?.focus({ preventScroll: true });
  model.send({ kind: "close" });
}

export default { render };
