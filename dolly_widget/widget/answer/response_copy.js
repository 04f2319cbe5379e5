// A button that copies a text, also where the page may not use the clipboard. Knows nothing of answers.

// How long a button says what it did.
const TOLD_MS = 2000;

async function isWritten(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed: there is another way
  }
}

/** A field with the text selected, which a copy takes it from. */
function copiedField(text) {
  const field = document.createElement("textarea");
  field.className = "dw-copied";
  field.value = text;
  field.readOnly = true;
  field.setAttribute("aria-label", "Text to copy");
  return field;
}

function copyButton({ icon, label, name, getText, say }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "dw-copy";
  button.setAttribute("aria-label", name);
  const sign = document.createElement("i");
  sign.setAttribute("aria-hidden", "true");
  const words = document.createElement("span");
  button.append(sign, words);
  let timer;

  function show(text, signName) {
    words.textContent = text;
    sign.className = `fa fa-${signName}`;
  }

  function rest() {
    show(label, icon);
    button.style.minWidth = "";
  }

  function tell(text, signName) {
    clearTimeout(timer);
    button.style.minWidth = `${button.getBoundingClientRect().width}px`; // the buttons beside it stay where they are
    show(text, signName);
    say(text);
  }

  function done() {
    tell("Copied", "check");
    timer = setTimeout(rest, TOLD_MS);
  }

  function leaveToReader(field) {
    tell(/Mac|iP/.test(navigator.platform) ? "Press ⌘C" : "Press Ctrl+C", icon);
    field.addEventListener("copy", () => setTimeout(() => (button.focus({ preventScroll: true }), done())));
  }

  async function copy() {
    const text = getText();
    if (navigator.clipboard && (await isWritten(text))) return done();
    const field = copiedField(text);
    field.addEventListener("blur", () => (field.remove(), rest()));
    button.after(field);
    field.focus({ preventScroll: true });
    field.select();
    if (!document.execCommand("copy")) return leaveToReader(field);
    button.focus({ preventScroll: true });
    done();
  }

  button.addEventListener("click", copy);
  rest();
  return button;
}
