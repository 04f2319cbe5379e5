// The output area: an answer that streams in. What has ended of it is HTML, and only added to; the rest is text.
// The reader comes first: no update may take their selection or their place in the text.

/** anywidget calls it once for a model: what its views share. */
export default () => {
  const growing = new GrowingAnswer();
  const reader = new Reader(growing);
  return {
    initialize: ({ model }) => growing.listen(model),
    render: (context) => render(context, growing, reader),
  };
};

function render({ model, el }, growing, reader) {
  const shown = { html: "", htmlEdition: -1, steps: 0, rendered: 0, edition: -1 };
  const view = { model, growing, reader, shown, wasStreaming: false, ...build(model) };
  view.place = new ScrollPlace(view.root, model.get("is_streaming"));
  el.append(view.frame);
  const unbind = bind(view);
  reader.join(view.spoken, model);
  showNames(view);
  update(view);
  return () => {
    unbind();
    reader.regions.delete(view.spoken);
    view.frame.remove();
  };
}

function build(model) {
  const frame = makeElement("div", "dw-response-frame");
  const spoken = makeElement("div", "dw-spoken", "", { role: "log", "aria-live": "polite" });
  const root = makeElement("div", "dw-response", "", { role: "region", tabindex: "0" });
  const body = makeElement("div", "dw-body");
  const textView = makeElement("div", "dw-text", "", { dir: "auto" });
  const textNode = document.createTextNode("");
  const htmlView = makeElement("div", "dw-html", "", { dir: "auto" });
  const { reasoning, ...reasoningParts } = buildReasoning();
  const placeholder = makeElement("div", "dw-placeholder");
  const note = makeElement("div", "dw-ending");
  const tools = buildTools(model, (words) => announce(spoken, words));
  textView.append(textNode);
  body.append(htmlView, textView);
  root.append(reasoning, body, placeholder, note);
  frame.append(tools.bar, root, spoken);
  const parts = { frame, spoken, root, body, textView, textNode, htmlView, placeholder, note };
  return { ...parts, reasoning, ...reasoningParts, ...tools };
}

/** What the model thought before it answered, folded away; its text is there once it is opened. */
function buildReasoning() {
  const reasoning = makeElement("details", "dw-reasoning");
  const reasoningLine = makeElement("summary");
  const reasoningText = makeElement("div", "dw-reasoning-text", "", { dir: "auto" });
  const reasoningNode = document.createTextNode("");
  reasoningText.append(reasoningNode);
  reasoning.append(reasoningLine, reasoningText);
  return { reasoning, reasoningLine, reasoningNode };
}

function bind(view) {
  const { model, root, place } = view;
  const names = ["text", "html", "rendered", "is_streaming", "reasoning", "thought", "code", "note"];
  const updates = Object.fromEntries(names.map((name) => [`change:${name}`, () => update(view)]));
  const stopModel = listenToModel(model, {
    ...updates,
    "change:label": () => showNames(view),
    "change:placeholder": () => showNames(view),
  });
  const stopKeys = keepScrollKeys(root);
  const stopListening = listenToWindow({
    // HTML that waits for the end of a selection.
    selectionchange: () => model.get("html") !== view.shown.html && update(view),
    scroll: (event) => event.target === place.box && place.look(),
  });
  view.reasoning.addEventListener("toggle", () => showReasoning(view));
  const resized = new ResizeObserver(() => {
    if (view.watched !== place.box) resized.observe((view.watched = place.box)); // known once the view is in the page
    place.resized();
  });
  view.watched = root;
  resized.observe(root);
  return () => {
    stopModel();
    stopKeys();
    stopListening();
    resized.disconnect();
  };
}

function showNames({ model, root, placeholder }) {
  root.setAttribute("aria-label", model.get("label"));
  placeholder.textContent = model.get("placeholder");
}

