// The card of one token: what it was chosen from. In the browser's top layer, no cell or sidebar can cut it off.

const GAP_PX = 4;
const CARD_HINT = "Choose another token to see how the answer would continue. Click the token to explore.";

function makeCard() {
  return makeElement("div", "dw-card", "", { role: "group", popover: "manual" });
}

function fillCard(card, token) {
  const head = makeElement("div", "dw-card-head");
  head.append(makeElement("b", "dw-name", token.name), makeElement("span", "", token.facts));
  const word = token.word ? [makeElement("div", "dw-card-word", `Part of “${token.word}”.`)] : [];
  const others = token.others.map((other, index) => otherElement(other, index === token.own));
  card.setAttribute("aria-label", `Instead of ${token.name}`);
  card.replaceChildren(
    head,
    ...word,
    makeElement("div", "dw-card-details", token.details),
    ...others,
    makeElement("div", "dw-card-hint", CARD_HINT),
  );
}

function otherElement([tokenId, name, chance, width], isOwn) {
  const element = makeButton("dw-other", "", { "aria-description": isOwn ? "chosen here" : "go on with it" });
  const bar = makeElement("span", "dw-share");
  const track = makeElement("span", "dw-track");
  bar.style.width = `${width}%`;
  track.append(bar);
  element.dataset.tokenId = tokenId;
  element.append(makeElement("span", "dw-name", name), track, makeElement("span", "dw-chance", chance));
  setCurrent(element, isOwn);
  return element;
}

function openCard(card, element) {
  if (card.showPopover && !card.matches(":popover-open")) card.showPopover();
  card.hidden = false;
  placeCard(card, element);
}

function closeCard(card) {
  if (card.hidePopover && card.matches(":popover-open")) card.hidePopover();
  card.hidden = true;
}

/** Below the element; above it if there is room only there. */
function placeCard(card, element) {
  const box = element.getClientRects()[0] ?? element.getBoundingClientRect();
  const below = box.bottom + GAP_PX;
  const hasRoom = below + card.offsetHeight <= window.innerHeight || box.top < card.offsetHeight + GAP_PX;
  const left = Math.min(box.left, window.innerWidth - card.offsetWidth - GAP_PX);
  card.style.left = `${Math.max(GAP_PX, left)}px`;
  card.style.top = `${hasRoom ? below : box.top - card.offsetHeight - GAP_PX}px`;
}
