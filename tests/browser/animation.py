"""Make the README's animation in a real JupyterLab: `python tests/browser/animation.py [FOLDER]`.

The answer is the bundled demonstration model's, slowed down to the pace of dolly-v2-3b's shape in INT8: by itself, it
ends before a picture is taken. Nothing else should be running, as a busy machine takes few pictures a second.
"""

import base64
import io
import sys
import tempfile
import time
from pathlib import Path

import chromium as browsers
import paced
from lab import running_lab
from PIL import Image
from playwright.sync_api import sync_playwright
from screenshots import THEMES

# See tests/benchmarks/README.md: the whole widget, greedy, 111 ms a token.
PAUSE_S = 0.11
CELL = "from dolly_widget import DollyWidget\n\nDollyWidget(seed=13)"
# Run behind the notebook's back, so that the cell in the picture is the one that a reader would run.
SLOW_DOWN = f"""{paced.SOURCE.replace('"CPU"', '"AUTO"')}
import functools, dolly_widget
dolly_widget.DollyWidget = functools.partial(DollyWidget, PacedEngine(pause_s={PAUSE_S}))"""
EXECUTE = """async (code) => {
  const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
  await kernel.requestExecute({ code, silent: true, store_history: false }).done;
}"""
# Sharp on most displays; at 2, a machine with two cores takes half as many pictures.
SCALE = 1.5
VIEWPORT = {"width": 1180, "height": 1100}
INSTRUCTION = "Explain the difference between a CPU and a GPU"
LETTERS_AT_ONCE = 3
FIRST_S, LETTERS_S, ASKED_S, LAST_S = 1.0, 0.1, 0.5, 4.0
LARGEST_BYTES = 1_000_000  # for each theme


def frames_of(browser, theme):
    """Pairs of a picture of the cell, and how many seconds it is shown."""
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder), THEMES[theme]) as lab:
        page = browser.new_page(viewport=VIEWPORT)
        notebook = lab.open(page, [CELL])
        page.keyboard.press("Control+b")  # the file browser tells a reader nothing
        page.evaluate(EXECUTE, SLOW_DOWN)
        notebook.run(0)
        taken = list(_asking(page, _camera(page)))
        box = notebook.cell(0).bounding_box()
        page.close()
    left, top = box["x"] * SCALE, box["y"] * SCALE
    corners = left, top, left + box["width"] * SCALE, top + box["height"] * SCALE
    # Cut at last: only then is it known how high the cell becomes.
    return [(Image.open(io.BytesIO(png)).convert("RGB").crop(corners), shown_s) for png, shown_s in taken]


def _camera(page):
    """A function that takes a picture of the page, in half the time of ``page.screenshot``."""
    chrome = page.context.new_cdp_session(page)
    options = {"clip": {"x": 0, "y": 0, **VIEWPORT, "scale": SCALE}, "optimizeForSpeed": True}
    return lambda: base64.b64decode(chrome.send("Page.captureScreenshot", options)["data"])


def _asking(page, picture):
    box = page.get_by_role("textbox", name="Instruction")
    page.locator(".dw-model", has_text="parameters").wait_for(timeout=60_000)
    box.click()
    page.mouse.move(0, 0)
    yield picture(), FIRST_S
    for start in range(0, len(INSTRUCTION), LETTERS_AT_ONCE):
        box.press_sequentially(INSTRUCTION[start : start + LETTERS_AT_ONCE])
        yield picture(), LETTERS_S
    yield picture(), ASKED_S
    box.press("Enter")
    yield from _answering(page, picture)


def _answering(page, picture):
    shown, since = picture(), time.monotonic()
    while page.locator(".dw-stats", has_text="seed").count() == 0:
        new, now = picture(), time.monotonic()
        if new != shown:
            yield shown, now - since
            shown, since = new, now
    page.get_by_role("button", name="Copy as code").wait_for()
    page.screenshot()  # waits until the page is drawn
    yield picture(), LAST_S


def write(frames, path):
    """Write an animated WebP that is lossless and repeats. Returns its size in bytes."""
    (first, *rest), seconds = zip(*frames, strict=True)
    milliseconds = [round(1000 * each) for each in seconds]
    first.save(path, save_all=True, append_images=rest, duration=milliseconds, loop=0, lossless=True, method=4)
    return path.stat().st_size


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "notebooks" / "images")
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browsers.get(), args=browsers.FLAGS)
        for name in THEMES:
            frames = frames_of(chromium, name)
            size = write(frames, target / f"answer-{name}.webp")
            print(f"answer-{name}.webp: {len(frames)} frames, {sum(s for _, s in frames):.1f} s, {size:,} bytes")
            if size > LARGEST_BYTES:
                raise SystemExit(f"That is more than {LARGEST_BYTES:,} bytes: take fewer pictures.")
