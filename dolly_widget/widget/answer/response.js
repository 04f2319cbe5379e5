// The output area: text that streams in, replaced by HTML once the answer is finished.
// The reader comes first: no update may move their selection, their place in the text, or what is below it.

/** anywidget calls it once for a model: what its views share. */
export default () => {
  const growing = new GrowingText();
  const reader = new Reader(growing);
  return {
    initialize: ({ model }) => growing.listen(model),
    render: (context) => render(context, growing, reader),
  };
};

function render({ model, el }, growing, reader) {
  const view = { model, growing, reader, shownHtml: "", shownEdition: -1, wasStreaming: false, ...build(model) };
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
  const placeholder = makeElement("div", "dw-placeholder");
  const note = makeElement("div", "dw-ending");
  const tools = buildTools(model, (words) => announce(spoken, words));
  textView.append(textNode);
  body.append(textView, htmlView);
  root.append(body, placeholder, note);
  frame.append(tools.bar, root, spoken);
  return { frame, spoken, root, body, textView, textNode, htmlView, placeholder, note, ...tools };
}

function buildTools(model, say) {
  const bar = makeElement("div", "dw-tools");
  const copyAnswer = makeCopyButton({
    icon: "copy",
    label: "Copy",
    name: "Copy the answer",
    getText: () => model.get("text"),
    say,
  });
  const copyCode = makeCopyButton({
    icon: "code",
    label: "Copy as code",
    name: "Copy as code",
    getText: () => model.get("code"),
    say,
  });
  bar.append(copyCode, copyAnswer);
  return { bar, copyAnswer, copyCode };
}

function bind(view) {
  const { model, root, place } = view;
  const names = ["text", "html", "is_streaming", "code", "note"];
  const updates = Object.fromEntries(names.map((name) => [`change:${name}`, () => update(view)]));
  const stopModel = listenToModel(model, {
    ...updates,
    "change:label": () => showNames(view),
    "change:placeholder": () => showNames(view),
  });
  const stopKeys = keepScrollKeys(root);
  // HTML that waits for the end of a selection.
  const stopWaiting = listenToWindow({ selectionchange: () => model.get("html") !== view.shownHtml && update(view) });
  const resized = new ResizeObserver(() => place.resized(model.get("is_streaming")));
  resized.observe(root);
  root.addEventListener("scroll", () => place.look());
  return () => {
    stopModel();
    stopKeys();
    stopWaiting();
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
  if (isEmpty(model) && !isStreaming) place.releaseHeight();
  else place.keepHeight();
  // Only a growing text is followed; an answer that comes whole is read from its beginning.
  if (!isStreaming && !view.wasStreaming) place.isFollowing = false;
  view.wasStreaming = isStreaming;

  const isSwapped = showHtml(view);
  showText(view);
  showState(view);
  reader.follow(model);

  if (place.isFollowing) place.goToEnd();
  else if (isSwapped) place.goTo(part);
}

function isEmpty(model) {
  return model.get("text") === "" && model.get("html") === "";
}

/** Returns whether it has changed; it waits while the reader has text selected that it would replace. */
function showHtml(view) {
  const html = view.model.get("html");
  const mustWait = view.shownHtml === "" && html !== "" && hasSelection(view.body);
  if (html === view.shownHtml || mustWait) return false;
  view.htmlView.replaceChildren(safeFragment(html));
  dressAnswer(view.htmlView, (words) => announce(view.spoken, words), view.model.widget_manager);
  view.shownHtml = html;
  return true;
}

function showText(view) {
  const isShown = view.shownHtml === "";
  const { edition } = view.growing;
  setText(view.textNode, isShown ? view.model.get("text") : "", isShown && view.shownEdition === edition);
  view.shownEdition = edition;
  view.textView.hidden = !isShown;
  view.htmlView.hidden = isShown;
}

function showState({ model, root, placeholder, note, copyAnswer, copyCode }) {
  const isStreaming = model.get("is_streaming");
  const ending = isStreaming ? "" : model.get("note");
  placeholder.hidden = !isEmpty(model) || ending !== "";
  note.textContent = ending;
  note.hidden = ending === "";
  copyAnswer.disabled = model.get("text") === "";
  copyCode.hidden = model.get("code") === "";
  root.classList.toggle("dw-empty", isEmpty(model));
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
