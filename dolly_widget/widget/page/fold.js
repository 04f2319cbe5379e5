// The line of a Fold: a button that shows and hides what follows it. The page does so by itself, without the kernel.

function render({ model, el }) {
  const button = makeButton("dw-fold-button");
  button.addEventListener("click", () => toggle(model));
  el.append(button);
  recall(model);
  const stop = listenToModel(model, { change: () => update(button, model) });
  update(button, model);
  return () => {
    stop();
    button.remove();
  };
}

function update(button, model) {
  button.textContent = model.get("title");
  button.setAttribute("aria-expanded", String(model.get("is_open"))); // style.css depends on it
}

function toggle(model) {
  setOpen(model, !model.get("is_open"));
  remember(model);
}

function setOpen(model, isOpen) {
  model.set("is_open", isOpen);
  model.save_changes();
}

function remember(model) {
  const name = model.get("name");
  if (name) inStorage((storage) => storage.setItem(keyOf(name), String(model.get("is_open"))));
}

function recall(model) {
  const name = model.get("name");
  const isOpen = name && inStorage((storage) => storage.getItem(keyOf(name)));
  if (isOpen && isOpen !== String(model.get("is_open"))) setOpen(model, isOpen === "true");
}

function keyOf(name) {
  return `dolly-widget:fold:${name}`;
}

/** A browser may refuse storage to a page: then nothing is remembered. */
function inStorage(act) {
  try {
    return act(window.localStorage);
  } catch {
    return null;
  }
}

export default { render };
