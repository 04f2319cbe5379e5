// What was asked, and the answers before the newest one, which the view below shows. The box around both scrolls.

/** anywidget calls it once for a model: what its views share. */
export default () => {
  const list = new ChangingList();
  return { initialize: ({ model }) => list.listen(model), render };
};

function render({ model, el }) {
  const view = { model, el, shown: [], box: null, frame: 0, ...build() };
  el.append(view.root, view.spoken);
  const unbind = bind(view);
  update(view);
  attachLater(view);
  return () => {
    unbind();
    view.follower?.end();
    cancelAnimationFrame(view.frame);
    view.root.remove();
    view.spoken.remove();
  };
}

function build() {
  const root = makeElement("div", "dw-turns");
  const gap = makeElement("div", "dw-turn-gap");
  const list = makeElement("div", "dw-turn-list", "", { role: "list" });
  const spoken = makeElement("div", "dw-turn-spoken", "", { role: "status" });
  root.append(gap, list);
  return { root, gap, list, spoken };
}

function bind(view) {
  const { model, list } = view;
  list.addEventListener("click", (event) => onClick(view, event));
  return listenToModel(model, {
    "change:items": () => (update(view), askedHere(view)),
    "change:earlier": () => update(view),
    "change:view_begins": () => update(view),
    "change:is_resting": () => rest(view),
  });
}

// The view is put into the page after it is rendered.
function attachLater(view) {
  view.frame = requestAnimationFrame(() => {
    view.box = view.el.closest(".dw-conversation");
    if (!view.box) return view.el.isConnected || attachLater(view);
    const names = { role: "region", tabindex: "0", "aria-label": "Conversation", "data-lm-suppress-shortcuts": "true" };
    for (const [name, value] of Object.entries(names)) view.box.setAttribute(name, value);
    view.follower = new Follower(view.box);
  });
}

function update(view) {
  const { model, list, gap } = view;
  gap.textContent = model.get("earlier");
  gap.hidden = gap.textContent === "";
  const items = model.get("items");
  const texts = items.map((item) => JSON.stringify([item, item.place === beginning(model)]));
  const same = texts.findIndex((text, index) => text !== view.shown[index]);
  const kept = same < 0 ? Math.min(texts.length, view.shown.length) : same;
  while (list.children.length > kept) list.lastChild.remove();
  for (const item of items.slice(kept)) list.append(turnElement(view, item));
  view.shown = texts;
  rest(view);
}

/** The place of the first turn that the model was given; -1 where it was given all. */
function beginning(model) {
  return model.get("view_begins") || -1;
}

function turnElement(view, item) {
  const { model } = view;
  const turn = makeElement("div", "dw-turn", "", { role: "listitem", "data-place": item.place });
  if (item.place === beginning(model))
    turn.append(makeElement("div", "dw-turn-gap", "The model was given what follows. It had no room for what is above."));
  const asked = makeElement("div", "dw-turn-asked");
  const user = makeElement("div", "dw-turn-user");
  user.append(makeElement("span", "dw-turn-who", "You"), fragment(item.question));
  asked.append(questionTools(item), user);
  turn.append(asked);
  if (item.answer) turn.append(answerElement(view, item.answer));
  return turn;
}

function questionTools(item) {
  const tools = makeElement("div", "dw-turn-tools");
  if (item.versions > 1) {
    const said = `Question ${item.version} of ${item.versions}`;
    tools.append(
      versionButton(-1, "The question before", "‹", item.version === 1),
      makeElement("span", "dw-turn-version", said),
      versionButton(1, "The next question", "›", item.version === item.versions),
    );
  }
  const edit = makeButton("dw-turn-edit", "Edit", { "aria-label": "Edit this question", "data-event": "edit" });
  tools.append(edit);
  return tools;
}

function versionButton(step, name, text, isLast) {
  const made = makeButton("dw-turn-step", text, { "aria-label": name, "data-event": "version", "data-step": step });
  made.dataset.isLast = String(isLast);
  return made;
}

function answerElement({ model, spoken }, html) {
  const turn = makeElement("div", "dw-turn-model");
  const response = makeElement("div", "dw-response");
  const shown = makeElement("div", "dw-html", "", { dir: "auto" });
  shown.append(fragment(html));
  response.append(shown);
  turn.append(makeElement("span", "dw-turn-who", "Model"), response);
  dressAnswer(shown, (words) => (spoken.textContent = words), model.widget_manager);
  return turn;
}

/** Elements of HTML that Python has made safe. */
function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function rest({ model, list }) {
  const isResting = model.get("is_resting");
  for (const button of list.querySelectorAll("[data-event]"))
    button.setAttribute("aria-disabled", String(isResting || button.dataset.isLast === "true"));
}

function onClick({ model }, { target }) {
  const button = target.closest("[data-event]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const place = Number(button.closest(".dw-turn").dataset.place);
  model.send({ event: button.dataset.event, place, step: Number(button.dataset.step ?? 0) });
}

/** A reader who asks in this page sees the answer come. */
function askedHere({ model, box, follower }) {
  const items = model.get("items");
  const isAsked = items.length > 0 && items[items.length - 1].answer === "";
  if (isAsked && box?.closest(".dw-widget")?.contains(document.activeElement)) follower?.show();
}
