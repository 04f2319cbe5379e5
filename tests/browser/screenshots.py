"""Make the pictures of README and guide in a real JupyterLab: `python tests/browser/screenshots.py [NAME…]`.

The lens's picture shows SmolLM2, a real model: it is fetched if it is not in the user's store (`DOLLY_WIDGET_CACHE`).
The others show the bundled demonstration model.
"""

import argparse
import functools
import io
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

import chromium as browsers
import labelling
from acting import choose_example, instruction, statistics, submit
from lab import running_lab
from PIL import Image
from playwright.sync_api import sync_playwright
from states import STATES, State

from dolly_widget.models import resolve, store

IMAGES = Path(__file__).parents[2] / "notebooks" / "images"
WIDGET = "from dolly_widget import DollyWidget\n\nDollyWidget(seed=3)"
# A seed whose answer is good, and whose alternatives are words.
LENS = 'from dolly_widget import DollyWidget\n\nDollyWidget("smollm2", temperature=0.7, seed=2)'
A_WORD = re.compile("[a-z]{6}")
STORY = "Begin a story about a lighthouse keeper, in two sentences."
EXPLORER = """from dolly_widget import SamplingExplorer

explorer = SamplingExplorer("demo", "Write a story about a cat.", seed=1)
explorer.text = "Once there was a cat called"
explorer"""
REVIEWS = labelling.MAKE_FINITE.replace("widget =", "reviews = reviews.drop_duplicates('text')\nwidget =")
REVIEWS = REVIEWS.replace("<b>so</b>", "so")
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
# Sharp on a dense display, and still small enough for a repository.
SCALE = 2
MARGIN = 12
GUIDE_WIDTH_PX = 1000
"""Of the pictures of the guide, which need no settings beside them."""
FOLD_SETTINGS = "() => localStorage.setItem('dolly-widget:fold:settings', 'false')"


@contextmanager
def cell_of(browser, theme, source, path, cache=None):
    """A page with a cell that was run; when the caller has done with it, a picture of the cell is at ``path``."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder), THEMES[theme], cache) as lab:
        page = browser.new_page(viewport={"width": 1280, "height": 1500}, device_scale_factor=SCALE)
        notebook = lab.open(page, [source])
        page.keyboard.press("Control+b")  # the file browser tells a reader nothing
        notebook.run(0)
        yield page
        take(page, path)
        page.close()


def take(page, path):
    """A picture of the cell, with the lens's card, where that reaches beyond it."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").first.bounding_box()
    cards = [card.bounding_box() for card in page.locator(".dw-card").all() if card.is_visible()]
    bottom = max(box["y"] + box["height"] for box in (cell, *cards))
    save(page.screenshot(clip={**cell, "height": bottom - cell["y"] + MARGIN * bool(cards)}), path)


def save(png, path):
    """Write a picture with at most 256 colours, which is a third of the size and looks the same."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def take_widget(browser, theme, path):
    """Ask the demonstration model for the family weekend."""
    with cell_of(browser, theme, WIDGET, path) as page:
        choose_example(page, "Give five ideas")
        answered(page)


def take_lens(browser, theme, path):
    """Have SmolLM2 begin a story, colour the tokens, and point at one that there were several words for."""
    resolve("smollm2", on_progress=print)
    with cell_of(browser, theme, LENS, path, store.cache_dir()) as page:
        instruction(page).fill(STORY, timeout=60_000)
        answered(page)
        page.get_by_role("button", name="Token lens").click()
        unlikely = page.locator(".dw-token:is(.dw-p1, .dw-p2)")
        unlikely.filter(has_text=A_WORD).first.hover(timeout=60_000)
        page.locator(".dw-card").wait_for()


def answered(page):
    """Press *Submit*, and wait for the whole answer."""
    submit(page)
    statistics(page).filter(has_text="seed").wait_for(timeout=180_000)
    page.mouse.move(0, 0)


def take_explorer(browser, theme, path):
    """Draw a thousand times where a story gets its name."""
    with cell_of(browser, theme, EXPLORER, path) as page:
        page.get_by_role("button", name="1,000 draws").click(timeout=60_000)
        page.get_by_text("In 1,000 draws").wait_for(timeout=60_000)
        page.mouse.move(0, 0)


def label_reviews(page, lab):
    """Answer a column, and show the uncertain rows first."""
    page.get_by_role("button", name="Examples").click(timeout=60_000)
    labelling.open_column(page)
    labelling.fill_form(page)
    page.get_by_role("button", name="Run all 6 rows").click()
    page.get_by_role("button", name="Run all again").wait_for(timeout=60_000)
    page.get_by_label("Uncertain rows first").check()
    labelling.rows(page).first.filter(has_text="No answer").wait_for()


def take_state(state, browser, theme, path):
    """The widget alone, in a state, with its settings folded away."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder), THEMES[theme]) as lab:
        page = browser.new_page(viewport={"width": GUIDE_WIDTH_PX, "height": 1700}, device_scale_factor=SCALE)
        notebook = lab.open(page, [state.source])
        page.keyboard.press("Control+b")
        page.evaluate(FOLD_SETTINGS)
        notebook.run(0)
        widget = page.locator(".dw-widget").first
        widget.wait_for(timeout=60_000)
        state.reach(page, lab)
        page.mouse.move(0, 0)
        save(widget.screenshot(), path)
        page.close()


GUIDE = ("chat", "queued", "several", "thinking", "attached")
PICTURES = {"widget": take_widget, "lens": take_lens, "explorer": take_explorer}
PICTURES |= {name: functools.partial(take_state, STATES[name]) for name in GUIDE}
PICTURES["column"] = functools.partial(take_state, State(REVIEWS, label_reviews))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(PICTURES)} (default: all)")
    names = parser.parse_args().names or list(PICTURES)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browsers.get(), args=browsers.FLAGS)
        for name in names:
            for theme in THEMES:
                PICTURES[name](chromium, theme, IMAGES / f"{name}-{theme}.png")
