// A file to take away.

const TYPES = { json: "application/json", md: "text/markdown" };

function download(name, text) {
  const type = TYPES[name.split(".").pop()];
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = makeElement("a", "", "", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // some browsers are still reading
}
