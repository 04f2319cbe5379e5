// What an answer can be copied as, in a row above it. Its model has `text` and `code`.

function buildTools(model, say) {
  const bar = makeElement("div", "dw-tools");
  const copyAnswer = makeCopyButton({
    icon: "copy",
    label: "Copy",
    name: "Copy the answer",
    getText: () => model.get("text"),
    say,
  });
  const copyCode = makeCopyButton({
    icon: "code",
    label: "Copy as code",
    name: "Copy as code",
    getText: () => model.get("code"),
    say,
  });
  bar.append(copyCode, copyAnswer);
  return { bar, copyAnswer, copyCode };
}

function showTools(model, copyAnswer, copyCode) {
  copyAnswer.disabled = model.get("text") === "";
  copyCode.hidden = model.get("code") === "";
}
