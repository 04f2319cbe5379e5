"""The tutorials as web pages: without a kernel and without a network, they show the widgets with their last answers."""

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
LAST_ANSWERS = {"01_quickstart": "My dearest friend", "05_streaming": "GPU"}
each_tutorial = pytest.mark.parametrize("name", TUTORIALS)


def make_pages(out, *notebooks, **variables):
    command = [sys.executable, str(NOTEBOOKS / "pages.py"), "--out", str(out), *map(str, notebooks)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | variables)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages of all tutorials."""
    out = tmp_path_factory.mktemp("site")
    made = make_pages(out)
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


@each_tutorial
def test_a_page_can_be_read_on_a_telephone(site, page, name):
    page.set_viewport_size({"width": 400, "height": 800})
    open_page(page, site / f"{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_widget_of_the_first_page_shows_its_last_answer(site, page):
    open_page(page, site / "01_quickstart.html")
    widget = page.locator(".dw-widget").first
    expect(widget.get_by_role("button", name="Submit")).to_be_visible()
    expect(widget.get_by_role("button", name=re.compile("^(Give|Write|Name|Who|Do|Explain|Please)"))).to_have_count(10)
    answer = widget.locator(".dw-response").first
    expect(answer).to_contain_text(LAST_ANSWERS["01_quickstart"])
    expect(answer).not_to_contain_text("capital of France")
    expect(page.locator(".widget-label", has_text=re.compile(r"^\d+ words$"))).to_have_count(1)


def test_the_dashboard_of_the_fifth_page_shows_its_last_answers(site, page):
    open_page(page, site / "05_streaming.html")
    expect(page.locator(".dw-response", has_text=LAST_ANSWERS["05_streaming"])).not_to_have_count(0)
    expect(page.locator(".widget-label", has_text=re.compile(r"^\d+ characters$"))).to_have_count(1)


@each_tutorial
def test_each_link_to_a_page_leads_to_one(site, page, name):
    open_page(page, site / f"{name}.html")
    links = page.locator("a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    local = [link.partition("#")[0] for link in links if not link.startswith(("https://", "http://", "#"))]
    assert [link for link in local if not (site / link).is_file()] == []


def test_the_index_leads_through_all_pages(site, page):
    open_page(page, site / "index.html")
    expect(page.locator(".tutorial-index li")).to_have_count(len(TUTORIALS))
    page.locator(".tutorial-index li a").first.click()
    for name in TUTORIALS:
        assert page.url == (site / f"{name}.html").as_uri()
        if name != TUTORIALS[-1]:
            page.locator('a[rel="next"]').first.click()
    page.get_by_role("link", name="All tutorials").first.click()
    assert page.url == (site / "index.html").as_uri()


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
    expect(page.locator(".tutorial-index li a")).to_have_count(3)
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
    expect(page.locator(".dw-response")).to_contain_text("The capital of France is Paris.")
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


def test_the_lack_of_npm_is_told_in_a_sentence(tmp_path):
    cache = {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    made = make_pages(tmp_path / "site", PATH=str(tmp_path), **cache)
    assert made.returncode == 1
    assert made.stderr == "npm is missing, which fetches requirejs@2.3.7 for the pages: install it (Debian: npm).\n"
