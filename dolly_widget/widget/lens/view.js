// An answer's tokens in their colours. Pointing at one, or moving to it with the arrow keys, shows a card with what it
// was chosen from. Everything that the model wrote goes in as text.

const GAP_PX = 4;
// Time to move the pointer from a token to its card.
const LEAVE_MS = 250;
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function tokenElement(token, place) {
  const element = make("span", `dw-token dw-p${token.level}`);
  // A line break inside would continue the colour in the next line.
  element.textContent = token.text.replace(/\n$/, "");
  element.dataset.place = place;
  element.tabIndex = -1;
  element.setAttribute("role", "button");
  element.setAttribute("aria-label", `${token.name}, ${token.facts}`);
  element.classList.toggle("dw-special", token.is_special);
  return element;
}

function otherElement([tokenId, name, chance, width], isOwn) {
  const element = make("button", "dw-other");
  element.type = "button";
  element.dataset.tokenId = tokenId;
  const bar = make("span", "dw-share");
  bar.style.width = `${width}%`;
  const track = make("span", "dw-track");
  track.append(bar);
  element.append(make("span", "dw-name", name), track, make("span", "dw-chance", chance));
  element.setAttribute("aria-description", isOwn ? "is there" : "go on with it");
  if (isOwn) element.setAttribute("aria-current", "true");
  return element;
}

function legendElement(text) {
  const legend = make("div", "dw-legend");
  const ramp = make("span", "dw-ramp");
  ramp.setAttribute("aria-hidden", "true");
  for (let level = 0; level <= 10; level += 1) ramp.append(make("span", `dw-p${level}`));
  const scale = make("span", "dw-scale", "0% ");
  scale.append(ramp, " 100%");
  legend.append(make("span", "", `${text}:`), scale);
  return legend;
}

