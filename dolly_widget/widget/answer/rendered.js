// What a page adds to the HTML of an answer: a copy button for each piece of code, and drawn formulas. Knows nothing
// of how the answer came; the conversation and the output area use it.

/**
 * Dress what is new in the element; what was dressed before stays as it is. `announce` says words to a screen reader;
 * `manager` is the widget manager (`model.widget_manager`), whose front end may draw formulas.
 */
function dressAnswer(element, announce, manager = null) {
  for (const code of withSelf(element, "pre > code")) addCodeCopy(code.parentElement, announce);
  drawFormulas(withSelf(element, ".dw-math:not(.dw-is-drawn)"), manager);
}

function withSelf(element, selector) {
  return [...(element.matches(selector) ? [element] : []), ...element.querySelectorAll(selector)];
}

function addCodeCopy(pre, say) {
  if (pre.parentElement?.matches(".dw-code")) return;
  const frame = makeElement("div", "dw-code");
  const language = pre.dataset.lang?.split(/\s/)[0];
  const getText = () => frame.querySelector("code").textContent.replace(/\n$/, "");
  const name = language ? `Copy the code (${language})` : "Copy the code";
  pre.replaceWith(frame);
  frame.append(pre, makeCopyButton({ icon: "copy", label: "Copy", name, getText, say }));
}

/** Each formula is drawn on its own: the text around it is never looked at. */
function drawFormulas(formulas, manager) {
  if (formulas.length === 0) return;
  const draw = formulaDrawer(manager);
  if (!draw) return;
  for (const formula of formulas) {
    formula.classList.add("dw-is-drawn");
    formula.title = formula.textContent;
    draw(formula);
  }
}

/**
 * What draws formulas here; null where nothing does. JupyterLab, Notebook and Voilà have a typesetter, which loads
 * MathJax when it is first needed; other pages may have MathJax (3, or 2) or KaTeX.
 */
function formulaDrawer(manager) {
  const typesetter = (manager?.rendermime ?? manager?._rendermime)?.latexTypesetter;
  if (typesetter) return (formula) => typesetter.typeset(formula);
  const { MathJax, katex } = window;
  if (MathJax?.typesetPromise) return (formula) => MathJax.typesetPromise([formula]).catch(() => {});
  if (MathJax?.Hub) return (formula) => MathJax.Hub.Queue(["Typeset", MathJax.Hub, formula]);
  if (katex) return (formula) => drawWithKatex(katex, formula);
  return null;
}

function drawWithKatex(katex, formula) {
  const source = formula.textContent;
  const displayMode = source.startsWith("\\[");
  katex.render(source.slice(2, -2), formula, { displayMode, throwOnError: false, trust: false, maxSize: 20 });
}
