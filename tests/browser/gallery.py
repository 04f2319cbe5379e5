"""Pictures of each state, light and dark, wide and narrow: `python tests/browser/gallery.py [FOLDER] [STATE…]`."""

import html
import sys
import tempfile
from pathlib import Path

import chromium as browsers
from lab import running_lab
from playwright.sync_api import sync_playwright
from states import STATES

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS_PX = (1280, 800, 420)
WIDEST_PX, HEIGHT_PX = 1500, 1500
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>dolly_widget: every state</title>
<style>
body {{ font-family: system-ui, sans-serif; margin: 24px; background: #ddd; color: #111 }}
section {{ display: flex; gap: 12px; align-items: flex-start; overflow-x: auto }}
figure {{ margin: 0 }} img {{ display: block; max-width: none; border: 1px solid #888 }}
</style>
<h1>dolly_widget: every state</h1>
{states}
</html>"""


def pictures(page, lab, state, path_of):
    """Bring a widget into the state, and take its picture in each width."""
    page.set_viewport_size({"width": WIDEST_PX, "height": HEIGHT_PX})
    notebook = lab.open(page, [state.source])
    page.keyboard.press("Control+b")  # the file browser tells a reader nothing
    notebook.run(0)
    widget = page.locator(".dw-widget").first
    widget.wait_for(timeout=60_000)
    beside = WIDEST_PX - page.locator(".jp-OutputArea-output").first.bounding_box()["width"]
    state.reach(page, lab)
    for width_px in WIDTHS_PX:
        page.set_viewport_size({"width": round(width_px + beside), "height": HEIGHT_PX})
        widget.scroll_into_view_if_needed()
        page.screenshot(path=path_of(width_px), clip=_around(widget.bounding_box(), page.viewport_size))


def _around(box, size, margin_px=8):
    left, top = max(0, box["x"] - margin_px), max(0, box["y"] - margin_px)
    right = min(size["width"], box["x"] + box["width"] + margin_px)
    bottom = min(size["height"], box["y"] + box["height"] + margin_px)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def take(browser, folder, names):
    for theme, title in THEMES.items():
        with tempfile.TemporaryDirectory() as home, running_lab(Path(home), title) as lab:
            for name in names:
                page = browser.new_page()
                stem = f"{name}-{theme}"
                pictures(page, lab, STATES[name], lambda width_px, stem=stem: folder / f"{stem}-{width_px}.png")
                page.close()


def index(names):
    sections = []
    for name in names:
        files = [f"{name}-{theme}-{width_px}.png" for width_px in WIDTHS_PX for theme in THEMES]
        figures = "".join(f'<figure><img src="{each}" alt="{each[:-4]}"></figure>' for each in files)
        sections.append(f"<h2>{html.escape(name)}</h2><section>{figures}</section>")
    return _PAGE.format(states="\n".join(sections))


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "site" / "gallery")
    chosen = sys.argv[2:] or list(STATES)
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browsers.get(), args=browsers.FLAGS)
        take(chromium, target, chosen)
    (target / "index.html").write_text(index(chosen), encoding="utf-8")
    print(f"The gallery is {target / 'index.html'}")
