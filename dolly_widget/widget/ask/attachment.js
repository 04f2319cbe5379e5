// A button that takes files, and the page around it, where they can be dropped. They are read in the kernel.

const PART_BYTES = 1 << 20;
const TRAITS = ["is_reading", "note", "is_wrong", "remedy", "is_attached"];
const LABEL = "Attach a file";
const KINDS = "Text, Markdown, CSV, HTML or PDF; it can be dropped here, too. Its text becomes the context.";

function render({ model, el }) {
  const view = { model, el, sending: "", refused: "", ...build(model) };
  el.append(view.root);
  const stops = [bind(view), listenToDrops(view)];
  show(view);
  return () => {
    for (const stop of stops) stop();
    view.root.remove();
  };
}

function build(model) {
  const root = makeElement("div", "dw-attachment");
  const choose = makeButton("dw-attach", "", { title: KINDS });
  choose.append(makeIcon("fa-paperclip"), LABEL);
  const input = makeElement("input", "", "", {
    type: "file",
    multiple: "",
    hidden: "",
    accept: model.get("accept"),
    "aria-label": LABEL,
  });
  const note = makeElement("span", "dw-attached", "", { role: "status", dir: "auto" });
  const remedy = makeButton("dw-attach");
  const remove = makeButton("dw-attach", "Remove", { "aria-label": "Remove the attached text" });
  root.append(choose, input, note, remedy, remove);
  return { root, choose, input, note, remedy, remove };
}

function bind(view) {
  const { model, choose, input, remedy, remove } = view;
  choose.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    sendFiles(view, [...input.files]);
    input.value = ""; // the same file can be chosen again
  });
  remedy.addEventListener("click", () => model.send({ kind: "cut" }));
  remove.addEventListener("click", () => model.send({ kind: "remove" }));
  const events = [...TRAITS.map((name) => `change:${name}`), "msg:custom"];
  return listenToModel(model, Object.fromEntries(events.map((event) => [event, () => refuse(view, "")])));
}

function show(view) {
  const { model, note, remedy, remove, root, sending, refused } = view;
  const busy = sending || (model.get("is_reading") ? "Reading…" : "");
  note.textContent = busy || refused || model.get("note");
  root.classList.toggle("dw-is-wrong", !busy && (refused !== "" || model.get("is_wrong")));
  remedy.textContent = model.get("remedy");
  remedy.hidden = !remedy.textContent || busy !== "";
  remove.hidden = !model.get("is_attached") || busy !== "";
}

function listenToDrops(view) {
  const mark = (isOver) => view.root.classList.toggle("dw-is-over", isOver);
  const take = (event) => {
    const zone = view.el.closest(".dw-main, .dw-widget") ?? view.root;
    const isOurs = event.dataTransfer?.types.includes("Files") && zone.contains(event.target);
    mark(isOurs && event.type === "dragover");
    if (!isOurs) return;
    event.preventDefault(); // else the browser opens it in the notebook's place
    event.stopPropagation();
    if (event.type === "drop") sendFiles(view, [...event.dataTransfer.files]);
  };
  return listenToWindow({ dragover: take, drop: take, dragend: () => mark(false) });
}

async function sendFiles(view, files) {
  for (const file of files) {
    const megabytes = view.model.get("max_bytes") / 2 ** 20;
    if (file.size > view.model.get("max_bytes")) {
      refuse(view, `${file.name} has more than ${megabytes} MB, the most that is read: attach a part of it.`);
      continue;
    }
    try {
      await sendFile(view, file);
    } catch {
      refuse(view, `${file.name} cannot be read by the browser: attach a file, not a folder.`);
    }
  }
}

function refuse(view, text) {
  Object.assign(view, { sending: "", refused: text });
  show(view);
}

async function sendFile(view, file) {
  const id = randomName();
  // All of it first: what cannot be read is not begun.
  const bytes = await file.arrayBuffer();
  Object.assign(view, { sending: `Reading ${file.name}…`, refused: "" });
  show(view);
  view.model.send({ kind: "begin", id, name: file.name, size: file.size });
  for (let start = 0; start < bytes.byteLength; start += PART_BYTES)
    view.model.send({ kind: "part", id }, undefined, [bytes.slice(start, start + PART_BYTES)]);
  view.model.send({ kind: "end", id });
}

export default { render };
