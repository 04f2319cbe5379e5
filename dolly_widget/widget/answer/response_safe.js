// HTML of an answer as elements that are safe to show. dolly_widget/text/markdown.py escapes all else; this is the
// second lock.

const ALLOWED_ELEMENTS = new Set(
  ("a blockquote br code del details em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong summary " +
    "table tbody td th thead tr ul div").split(" "),
);
const ALLOWED_ATTRIBUTES = new Set("class data-lang dir href lang rel start target title".split(" "));
const ALLOWED_URL = /^(https?:\/\/|mailto:)/i;

function safeFragment(html) {
  // A template's content runs no scripts and loads nothing; and it takes rows without their table.
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const element of template.content.querySelectorAll("*")) {
    if (ALLOWED_ELEMENTS.has(element.localName)) removeUnsafeAttributes(element);
    else element.remove();
  }
  return document.importNode(template.content, true);
}

function removeUnsafeAttributes(element) {
  for (const { name, value } of [...element.attributes]) {
    const isAllowed = ALLOWED_ATTRIBUTES.has(name) && (name !== "href" || ALLOWED_URL.test(value));
    if (!isAllowed) element.removeAttribute(name);
  }
}