function update(view) {
  const { model, place, reader } = view;
  const isStreaming = model.get("is_streaming");
  const { part } = place;
  place.look();
  // Only a growing text is followed; an answer that comes whole is read from its beginning.
  if (!isStreaming && !view.wasStreaming) place.isFollowing = false;
  view.wasStreaming = isStreaming;

  const isSwapped = showHtml(view);
  showText(view);
  showReasoning(view);
  showState(view);
  reader.follow(model);

  if (place.isFollowing) place.goToEnd();
  else if (isSwapped) place.goTo(part);
}

function isEmpty(model) {
  return ["text", "html", "reasoning"].every((name) => model.get(name) === "");
}

/** Returns whether all of it is new, so that the reader's place has to be found again. */
function showHtml(view) {
  const { model, growing, shown } = view;
  if (shown.htmlEdition === growing.htmlEdition) {
    growing.steps.slice(shown.steps).every((step) => showStep(view, step));
    return false;
  }
  const html = model.get("html");
  const isSame = html === shown.html;
  if (!isSame && html !== "" && shown.html + view.textNode.data !== "" && hasSelection(view.body)) return false;
  if (!isSame) {
    view.htmlView.replaceChildren(safeFragment(html));
    dress(view, [view.htmlView]);
  }
  const { htmlEdition, steps } = growing;
  Object.assign(shown, { html, htmlEdition, steps: steps.length, rendered: renderedOf(model) });
  return !isSame;
}

/** How much of the text the HTML is of; -1 stands for all. */
function renderedOf(model) {
  const rendered = model.get("html") === "" ? 0 : model.get("rendered");
  return rendered < 0 ? model.get("text").length : rendered;
}

/** Returns whether it is shown; it waits while the reader has selected what it would take away. */
function showStep(view, { operations, rendered }) {
  const { shown, htmlView, textView } = view;
  if (hasSelection(textView) || isSelectedIn(htmlView, operations)) return false;
  for (const operation of operations) {
    dress(view, growElements(htmlView, shown.html, operation));
    shown.html = withOperation(shown.html, operation);
  }
  Object.assign(shown, { rendered, steps: shown.steps + 1 });
  return true;
}

function dress({ spoken, model }, elements) {
  for (const each of elements) dressAnswer(each, (words) => announce(spoken, words), model.widget_manager);
}

function showText(view) {
  const { growing, shown, textNode, textView, htmlView, model } = view;
  const isGrown = shown.edition === growing.edition && shown.from === shown.rendered;
  setText(textNode, model.get("text").slice(shown.rendered), isGrown);
  Object.assign(shown, { edition: growing.edition, from: shown.rendered });
  htmlView.hidden = shown.html === "";
  textView.hidden = textNode.data === "" && shown.html !== "";
}

function showReasoning({ model, growing, shown, reasoning, reasoningLine, reasoningNode }) {
  const text = model.get("reasoning");
  const isThinking = model.get("is_streaming") && model.get("text") === "";
  reasoning.hidden = text === "";
  reasoningLine.textContent = model.get("thought") || (isThinking ? "Thinking…" : "Reasoning");
  if (!reasoning.open && text !== "") return;
  setText(reasoningNode, text, shown.reasoningEdition === growing.reasoningEdition);
  shown.reasoningEdition = growing.reasoningEdition;
}

function showState({ model, frame, root, placeholder, note, copyAnswer, copyCode }) {
  const isStreaming = model.get("is_streaming");
  const ending = isStreaming ? "" : model.get("note");
  placeholder.hidden = !isEmpty(model) || ending !== "";
  note.textContent = ending;
  note.hidden = ending === "";
  showTools(model, copyAnswer, copyCode);
  root.classList.toggle("dw-empty", isEmpty(model));
  frame.classList.toggle("dw-is-empty", isEmpty(model));
  root.classList.toggle("dw-streaming", isStreaming);
}

/** Changes the end of the node only, so that a selection before it survives. `isGrown`: it has the text's beginning. */
function setText(node, text, isGrown) {
  if (isGrown) {
    if (text.length > node.length) node.appendData(text.slice(node.length));
    return;
  }
  const old = node.data;
  let common = 0;
  while (common < text.length && text[common] === old[common]) common += 1;
  node.replaceData(common, old.length - common, text.slice(common));
}
