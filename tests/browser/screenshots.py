"""Make the README's pictures in a real JupyterLab: `python tests/browser/screenshots.py [FOLDER]`."""

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import chromium as browsers
from lab import running_lab
from playwright.sync_api import sync_playwright

CELL = "from dolly_widget import DollyWidget\n\nDollyWidget(seed=3{more})"
EXPLORER = """from dolly_widget import SamplingExplorer

explorer = SamplingExplorer("demo", "Write a story about a cat.", seed=1)
explorer.text = "Once there was a cat called"
explorer"""
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
# Sharp on a dense display, and still small enough for a repository.
SCALE = 2


@contextmanager
def cell_of(browser, theme, source, path):
    """A page with a cell that was run; when the caller has done with it, a picture of the cell is at ``path``."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder), THEMES[theme]) as lab:
        page = browser.new_page(viewport={"width": 1280, "height": 1500}, device_scale_factor=SCALE)
        notebook = lab.open(page, [source])
        page.keyboard.press("Control+b")  # the file browser tells a reader nothing
        notebook.run(0)
        yield page
        page.locator(".jp-Notebook .jp-CodeCell").first.screenshot(path=path)
        page.close()


def take_widget(browser, theme, path, more="", show=lambda page: None):
    """Ask the widget for the family weekend, and ``show`` something of it."""
    with cell_of(browser, theme, CELL.format(more=more), path) as page:
        page.get_by_role("button", name="Give five ideas").click(timeout=60_000)
        page.get_by_role("button", name="Submit").click()
        page.locator(".dw-stats", has_text="seed").wait_for(timeout=60_000)
        page.mouse.move(0, 0)
        show(page)


def take_explorer(browser, theme, path):
    """Draw a thousand times where a story gets its name."""
    with cell_of(browser, theme, EXPLORER, path) as page:
        page.get_by_role("button", name="1,000 draws").click(timeout=60_000)
        page.get_by_text("In 1,000 draws").wait_for(timeout=60_000)
        page.mouse.move(0, 0)


def show_lens(page):
    """Colour the tokens, and point at one that there were several for."""
    page.get_by_role("button", name="Token lens").click()
    page.locator(".dw-token:is(.dw-p1, .dw-p2)").nth(1).hover(timeout=60_000)
    page.locator(".dw-card").wait_for()


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "notebooks" / "images")
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browsers.get(), args=browsers.FLAGS)
        for name in THEMES:
            take_widget(chromium, name, target / f"widget-{name}.png")
            take_widget(chromium, name, target / f"lens-{name}.png", ", temperature=1.3", show_lens)
            take_explorer(chromium, name, target / f"explorer-{name}.png")
