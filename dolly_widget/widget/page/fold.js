// The line of a Fold: a button that shows and hides what follows it. The page does so by itself, without the kernel.

function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "dw-fold-button";
  el.append(button);

  function update() {
    button.textContent = model.get("title");
    button.setAttribute("aria-expanded", String(model.get("is_open"))); // style.css looks at it
  }

  function toggle() {
    model.set("is_open", !model.get("is_open"));
    model.save_changes();
  }

  button.addEventListener("click", toggle);
  model.on("change", update);
  update();
  return () => {
    model.off("change", update);
    button.remove();
  };
}

export default { render };
