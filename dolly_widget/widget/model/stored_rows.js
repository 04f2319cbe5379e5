// The rows of the models on this machine: a model, and below it a line for each of its formats.

function modelItem(view, { title, facts, rows }) {
  const item = makeElement("li", "dw-stored-model");
  const head = makeElement("div", "dw-stored-head");
  if (title) head.append(makeElement("span", "dw-stored-name", title, { dir: "auto" }));
  head.append(makeElement("span", "dw-stored-facts", facts, { dir: "auto" }));
  item.append(head, ...rows.map((row) => rowElement(view, row, `${title} ${row.label}`)));
  return item;
}

function rowElement(view, row, name) {
  const element = makeElement("div", "dw-stored-row", "", { role: "group", "aria-label": name, "data-key": row.key });
  const format = makeElement("span", "dw-stored-format");
  format.append(makeElement("span", "dw-stored-chip", row.label));
  element.append(
    format,
    makeElement("span", "dw-stored-size", row.size),
    makeElement("span", "dw-stored-state", row.state),
    toolsOf(view, row, name),
  );
  const said = saidIn(view, row);
  if (said) element.append(makeElement("div", "dw-stored-said", said, { role: "alert", dir: "auto" }));
  return element;
}

function saidIn({ asking, refused }, row) {
  if (refused === row.key) return row.refusal;
  return asking === row.key ? row.stays : row.said;
}

function toolsOf(view, row, name) {
  const tools = makeElement("span", "dw-stored-tools");
  if (isDeleting(view, row)) tools.append(tool("wait", "Deleting…", `Deleting… ${name}`, { "aria-disabled": "true" }));
  else if (view.asking === row.key) tools.append(...confirmation(row, name));
  else tools.append(...usualTools(view, row, name));
  return tools;
}

function confirmation({ frees }, name) {
  const sure = `Delete, frees ${frees}`;
  return [tool("sure", sure, `${sure}: ${name}`), tool("keep", "Keep", `Keep ${name}`)];
}

function usualTools({ model }, row, name) {
  const load = tool("load", "Load", `Load ${name}`, { "aria-disabled": String(model.get("disabled")) });
  const isUsed = String(Boolean(row.refusal));
  const title = row.refusal || `Delete ${name}: frees ${row.frees}`;
  const remove = tool("delete", "Delete", `Delete ${name}, frees ${row.frees}`, { title, "aria-disabled": isUsed });
  return [...(row.can_load ? [load] : []), ...(row.frees ? [remove] : [])];
}

function tool(act, text, label, attributes = {}) {
  return makeButton(`dw-stored-tool dw-is-${act}`, text, { "data-act": act, "aria-label": label, ...attributes });
}

function isDeleting({ waiting }, { key, is_deleting }) {
  return waiting === key || Boolean(is_deleting);
}
