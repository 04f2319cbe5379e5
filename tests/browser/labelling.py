"""A table of reviews in the kernel, and an engine that labels them, sure of some; what a person does to have it so."""

from playwright.sync_api import expect

SOURCE = '''
import pandas as pd
from dolly_widget import DollyWidget, GenerationResult
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.text.template import DOLLY

KETTLE = "It is a kettle. It boils water, and it whistles <b>so</b> loud that the cat leaves the room. I like it."
SURE = {
    "Loved": ("positive", 0.98),
    "Broke": ("negative", 0.95),
    "It is": ("negative", 0.54),
    "Not b": ("positive", 0.71),
}

class Labelling:
    """Answers what says "forever" when it is stopped."""
    model, device, template = Model(OPENVINO_DIR), "CPU", DOLLY
    def check_shape(self, params):
        pass
    def generate(self, prompt, params, *, on_text=print, stop=None, answer=None):
        text = str(prompt)
        if "forever" in text:
            stop.wait()
            return GenerationResult("", (), 5, "cancelled", 1, 0.25, 0.1)
        label, sure = next((found for start, found in SURE.items() if start in text), ("positive", 0.9))
        likely = {"positive": 1 - sure, "negative": 1 - sure} | {label: sure}
        return GenerationResult(label, (1, 2), 5, "stop", 1, 0.25, 0.1, value=label, probabilities=likely)
    def close(self):
        pass

texts = [
    "Loved it from the first page to the last.",
    "Broke after two days, and nobody answers my letters.",
    KETTLE,
    None,
    "Not bad for the price.",
]
reviews = pd.DataFrame({"text": [*texts * 6, "It lasts forever."], "stars": [5, 1, 3, 4, 4] * 6 + [2]})
'''
MAKE = SOURCE + "widget = DollyWidget(Labelling())\nwidget"
MAKE_FINITE = SOURCE + 'reviews.loc[30, "text"] = "Fine."\nwidget = DollyWidget(Labelling())\nwidget'


def open_column(page):
    """Open the tab."""
    page.get_by_role("button", name="Column", exact=True).click()
    expect(page.locator(".dw-cells")).to_be_visible(timeout=30_000)


def fill_form(page):
    """Ask whether each review is positive."""
    page.get_by_label("For each row").fill("Is this review positive? ")
    page.get_by_role("button", name="{text}").click()
    page.get_by_label("Answer", exact=True).select_option("Choices")
    page.get_by_label("The choices").fill("positive, negative")
    page.get_by_label("New column").fill("label")


def run_all(page):
    """Answer all rows."""
    page.get_by_role("button", name="Run all 31 rows").click()


def figures(page):
    """The line that says how far it is."""
    return page.locator(".dw-cells-figures")


def rows(page):
    """The rows that are shown."""
    return page.locator(".dw-cells tbody tr")
