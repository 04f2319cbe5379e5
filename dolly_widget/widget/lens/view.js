// An answer's tokens in their colours. Pointing at one, or moving to it with the arrow keys, shows a card with what it
// was chosen from. Everything that the model wrote goes in as text.

// Time to move the pointer from a token to its card.
const LEAVE_MS = 250;
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
const TEXT_ATTRIBUTES = {
  dir: "auto",
  role: "group",
  "aria-label": "Tokens of the answer",
  "aria-description": "Arrow keys: the next token. Down: what it was chosen from. Enter: explore.",
};

function render({ model, el }) {
  const view = {
    model,
    ...build(model),
    elements: [],
    shown: null, // the token whose card is open
    leaving: 0,
    isFirstTap: false,
    wasChosenByKey: false,
  };
  el.append(view.root);
  const unbind = bind(view);
  update(view);
  return () => {
    unbind();
    hide(view);
    view.root.remove();
  };
}

function build(model) {
  const root = makeElement("div", "dw-lens");
  const spoken = makeElement("div", "dw-spoken", "", { role: "status" });
  const tools = buildTools(model, (words) => (spoken.textContent = words));
  const summary = makeElement("div", "dw-lens-summary");
  const text = makeElement("div", "dw-lens-text", "", TEXT_ATTRIBUTES);
  const foot = makeElement("div", "dw-lens-foot");
  const card = makeCard();
  root.append(tools.bar, text, foot, card, spoken);
  return { root, summary, text, foot, card, ...tools };
}

function bind(view) {
  const { model, root } = view;
  const names = ["tokens", "legend", "summary", "chosen", "code"];
  const stopModel = listenToModel(model, {
    ...Object.fromEntries(names.map((name) => [`change:${name}`, () => update(view)])),
    "change:explored": () => showExplored(view),
  });
  root.addEventListener("mouseover", (event) => onOver(view, event));
  root.addEventListener("mouseleave", () => hideSoon(view));
  root.addEventListener("focusin", (event) => onFocus(view, event));
  root.addEventListener("focusout", (event) => root.contains(event.relatedTarget) || hide(view));
  root.addEventListener("pointerdown", (event) => onPointerDown(view, event));
  root.addEventListener("click", (event) => onClick(view, event));
  const stopWindow = listenToWindow({
    keydown: (event) => onKeyDown(view, event),
    scroll: (event) => onScroll(view, event),
  });
  return () => {
    stopModel();
    stopWindow();
  };
}

function update(view) {
  const { model, root, text, foot, summary } = view;
  hide(view);
  const tokens = model.get("tokens");
  view.elements = tokens.map(tokenElement);
  text.replaceChildren(
    ...view.elements.flatMap((element, place) => (tokens[place].text.endsWith("\n") ? [element, "\n"] : element)),
  );
  if (tokens.length) view.elements[0].tabIndex = 0;
  const chosen = view.elements[model.get("chosen")];
  chosen?.classList.add("dw-chosen");
  summary.textContent = model.get("summary");
  foot.replaceChildren(legendElement(model.get("legend")), summary);
  root.hidden = tokens.length === 0;
  showTools(model, view.copyAnswer, view.copyCode);
  showExplored(view);
  if (chosen && view.wasChosenByKey) requestAnimationFrame(() => goToChosen(view));
}

/** The explorer stands below the tokens; this is the one that it is about. */
function showExplored({ model, elements }) {
  const explored = model.get("explored");
  elements.forEach((element, place) => {
    element.classList.toggle("dw-explored", place === explored);
    setCurrent(element, place === explored);
  });
}

function tokenElement(token, place) {
  // A line break inside would continue the colour in the next line.
  const element = makeElement("span", `dw-token dw-p${token.level}`, token.text.replace(/\n$/, ""), {
    role: "button",
    tabindex: "-1",
    "aria-label": `${token.name}, ${token.facts}`,
    "data-place": place,
  });
  element.classList.toggle("dw-special", token.is_special);
  return element;
}

function legendElement(text) {
  const legend = makeElement("div", "dw-legend");
  const ramp = makeElement("span", "dw-ramp", "", { "aria-hidden": "true" });
  for (let level = 0; level <= 10; level += 1) ramp.append(makeElement("span", `dw-p${level}`));
  const scale = makeElement("span", "dw-scale", "0% ");
  scale.append(ramp, " 100%");
  legend.append(makeElement("span", "", `${text}:`), scale);
  return legend;
}

