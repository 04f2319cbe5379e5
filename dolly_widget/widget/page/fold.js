// The line of a Fold: a button that shows and hides what follows it. The page does so by itself, without the kernel.

function render({ model, el }) {
  const button = makeButton("dw-fold-button");
  button.addEventListener("click", () => toggle(model));
  el.append(button);
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
  model.set("is_open", !model.get("is_open"));
  model.save_changes();
}

export default { render };
