// The output area: text that streams in, replaced by HTML once the answer is finished. In one module with
// response_growing.js, response_spoken.js and response_copy.js, which come before it.
// The reader comes first: no update may move their selection, their place in the text, or what is below it.

const AT_END_PX = 8;

const SCROLL_KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "]);

// What dolly_widget/rendering.py emits. It escapes everything else; this is the second lock.
const ALLOWED_ELEMENTS = new Set(
  ("a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong " +
    "table tbody td th thead tr ul div").split(" "),
);
const ALLOWED_ATTRIBUTES = new Set("class data-lang dir href lang rel start target title".split(" "));
const ALLOWED_URL = /^(https?:\/\/|mailto:)/i;

function safeFragment(html) {
  // DOMParser's document runs no scripts and loads nothing.
  const parsed = new DOMParser().parseFromString(html, "text/html");
  for (const element of parsed.body.querySelectorAll("*")) {
    if (!ALLOWED_ELEMENTS.has(element.localName)) {
      element.remove();
      continue;
    }
    for (const { name, value } of [...element.attributes]) {
      if (!ALLOWED_ATTRIBUTES.has(name) || (name === "href" && !ALLOWED_URL.test(value))) {
        element.removeAttribute(name);
      }
    }
  }
  const fragment = document.createDocumentFragment();
  fragment.append(...parsed.body.childNodes);
  return fragment;
}

function division(className) {
  const element = document.createElement("div");
  element.className = className;
  return element;
}

/** Changes the end of the node only, so that a selection before it survives. `isGrown`: it has the text's beginning. */
function setText(node, text, isGrown) {
  if (isGrown) {
    if (text.length > node.length) node.appendData(text.slice(node.length));
    return;
  }
  const old = node.data;
  let common = 0;
  while (common < text.length && text[common] === old[common]) common += 1;
  node.replaceData(common, old.length - common, text.slice(common));
}

