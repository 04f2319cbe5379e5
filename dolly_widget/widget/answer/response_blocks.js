// The elements of an answer that grows: what is new is added, what is there stays. Knows no model.

/** Do to the elements what an operation does to their HTML, which is `html` before. Returns the new elements. */
function growElements(root, html, { html: added, before = 0, over = 0 }) {
  const fragment = safeFragment(added);
  const made = [...fragment.children];
  if (over > 0) replaceLast(root, fragment);
  else if (before > 0) appendTo(openElement(root, html.slice(-before)), fragment);
  else root.append(fragment);
  return made;
}

/** The element that the tags at the end of the HTML close: the list, the table or its body, the code. */
function openElement(root, closing) {
  const depth = closing.split("</").length - 1;
  let element = bareBlock(root.lastElementChild);
  for (let level = 1; level < depth; level += 1) element = element.lastElementChild;
  return element;
}

/** The block itself, where rendered.js has put it into a frame. */
function bareBlock(element) {
  return element?.matches(".dw-code") ? element.querySelector("pre") : element;
}

function appendTo(element, fragment) {
  const { lastChild } = element;
  const isText = fragment.childNodes.length === 1 && fragment.firstChild.nodeType === Node.TEXT_NODE;
  if (isText && lastChild?.nodeType === Node.TEXT_NODE) lastChild.appendData(fragment.firstChild.data);
  else element.append(fragment);
}

/** The frame of code stays, and with it the button that may have the focus. */
function replaceLast(root, fragment) {
  const last = root.lastElementChild;
  while (last.nextSibling) last.nextSibling.remove();
  const isCode = last.matches(".dw-code") && fragment.firstElementChild?.localName === "pre";
  if (!isCode) return last.replaceWith(fragment);
  last.querySelector("pre").replaceWith(fragment.firstElementChild);
  last.after(fragment);
}

/** Whether the reader has selected something that these operations would take away. */
function isSelectedIn(root, operations) {
  return operations.some(({ over }) => over > 0) && root.lastElementChild && hasSelection(root.lastElementChild);
}
