// Tells the kernel that a page shows the widget, so that it sends what the page may have missed.

function render({ model }) {
  model.send({ event: "shown" });
}

export default { render };
