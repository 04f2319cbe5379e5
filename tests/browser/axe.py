"""axe-core, from the npm registry, asked about what is ours on a page."""

import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

VERSION = "4.14.1"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# JupyterLab's body has no height and hides what flows over it: axe would take all texts for hidden, and their contrast
# for good.
RUN = """async ([root, tags]) => {
  document.body.style.height = "100vh";
  const found = await axe.run(root, { runOnly: tags, resultTypes: ["violations"] });
  document.body.style.height = "";
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html, any }) => `${id}: ${help} – ${target} ${html.slice(0, 160)} ${any[0]?.message ?? ""}`));
}"""


@cache
def source():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            return package.extractfile("package/axe.min.js").read().decode()


def violations(page, root=".dw-widget"):
    """What axe finds in the elements of a selector, a line for each."""
    page.evaluate(source())
    return page.evaluate(RUN, [root, TAGS])
