// Shown when the kernel is gone, or was never there: a saved notebook. A kernel that is gone sends no message.

const GONE = "The kernel was restarted or is gone: run the cell again for a new widget. The text below is kept.";
const SAVED = "Saved, and without a kernel: run the cell in a notebook for a widget that answers.";

const ENDINGS = new Set(["restarting", "autorestarting", "terminating", "dead"]);

// What needs the kernel. The texts, and what opens in the page alone, stay usable.
const CONTROLS =
  ".jupyter-button, .widget-text, .widget-combobox, .widget-slider, .widget-dropdown, " +
  ".widget-checkbox, .dw-composer button, .dw-history button, .dw-history-search, .dw-bars button, .dw-other";

function initialize({ model }) {
  const tell = () => model.set("is_gone", true); // in the page alone
  const onStatus = (_, status) => ENDINGS.has(status) && tell();
  // ipywidgets' manager tells its models of a restart that was asked for, and of no other end.
  const kernel = model.widget_manager?.kernel;
  model.on("comm_live_update", tell);
  kernel?.statusChanged?.connect(onStatus);
  kernel?.disposed?.connect(tell);
  return () => {
    model.off("comm_live_update", tell);
    kernel?.statusChanged?.disconnect(onStatus);
    kernel?.disposed?.disconnect(tell);
  };
}

function render({ model, el }) {
  const notice = document.createElement("div");
  notice.className = "dw-kernel-notice";
  notice.setAttribute("role", "status");
  el.append(notice);
  let root = null;

  function text() {
    if (model.get("is_gone")) return GONE;
    return root?.classList.contains("jupyter-widgets-disconnected") ? SAVED : ""; // ipywidgets' class: no comm
  }

  function disable() {
    for (const control of root.querySelectorAll(CONTROLS)) control.inert = true;
    for (const written of root.querySelectorAll("textarea")) written.readOnly = true; // to be copied
  }

  function update() {
    root = el.closest(".dw-widget");
    notice.textContent = text();
    if (!root || notice.textContent === "") return;
    root.classList.add("dw-without-kernel");
    disable();
    late.observe(root, { childList: true, subtree: true });
  }

  const late = new MutationObserver(disable); // views come one after the other
  const attached = new ResizeObserver(update); // rendered first, in the page later
  attached.observe(el);
  model.on("change:is_gone", update);
  update();
  return () => {
    model.off("change:is_gone", update);
    late.disconnect();
    attached.disconnect();
    notice.remove();
  };
}

export default { initialize, render };