function render({ model, el }) {
  const root = make("div", "dw-lens");
  const summary = make("div", "dw-lens-summary");
  const text = make("div", "dw-lens-text");
  text.dir = "auto";
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", "Tokens of the answer");
  text.setAttribute("aria-description", "Arrow keys: the next token. Down: what it was chosen from. Enter: explore.");
  const foot = make("div", "dw-lens-foot");
  const card = make("div", "dw-card");
  card.setAttribute("role", "group");
  // In the browser's top layer, no cell or sidebar can cut it off.
  card.popover = "manual";
  root.append(text, foot, card);
  el.append(root);

  let elements = [];
  let shown = null;
  let leaving = 0;
  let isFirstTap = false;
  let wasChosenByKey = false;

  const tokens = () => model.get("tokens");
  const place = (element) => Number(element.dataset.place);

  function update() {
    hide();
    elements = tokens().map(tokenElement);
    const nodes = elements.flatMap((element, index) => (tokens()[index].text.endsWith("\n") ? [element, "\n"] : element));
    text.replaceChildren(...nodes);
    if (elements.length) elements[0].tabIndex = 0;
    const chosen = elements[model.get("chosen")];
    chosen?.classList.add("dw-chosen");
    summary.textContent = model.get("summary");
    foot.replaceChildren(legendElement(model.get("legend")), summary);
    root.hidden = elements.length === 0;
    if (chosen && wasChosenByKey) requestAnimationFrame(goToChosen);
  }

  /** The keyboard was in the card of the answer before, which is gone. */
  function goToChosen() {
    if (wasChosenByKey && document.activeElement === document.body) elements[model.get("chosen")]?.focus();
    wasChosenByKey = false;
  }

  /** Only one token is a stop for the Tab key: the one that the reader was at last. */
  function rove(element) {
    for (const each of elements) each.tabIndex = each === element ? 0 : -1;
  }

  function show(element) {
    clearTimeout(leaving);
    if (shown === element) return;
    shown?.classList.remove("dw-shown");
    shown = element;
    shown.classList.add("dw-shown");
    const token = tokens()[place(element)];
    card.setAttribute("aria-label", `Instead of ${token.name}`);
    const head = make("div", "dw-card-head");
    head.append(make("b", "dw-name", token.name), make("span", "", token.facts));
    const others = token.others.map((other, index) => otherElement(other, index === token.own));
    card.replaceChildren(
      head,
      make("div", "dw-card-details", token.details),
      ...others,
      make("div", "dw-card-hint", "Choose another one to see what it would have said. Click the token to explore."),
    );
    if (card.showPopover && !card.matches(":popover-open")) card.showPopover();
    card.hidden = false;
    placeCard(element);
  }

  function placeCard(element) {
    const boxes = element.getClientRects();
    const box = boxes[0] ?? element.getBoundingClientRect();
    const below = box.bottom + GAP_PX;
    const isRoom = below + card.offsetHeight <= window.innerHeight || box.top < card.offsetHeight + GAP_PX;
    const left = Math.min(box.left, window.innerWidth - card.offsetWidth - GAP_PX);
    card.style.left = `${Math.max(GAP_PX, left)}px`;
    card.style.top = `${isRoom ? below : box.top - card.offsetHeight - GAP_PX}px`;
  }

  function hide() {
    clearTimeout(leaving);
    shown?.classList.remove("dw-shown");
    shown = null;
    if (card.hidePopover && card.matches(":popover-open")) card.hidePopover();
    card.hidden = true;
  }

  function hideSoon() {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
      // After a click on it, a token has the focus, but that is not where the reader is.
      if (!shown?.matches(":focus-visible") && !card.contains(document.activeElement)) hide();
    }, LEAVE_MS);
  }

  function onOver(event) {
    const element = event.target.closest(".dw-token");
    if (element) show(element);
    else if (card.contains(event.target)) clearTimeout(leaving);
    else hideSoon();
  }

  function onFocus(event) {
    const element = event.target.closest(".dw-token");
    if (!element) return;
    rove(element);
    show(element);
  }

  function onFocusOut(event) {
    if (!root.contains(event.relatedTarget)) hide();
  }

  // A finger cannot point: its first tap shows the card, the second one on the same token opens the explorer.
  function onPointerDown(event) {
    const element = event.target.closest(".dw-token");
    isFirstTap = event.pointerType === "touch" && element !== shown;
  }

  function hasSelection() {
    const selection = document.getSelection();
    return !!selection && !selection.isCollapsed && selection.getRangeAt(0).intersectsNode(text);
  }

  function onClick(event) {
    const other = event.target.closest(".dw-other");
    if (other && shown) choose(other);
    const element = event.target.closest(".dw-token");
    // Dragging over the text, or a double click, is to copy it.
    if (!element || isFirstTap || event.detail > 1 || hasSelection()) return;
    open(element);
  }

  function open(element) {
    model.send({ kind: "open", place: place(element) });
    hide();
  }

  function choose(other) {
    if (other.getAttribute("aria-current")) return;
    model.send({ kind: "choose", place: place(shown), token_id: Number(other.dataset.tokenId) });
    hide();
  }

  // JupyterLab takes keys at the document, to move between cells: stopped at the window, on their way down.
  function onKeyDown(event) {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (!isPlain || !root.contains(event.target)) return;
    if (act(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** Whether the key meant something here. */
  function act(event) {
    const others = [...card.querySelectorAll(".dw-other")];
    const at = others.indexOf(event.target);
    if (event.key === "Escape" && shown) {
      const element = shown;
      if (at >= 0) element.focus();
      hide();
      return true;
    }
    return at >= 0 ? actInCard(event.key, others, at) : actOnToken(event, others);
  }

  function actInCard(key, others, at) {
    if (key === "ArrowDown") others[Math.min(at + 1, others.length - 1)].focus();
    else if (key === "ArrowUp") (at ? others[at - 1] : shown).focus();
    else if (key === "Enter" || key === " ") {
      wasChosenByKey = true;
      choose(others[at]);
    } else return false;
    return true;
  }

  function actOnToken(event, others) {
    const element = event.target.closest(".dw-token");
    if (!element) return false;
    const last = elements.length - 1;
    const step = STEPS[event.key];
    if (step) elements[Math.max(0, Math.min(last, place(element) + step))].focus();
    else if (event.key === "Home") elements[0].focus();
    else if (event.key === "End") elements[last].focus();
    else if (event.key === "ArrowDown" && shown === element) others[0]?.focus();
    else if (event.key === "ArrowDown") show(element);
    else if (event.key === "ArrowUp") hide();
    else if (event.key === "Enter" || event.key === " ") open(element);
    else return false;
    return true;
  }

  function onScroll(event) {
    if (shown && !card.contains(event.target)) placeCard(shown);
  }

  const names = ["change:tokens", "change:legend", "change:summary", "change:chosen"];
  for (const name of names) model.on(name, update);
  root.addEventListener("mouseover", onOver);
  root.addEventListener("mouseleave", hideSoon);
  root.addEventListener("focusin", onFocus);
  root.addEventListener("focusout", onFocusOut);
  root.addEventListener("pointerdown", onPointerDown);
  root.addEventListener("click", onClick);
  window.addEventListener("keydown", onKeyDown, true);
  window.addEventListener("scroll", onScroll, true);
  update();

  return () => {
    for (const name of names) model.off(name, update);
    window.removeEventListener("keydown", onKeyDown, true);
    window.removeEventListener("scroll", onScroll, true);
    hide();
    root.remove();
  };
}

export default { render };
