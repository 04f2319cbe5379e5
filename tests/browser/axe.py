"""axe-core, as a package for Python brings it, asked about what is ours on a page."""

from functools import cache
from importlib.resources import files

EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a theme can change.
COLOURS = ["color-contrast", "link-in-text-block"]
# JupyterLab's body has no height and hides what flows over it: axe would take all texts for hidden, and their contrast
# for good. And axe 4.12 does not find what is behind a text with an opacity, which is the same as a translucent colour.
RUN = """async ([root, runOnly]) => {
  const put = (element, name, value) => {
    const before = element.style.getPropertyValue(name);
    element.style.setProperty(name, value);
    return () => element.style.setProperty(name, before);
  };
  const restore = [put(document.body, "height", "100vh")];
  for (const each of document.querySelectorAll(`${root} :not(:has(*))`)) {
    const { opacity, color } = getComputedStyle(each);
    if (opacity > 0 && opacity < 1) {
      const translucent = `color-mix(in srgb, ${color} ${100 * opacity}%, transparent)`;
      restore.push(put(each, "opacity", "1"), put(each, "color", translucent));
    }
  }
  const found = await axe.run(root, { runOnly, resultTypes: ["violations"] });
  restore.forEach((each) => each());
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html, any }) => `${id}: ${help} – ${target} ${html.slice(0, 160)} ${any[0]?.message ?? ""}`));
}"""


@cache
def source():
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def violations(page, root=".dw-widget", rules=EVERYTHING):
    """What axe finds in the elements of a selector, a line for each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    return page.evaluate(RUN, [root, rules])