function render({ model, el }, growing, reader) {
  const frame = division("dw-response-frame");
  const spoken = division("dw-spoken");
  spoken.setAttribute("role", "log");
  spoken.setAttribute("aria-live", "polite");
  const say = (words) => announce(spoken, words);
  const copy = copyButton({
    icon: "copy",
    label: "Copy",
    name: "Copy the answer",
    getText: () => model.get("text"),
    say,
  });
  const copyCode = copyButton({
    icon: "code",
    label: "Copy as code",
    name: "Copy as code",
    getText: () => model.get("code"),
    say,
  });
  const tools = division("dw-tools");
  tools.append(copyCode, copy);

  const root = division("dw-response");
  root.setAttribute("role", "region");
  root.tabIndex = 0;
  const body = division("dw-body");
  const textView = division("dw-text");
  const textNode = document.createTextNode("");
  textView.dir = "auto";
  textView.append(textNode);
  const htmlView = division("dw-html");
  htmlView.dir = "auto";
  const placeholder = division("dw-placeholder");
  const note = division("dw-ending");
  body.append(textView, htmlView);
  root.append(body, placeholder, note);
  frame.append(tools, root, spoken);
  el.append(frame);

  let shownHtml = "";
  let shownEdition = -1;
  let wasStreaming = false;
  let isFollowing = model.get("is_streaming");
  let seenHeight = 0;
  let seenTop = 0;
  let seenWidth = 0;
  let floor = 0;

  const room = () => root.scrollHeight - root.clientHeight;
  const isAtEnd = () => room() - root.scrollTop <= AT_END_PX;
  const isLaidOut = () => root.clientHeight > 0;
  // Between a new height and the observer below, the reader seems to have left the end, and has not.
  const isSettled = () => isLaidOut() && (seenHeight === 0 || root.clientHeight === seenHeight);
  const toEnd = () => {
    root.scrollTop = root.scrollHeight;
    seenTop = root.scrollTop;
  };

  function hasSelection() {
    const selection = document.getSelection();
    return !!selection && !selection.isCollapsed && selection.getRangeAt(0).intersectsNode(body);
  }

  /** What is below never moves up under the reader's pointer: the area keeps the height that it once had. */
  function setFloor(height) {
    floor = height;
    root.style.setProperty("--dw-floor", `${floor}px`);
  }

  function update() {
    const text = model.get("text");
    const html = model.get("html");
    const isStreaming = model.get("is_streaming");
    const isEmpty = text === "" && html === "";
    const ending = isStreaming ? "" : model.get("note");
    const place = isLaidOut() && room() > 0 ? root.scrollTop / room() : 0;
    // A hidden view has no height: keep what was true when it was last seen.
    look();
    setFloor(isEmpty && !isStreaming ? 0 : Math.max(floor, root.getBoundingClientRect().height));
    // Only a growing text is followed; an answer that comes whole is read from its beginning.
    if (!isStreaming && !wasStreaming) isFollowing = false;
    wasStreaming = isStreaming;

    const isSwap = html !== shownHtml;
    const mustWait = shownHtml === "" && html !== "" && hasSelection();
    if (isSwap && !mustWait) {
      htmlView.replaceChildren(safeFragment(html));
      shownHtml = html;
    }
    setText(textNode, shownHtml === "" ? text : "", shownHtml === "" && shownEdition === growing.edition);
    shownEdition = growing.edition;
    textView.hidden = shownHtml !== "";
    htmlView.hidden = shownHtml === "";
    placeholder.hidden = !isEmpty || ending !== "";
    note.textContent = ending;
    note.hidden = ending === "";
    copy.disabled = text === "";
    copyCode.hidden = model.get("code") === "";
    root.classList.toggle("dw-empty", isEmpty);
    root.classList.toggle("dw-streaming", isStreaming);
    reader.follow(model);

    if (isFollowing) toEnd();
    else if (isSwap && !mustWait) root.scrollTop = place * room();
  }

  function name() {
    root.setAttribute("aria-label", model.get("label"));
    placeholder.textContent = model.get("placeholder");
  }

  /** Whether the reader is at the end; a new height alone moves nobody, going up does. */
  function look() {
    if (isSettled() || (isLaidOut() && root.scrollTop < seenTop)) isFollowing = isAtEnd();
    seenTop = root.scrollTop;
  }

  function onSelectionChange() {
    if (model.get("html") !== shownHtml) update();
  }

  // JupyterLab takes the arrow keys at the document, to move between cells. Stopped at the window they still scroll.
  function onKeyDown(event) {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.target === root && isPlain && SCROLL_KEYS.has(event.key) && room() > 0) event.stopPropagation();
  }

  // Dragging the lower edge, or a new width, must not lose the end of a text that is being followed.
  const resized = new ResizeObserver(() => {
    if (isLaidOut() && root.offsetWidth !== seenWidth) {
      if (seenWidth !== 0 && !model.get("is_streaming")) setFloor(0);
      seenWidth = root.offsetWidth;
    }
    seenHeight = root.clientHeight;
    if (isFollowing && isLaidOut()) toEnd();
  });

  const listeners = [
    ["change:text", update],
    ["change:html", update],
    ["change:is_streaming", update],
    ["change:code", update],
    ["change:note", update],
    ["change:label", name],
    ["change:placeholder", name],
  ];
  for (const [event, listener] of listeners) model.on(event, listener);
  root.addEventListener("scroll", look);
  document.addEventListener("selectionchange", onSelectionChange);
  window.addEventListener("keydown", onKeyDown, true);
  resized.observe(root);
  reader.join(spoken, model);
  name();
  update();

  return () => {
    for (const [event, listener] of listeners) model.off(event, listener);
    root.removeEventListener("scroll", look);
    document.removeEventListener("selectionchange", onSelectionChange);
    window.removeEventListener("keydown", onKeyDown, true);
    resized.disconnect();
    reader.regions.delete(spoken);
    frame.remove();
  };
}

/** anywidget calls it once for a model: what its views share. */
export default () => {
  const growing = new GrowingText();
  const reader = new Reader(growing);
  return {
    initialize: ({ model }) => growing.listen(model),
    render: (context) => render(context, growing, reader),
  };
};
