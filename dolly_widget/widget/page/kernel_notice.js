// Shown when the kernel is gone, or was never there: a saved notebook. A kernel that is gone sends no message.

const GONE = "The kernel was restarted or is gone: run the cell again for a new widget. The text below is kept.";
const SAVED = "Saved without a kernel: run the cell in a notebook for a widget that answers.";

const ENDINGS = new Set(["restarting", "autorestarting", "terminating", "dead"]);

// What needs the kernel. The texts, and what opens in the page alone, stay usable.
const CONTROLS =
  ".jupyter-button, .widget-text, .widget-combobox, .widget-slider, .widget-dropdown, " +
  ".widget-checkbox, .dw-composer button:not(.dw-fold-button), .dw-attach, .dw-turn-tools button, .dw-history button, " +
  ".dw-history input, .dw-cells :is(button, input, select), .dw-stored button, .dw-bars button, .dw-other, .dw-explorer-close";

function initialize({ model }) {
  const setGone = () => model.set("is_gone", true); // in the page alone
  const onStatus = (_, status) => ENDINGS.has(status) && setGone();
  // ipywidgets' manager tells its models of a restart that was asked for, and of no other end.
  const kernel = model.widget_manager?.kernel;
  const stop = listenToModel(model, { comm_live_update: setGone });
  kernel?.statusChanged?.connect(onStatus);
  kernel?.disposed?.connect(setGone);
  return () => {
    stop();
    kernel?.statusChanged?.disconnect(onStatus);
    kernel?.disposed?.disconnect(setGone);
  };
}

function render({ model, el }) {
  const notice = makeElement("div", "dw-kernel-notice", "", { role: "status" });
  const view = { model, notice, root: null };
  const update = () => show(view);
  el.append(notice);
  view.late = new MutationObserver(() => disableControls(view.root)); // views come one after the other
  const attached = new ResizeObserver(update); // rendered first, in the page later
  attached.observe(el);
  const stop = listenToModel(model, { "change:is_gone": update });
  update();
  return () => {
    stop();
    view.late.disconnect();
    attached.disconnect();
    notice.remove();
  };
}

function show(view) {
  view.root = view.notice.closest(".dw-widget");
  view.notice.textContent = noticeText(view);
  if (!view.root || view.notice.textContent === "") return;
  view.root.classList.add("dw-without-kernel");
  disableControls(view.root);
  view.late.observe(view.root, { childList: true, subtree: true });
}

function noticeText({ model, root }) {
  if (model.get("is_gone")) return GONE;
  return root?.classList.contains("jupyter-widgets-disconnected") ? SAVED : ""; // ipywidgets' class: no comm
}

function disableControls(root) {
  for (const control of root.querySelectorAll(CONTROLS)) control.inert = true;
  for (const field of root.querySelectorAll("textarea")) field.readOnly = true; // to be copied
}

export default { initialize, render };
