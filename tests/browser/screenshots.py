"""Make the README's pictures in a real JupyterLab: `python tests/browser/screenshots.py [FOLDER]`."""

import sys
import tempfile
from pathlib import Path

from conftest import CHROMIUM_FLAGS
from lab import running_lab
from playwright.sync_api import sync_playwright

CELL = "from dolly_widget import DollyWidget\n\nDollyWidget(seed=3{more})"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
# Sharp on a dense display, and still small enough for a repository.
SCALE = 2


def take(browser, theme, path, more="", show=lambda page: None):
    """Ask the widget for the family weekend, ``show`` something of it, and write a picture of the cell to ``path``."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder), THEMES[theme]) as lab:
        page = browser.new_page(viewport={"width": 1280, "height": 1300}, device_scale_factor=SCALE)
        notebook = lab.open(page, [CELL.format(more=more)])
        page.keyboard.press("Control+b")  # the file browser tells a reader nothing
        notebook.run(0)
        page.get_by_role("button", name="Give five ideas").click(timeout=60_000)
        page.get_by_role("button", name="Submit").click()
        page.locator(".dw-stats", has_text="seed").wait_for(timeout=60_000)
        page.mouse.move(0, 0)
        show(page)
        page.locator(".jp-Notebook .jp-CodeCell").first.screenshot(path=path)
        page.close()


def show_lens(page):
    """Colour the tokens, and point at one that there were several for."""
    page.get_by_role("button", name="Token lens").click()
    page.locator(".dw-token:is(.dw-p1, .dw-p2)").nth(1).hover(timeout=60_000)
    page.locator(".dw-card").wait_for()


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "notebooks" / "images")
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        for name in THEMES:
            take(chromium, name, target / f"widget-{name}.png")
            take(chromium, name, target / f"lens-{name}.png", ", temperature=1.3", show_lens)
