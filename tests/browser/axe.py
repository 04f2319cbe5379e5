"""axe-core, as a package for Python brings it, asked about what is ours on a page."""

from functools import cache
from importlib.resources import files

EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a theme can change.
COLOURS = ["color-contrast", "link-in-text-block"]
# JupyterLab's body has no height and hides what flows over it: axe would take all texts for hidden, and their contrast
# for good.
RUN = """async ([root, runOnly]) => {
  document.body.style.height = "100vh";
  const found = await axe.run(root, { runOnly, resultTypes: ["violations"] });
  document.body.style.height = "";
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
