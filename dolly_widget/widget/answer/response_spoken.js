// What a screen reader hears of an answer: whole sentences, each once. Knows nothing of what is seen.

// How long a sentence stays for screen readers, once it was handed to them.
const HEARD_MS = 7000;

// Most that may stand before the space after a sentence: the sign that ends it, and what closes.
const LONGEST_END = 4;

/** Where the last sentence, line or list item ends that is complete after `from`; `start` if there is no such place. */
function endOfSentences(text, start, from = start) {
  const ends = /[.!?…]["'”’)\]*_]{0,3}\s|[。！？]["”’」』）]{0,2}|\n/g;
  ends.lastIndex = from;
  let end = start;
  for (let match = ends.exec(text); match; match = ends.exec(text)) {
    const isItemNumber = /(^|\n)\s*\d{1,3}[.)]\s$/.test(text.slice(Math.max(0, ends.lastIndex - 12), ends.lastIndex));
    if (match[0] === "\n" || !isItemNumber) end = ends.lastIndex;
  }
  return end;
}

/** The words of Markdown, without most of its signs. */
function wordsOf(markdown) {
  return markdown
    .replace(/^[ \t]*(```|~~~).*$/gm, "")
    .replace(/^[ \t]*(#{1,6}|>|[-*+])[ \t]+/gm, "")
    .replace(/^[ \t|:-]+$/gm, "")
    .replace(/(^|[\s(])\*{1,3}([^\s*][^*\n]*)\*{1,3}(?=[\s.,;:!?)]|$)/gm, "$1$2")
    .replace(/[`|]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function announce(region, words) {
  if (words === "") return;
  const node = makeElement("div", "", words);
  region.append(node);
  setTimeout(() => node.remove(), HEARD_MS);
}

/** Follows one model, however many views it has: each sentence is said once, by the first view that can be heard. */
class Reader {
  regions = new Set();
  #growing;
  #end = 0;
  #edition = -1;
  #scanned = 0;
  #html = "";
  #isStreaming = false;
  #isThinking = false;

  constructor(growing) {
    this.#growing = growing;
  }

  /** Whatever was there before the view is not said. */
  join(region, model) {
    this.#isStreaming = model.get("is_streaming");
    this.#html = model.get("html");
    this.#end = endOfSentences(model.get("text"), 0);
    this.regions.add(region);
  }

  follow(model) {
    const [text, html, isStreaming] = ["text", "html", "is_streaming"].map((name) => model.get(name));
    const start = Math.min(this.#end, text.length);
    const isThinking = isStreaming && text === "" && model.get("reasoning") !== "";
    if (isThinking && !this.#isThinking) this.#say("Thinking.");
    this.#isThinking = isThinking;
    if (isStreaming) {
      this.#end = endOfSentences(text, start, this.#unread(text, start));
      this.#say(wordsOf(text.slice(start, this.#end)));
    } else if (this.#isStreaming) {
      this.#say(`${wordsOf(text.slice(start))} ${model.get("note")}`.trim());
    } else if (html !== "" && html !== this.#html) {
      this.#say("Answer shown.");
    }
    this.#html = html;
    this.#isStreaming = isStreaming;
  }

  /** Where to look for ends that were not there before. */
  #unread(text, start) {
    const isGrown = this.#edition === this.#growing.edition;
    const from = isGrown ? Math.max(start, this.#scanned - LONGEST_END) : start;
    this.#edition = this.#growing.edition;
    this.#scanned = text.length;
    return from;
  }

  #say(words) {
    const region = [...this.regions].find((each) => each.getClientRects().length > 0);
    if (region) announce(region, words);
  }
}