/** The keyboard was in the card of the answer before, which is gone: what is around it has the focus meanwhile. */
function goToChosen(view) {
  const isFree = document.activeElement.contains(view.root);
  if (view.wasChosenByKey && isFree) view.elements[view.model.get("chosen")]?.focus();
  view.wasChosenByKey = false;
}

function placeOf(element) {
  return Number(element.dataset.place);
}

function show(view, element) {
  clearTimeout(view.leaving);
  if (view.shown === element) return;
  view.shown?.classList.remove("dw-shown");
  view.shown = element;
  element.classList.add("dw-shown");
  fillCard(view.card, view.model.get("tokens")[placeOf(element)]);
  openCard(view.card, element);
}

function hide(view) {
  clearTimeout(view.leaving);
  view.shown?.classList.remove("dw-shown");
  view.shown = null;
  closeCard(view.card);
}

function hideSoon(view) {
  clearTimeout(view.leaving);
  view.leaving = setTimeout(() => {
    // After a click on it, a token has the focus, but that is not where the reader is.
    if (!view.shown?.matches(":focus-visible") && !view.card.contains(document.activeElement)) hide(view);
  }, LEAVE_MS);
}

function onOver(view, { target }) {
  const element = target.closest(".dw-token");
  if (element) show(view, element);
  else if (view.card.contains(target)) clearTimeout(view.leaving);
  else hideSoon(view);
}

function onFocus(view, { target, relatedTarget }) {
  const element = target.closest(".dw-token");
  if (!element) return;
  // Only one token is a stop for the Tab key: the one that the reader was at last.
  for (const each of view.elements) each.tabIndex = each === element ? 0 : -1;
  if (!relatedTarget?.closest(".dw-explorer")) show(view, element); // who comes back from there has seen more of it
}

// A finger cannot point: its first tap shows the card, the second one on the same token opens the explorer.
function onPointerDown(view, { target, pointerType }) {
  view.isFirstTap = pointerType === "touch" && target.closest(".dw-token") !== view.shown;
}

function onClick(view, { target, detail }) {
  const other = target.closest(".dw-other");
  if (other && view.shown) choose(view, other);
  const element = target.closest(".dw-token");
  // Dragging over the text, or a double click, is to copy it.
  if (!element || view.isFirstTap || detail > 1 || hasSelection(view.text)) return;
  open(view, element);
}

function onScroll({ shown, card }, { target }) {
  if (shown && !card.contains(target)) placeCard(card, shown);
}

function open(view, element) {
  view.model.send({ kind: "open", place: placeOf(element) });
  hide(view);
}

function choose(view, other) {
  if (other.getAttribute("aria-current")) return;
  view.model.send({ kind: "choose", place: placeOf(view.shown), token_id: Number(other.dataset.tokenId) });
  hide(view);
}

function onKeyDown(view, event) {
  if (isPlain(event) && view.root.contains(event.target) && takeKey(view, event)) consume(event);
}

/** Acts on a key of the lens, and returns whether it is one. */
function takeKey(view, { key, target }) {
  const others = [...view.card.querySelectorAll(".dw-other")];
  const at = others.indexOf(target);
  if (key === "Escape" && view.shown) {
    if (at >= 0) view.shown.focus();
    hide(view);
    return true;
  }
  return at >= 0 ? takeKeyOfCard(view, key, others, at) : takeKeyOfToken(view, key, target, others);
}

function takeKeyOfCard(view, key, others, at) {
  if (key === "ArrowDown") others[clampIndex(at + 1, others.length)].focus();
  else if (key === "ArrowUp") (at ? others[at - 1] : view.shown).focus();
  else if (key === "Enter" || key === " ") {
    view.wasChosenByKey = true;
    choose(view, others[at]);
  } else return false;
  return true;
}

function takeKeyOfToken(view, key, target, others) {
  const { elements, shown } = view;
  const element = target.closest(".dw-token");
  if (!element) return false;
  if (STEPS[key]) elements[clampIndex(placeOf(element) + STEPS[key], elements.length)].focus();
  else if (key === "Home") elements[0].focus();
  else if (key === "End") elements.at(-1).focus();
  else if (key === "ArrowDown" && shown === element) others[0]?.focus();
  else if (key === "ArrowDown") show(view, element);
  else if (key === "ArrowUp") hide(view);
  else if (key === "Enter" || key === " ") open(view, element);
  else return false;
  return true;
}

export default { render };
