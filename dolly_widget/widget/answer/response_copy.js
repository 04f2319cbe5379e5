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
function makeCopiedField(text) {
  const field = makeElement("textarea", "dw-copied", "", { "aria-label": "Text to copy" });
  field.value = text;
  field.readOnly = true;
  return field;
}

function makeCopyButton({ icon, label, name, getText, say }) {
  const button = makeButton("dw-copy", "", { "aria-label": name });
  const copying = { button, icon, label, say, sign: makeIcon(), words: makeElement("span"), timer: 0 };
  button.append(copying.sign, copying.words);
  button.addEventListener("click", () => copy(copying, getText()));
  showLabel(copying);
  return button;
}

async function copy(copying, text) {
  if (navigator.clipboard && (await isWritten(text))) return sayCopied(copying);
  const field = makeCopiedField(text);
  field.addEventListener("blur", () => (field.remove(), showLabel(copying)));
  copying.button.after(field);
  field.focus({ preventScroll: true });
  field.select();
  if (!document.execCommand("copy")) return leaveToReader(copying, field);
  copying.button.focus({ preventScroll: true });
  sayCopied(copying);
}

/** The reader presses the keys that copy what is selected. */
function leaveToReader(copying, field) {
  sayOnButton(copying, /Mac|iP/.test(navigator.platform) ? "Press ⌘C" : "Press Ctrl+C", copying.icon);
  const finish = () => (copying.button.focus({ preventScroll: true }), sayCopied(copying));
  field.addEventListener("copy", () => setTimeout(finish)); // once the text has been taken
}

function sayCopied(copying) {
  sayOnButton(copying, "Copied", "check");
  copying.timer = setTimeout(() => showLabel(copying), TOLD_MS);
}

function sayOnButton(copying, text, icon) {
  const { button } = copying;
  clearTimeout(copying.timer);
  button.style.minWidth = `${button.getBoundingClientRect().width}px`; // the buttons beside it stay where they are
  showOnButton(copying, text, icon);
  copying.say(text);
}

function showLabel(copying) {
  showOnButton(copying, copying.label, copying.icon);
  copying.button.style.minWidth = "";
}

function showOnButton({ sign, words }, text, icon) {
  words.textContent = text;
  sign.className = `fa fa-${icon}`;
}
