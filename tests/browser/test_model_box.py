"""Another model and another device, in JupyterLab; what hangs on the front end in Notebook 7 and Voilà too."""

import re

import preparing
import pytest
import stored_models
from acting import instruction, model_line, submit, told
from front_ends import everywhere, in_jupyterlab
from playwright.sync_api import expect
from preparing import report
from states import SEVERAL_FILES

pytestmark = [pytest.mark.browser, in_jupyterlab]

MAKE = "from dolly_widget import DollyWidget\nwidget = DollyWidget()\nwidget"
MAKE_PREPARING = preparing.SOURCE + "widget = DollyWidget()\nwidget"
COPY = (
    "import shutil\nfrom dolly_widget.models.demo import OPENVINO_DIR as DEMO_DIR\n"
    "shutil.copytree(DEMO_DIR, 'my-model')\n"
)
# As on a machine whose CPU plugin is broken.
FAIL_ON_CPU = """
import dolly_widget.widget.session.loader
from dolly_widget import EngineError
share_engine = dolly_widget.widget.session.loader.share_engine
def failing(setup, prepared):
    if setup.device == "CPU":
        raise EngineError("The CPU is on strike: choose another device.")
    return share_engine(setup, prepared)
dolly_widget.widget.session.loader.share_engine = failing
"""


@pytest.fixture
def notebook(front_end, page, request):
    opened = []

    def open_notebook(*cells):
        # A name of its own: one of the same name would go on with the kernel of the test before, and what it replaced.
        opened.append(front_end.open(page, cells, f"{request.node.originalname}.ipynb"))
        opened[-1].run(0)
        expect(model_line(page)).to_contain_text("parameters", timeout=60_000)
        return opened[-1]

    yield open_notebook
    for each in opened:
        assert each.errors() == []
        each.close()


def name_box(page):
    return page.get_by_placeholder("A model id")


def load(page, name):
    if not name_box(page).is_visible():
        page.locator(".dw-fold").get_by_text("Change model").click()
    name_box(page).fill(name)
    page.locator(".dw-chooser").get_by_role("button").click()


def ask(page):
    instruction(page).fill("What is the capital of France?")
    page.get_by_label("Greedy").check()
    submit(page)
    expect(page.locator(".dw-response")).to_contain_text("Paris", timeout=30_000)


@everywhere
def test_a_directory_is_loaded_from_the_box_and_answers(notebook, page):
    notebook(COPY + MAKE)
    expect(name_box(page)).to_be_hidden()
    load(page, "my-model")
    expect(model_line(page)).to_contain_text("my-model · 6.8 M parameters", timeout=30_000)
    expect(name_box(page)).to_be_hidden()
    ask(page)


def test_the_box_offers_the_known_models_and_enter_loads(notebook, page):
    notebook(MAKE_PREPARING)
    page.locator(".dw-fold").get_by_text("Change model").click()
    offered = page.locator(".dw-chooser datalist option")
    expect(offered.first).to_be_attached()
    assert "databricks/dolly-v2-3b" in offered.evaluate_all("options => options.map((option) => option.value)")
    name_box(page).fill("databricks/dolly-v2-3b")
    name_box(page).press("Enter")
    expect(page.locator(".dw-stats")).to_contain_text("Preparing databricks/dolly-v2-3b…")
    page.get_by_role("button", name="Cancel").click()
    expect(told(page)).to_contain_text("was stopped")


def test_the_demonstration_s_next_step_is_one_key_away_with_progress_and_cancel(front_end, notebook, page):
    notebook(MAKE_PREPARING)
    expect(page.locator(".dw-one-click").first).to_contain_text("-million-parameter demonstration.")
    get = page.get_by_role("button", name="Get SmolLM2 (93 MB)")
    get.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".dw-stats")).to_contain_text("Preparing smollm2…")
    report(front_end, stage="download", fraction=0.5, done_bytes=46e6, total_bytes=92.9e6)
    expect(page.locator(".dw-preparing")).to_contain_text("46.0 MB of 92.9 MB · 50%")
    page.get_by_role("button", name="Cancel").click()
    expect(told(page)).to_contain_text("was stopped; nothing was changed")
    expect(model_line(page)).to_contain_text("demo")
    get.click()
    report(front_end)
    expect(page.locator(".dw-preparing")).to_be_hidden()


def test_the_box_loads_a_model_of_the_catalogue_with_one_click(front_end, notebook, page):
    notebook(MAKE_PREPARING)
    page.locator(".dw-fold").get_by_text("Change model").click()
    page.get_by_role("button", name="SmolLM2 135M · real, small · 93 MB").click()
    expect(page.locator(".dw-stats")).to_contain_text("Preparing smollm2…")
    report(front_end)
    expect(name_box(page)).to_be_hidden()


def test_one_of_several_files_is_chosen_with_the_keyboard_alone(notebook, page):
    notebook(SEVERAL_FILES)
    page.locator(".dw-fold").get_by_text("Change model").click()
    name_box(page).fill("org/name")
    name_box(page).press("Enter")
    choice = page.get_by_label("GGUF file")
    expect(choice).to_be_visible(timeout=30_000)
    expect(page.get_by_role("alert")).to_contain_text("Choose one of the GGUF files of org/name")
    expect(page.get_by_role("button", name="Load this file")).to_be_disabled()
    expect(name_box(page)).to_be_focused()
    for _ in range(3):  # weight format, Load, the files
        page.keyboard.press("Tab")
    expect(choice).to_be_focused()
    page.keyboard.type("SmolLM2-135M-Instruct-Q8")
    expect(page.get_by_role("button", name="Load this file")).to_be_enabled()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(name_box(page)).to_be_hidden(timeout=30_000)  # it is loaded
    ask(page)


def test_a_name_that_is_none_gives_a_hint_below_the_box(notebook, page):
    notebook(MAKE)
    load(page, "./nonsense")
    expect(told(page)).to_contain_text("There is no model './nonsense'")
    expect(name_box(page)).to_have_value("./nonsense")
    ask(page)


def test_progress_shows_in_both_views_and_cancel_leaves_the_model(front_end, notebook, page):
    notebook(MAKE_PREPARING, "widget").run(1)
    expect(page.locator(".dw-widget")).to_have_count(2)
    page.locator(".dw-fold").get_by_text("Change model").first.click()
    expect(name_box(page).nth(1)).to_be_visible()
    name_box(page).first.fill("databricks/dolly-v2-3b")
    page.locator(".dw-chooser").first.get_by_role("button").click()
    expect(page.locator(".dw-stage").first).to_have_text("Looking at the model")
    message = "It is a pickle."
    report(front_end, stage="download", fraction=0.372, done_bytes=2.12e9, total_bytes=5.7e9, message=message)
    for view in page.locator(".dw-preparing").all():
        expect(view).to_contain_text("2.1 GB of 5.7 GB · 37%")
        expect(view).to_contain_text(message)
        expect(view.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "37")
    report(front_end, stage="export")
    bar = page.get_by_role("progressbar", name="Exporting to OpenVINO").first
    expect(bar).to_be_visible()
    assert bar.get_attribute("aria-valuenow") is None
    page.get_by_role("button", name="Cancel").last.click()
    expect(told(page).first).to_contain_text("was stopped; nothing was changed")
    expect(page.locator(".dw-preparing").first).to_be_hidden()
    expect(model_line(page)).to_contain_text("demo")


def test_submit_waits_for_the_model_that_is_prepared(front_end, notebook, page):
    notebook(MAKE_PREPARING)
    load(page, "databricks/dolly-v2-3b")
    expect(page.locator(".dw-bar")).to_be_visible()
    instruction(page).fill("What is the capital of France?")
    submit(page)
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    expect(page.locator(".dw-stats")).to_contain_text("the answer starts once the model is loaded")
    report(front_end)
    expect(page.locator(".dw-stats")).to_contain_text("seed", timeout=30_000)
    expect(page.locator(".dw-preparing")).to_be_hidden()


def test_an_error_is_shown_where_the_model_is_chosen_and_submit_takes_it_away(front_end, notebook, page):
    notebook(MAKE_PREPARING)
    load(page, "databricks/dolly-v2-3b")
    report(front_end, error="The disk is full: make room.")
    expect(page.locator(".dw-notice").first).to_contain_text("The disk is full: make room.")
    expect(name_box(page)).to_have_value("databricks/dolly-v2-3b")
    ask(page)
    expect(page.locator(".dw-notice").first).to_be_hidden()


def test_the_device_can_be_chosen(notebook, page):
    notebook(MAKE)
    page.get_by_label("Device", exact=True).select_option(index=1)
    expect(model_line(page)).to_contain_text("· CPU", timeout=30_000)
    ask(page)


def test_a_device_that_fails_gives_the_one_before_back(notebook, page):
    notebook(FAIL_ON_CPU + MAKE)
    page.get_by_label("Device", exact=True).select_option(index=1)
    expect(told(page)).to_contain_text("on strike: choose another device")
    expect(page.get_by_label("Device", exact=True)).to_have_value("AUTO: OpenVINO chooses")
    ask(page)


# What is on this machine

OTHER = "HuggingFaceTB/SmolLM2-1.7B-Instruct INT8"


def open_stored(notebook, page):
    notebook(stored_models.MAKE)
    page.locator(".dw-fold").get_by_text("Change model").click()
    expect(page.locator(".dw-stored")).to_be_visible()


def stored_model(page, name):
    return page.locator(".dw-stored-model", has_text=name)


def stored_row(page, name):
    return page.get_by_role("group", name=name, exact=True)


def is_kept_in_the_widget(page):
    return page.evaluate("document.activeElement.closest('.dw-stored') !== null")


def test_what_is_stored_is_listed_with_its_licence_its_formats_and_the_disk(notebook, page):
    open_stored(notebook, page)
    expect(stored_model(page, "Dolly 2.0 3B").locator(".dw-stored-facts")).to_have_text("MIT")
    expect(stored_model(page, "Dolly 2.0 3B").locator(".dw-stored-row")).to_contain_text(["1.6 GB", "2.8 GB"])
    expect(stored_model(page, "a-model-of-my-own")).to_contain_text("licence not stated")
    expect(stored_model(page, "demo")).to_contain_text("part of the package")
    expect(stored_row(page, "SmolLM2 135M INT8")).to_contain_text("running now")
    for name in ("demo", "llama3.2:1b (Ollama)"):
        expect(stored_model(page, name).get_by_role("button")).to_have_text(["Load"])
    expect(page.locator(".dw-stored-disk")).to_have_text(re.compile(r"^Used here: 6\.4 GB · free on this disk: \d"))


def test_a_model_is_deleted_with_the_keyboard_alone_and_the_focus_stays_in_the_list(notebook, page):
    open_stored(notebook, page)
    delete = page.get_by_role("button", name=f"Delete {OTHER}, frees 1.7 GB")
    delete.focus()
    page.keyboard.press("Enter")
    keep = page.get_by_role("button", name=f"Keep {OTHER}")
    expect(keep).to_be_focused()
    page.keyboard.press("Escape")
    expect(delete).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # on Keep
    expect(delete).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name=f"Delete, frees 1.7 GB: {OTHER}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".dw-stored-told")).to_have_text(f"{OTHER} is deleted: 1.7 GB freed.", timeout=30_000)
    expect(stored_row(page, OTHER)).to_have_count(0)
    expect(stored_row(page, "SmolLM2 135M INT8").get_by_role("button")).to_be_focused()  # the next one
    cells = page.locator(".jp-Cell").count()
    page.keyboard.press("b")  # a notebook's command: a cell below
    assert is_kept_in_the_widget(page)
    expect(page.locator(".jp-Cell")).to_have_count(cells)
    expect(page.locator(".dw-stored-disk")).to_contain_text("Used here: 4.7 GB")


def test_the_model_that_runs_is_not_deleted_and_says_why(notebook, page):
    open_stored(notebook, page)
    delete = stored_row(page, "SmolLM2 135M INT8").get_by_role("button")
    expect(delete).to_have_attribute("aria-disabled", "true")
    delete.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("SmolLM2 135M INT8 is running: load another model first.")
    expect(delete).to_be_focused()


def test_another_model_is_loaded_from_its_row_and_the_one_before_can_be_deleted_then(notebook, page):
    open_stored(notebook, page)
    page.get_by_role("button", name="Load demo INT8").click()
    expect(model_line(page)).to_contain_text("demo", timeout=30_000)
    expect(name_box(page)).to_be_hidden()  # a moment later
    page.locator(".dw-fold").get_by_text("Change model").click()
    expect(stored_row(page, "demo INT8")).to_contain_text("running now")
    page.get_by_role("button", name="Delete SmolLM2 135M INT8, frees 7.9 MB").click()
    page.get_by_role("button", name="Delete, frees 7.9 MB").click()
    expect(page.locator(".dw-stored-told")).to_contain_text("SmolLM2 135M INT8 is deleted", timeout=30_000)
    ask(page)


def test_without_a_kernel_nothing_can_be_deleted(notebook, page):
    open_stored(notebook, page)
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    expect(page.get_by_role("status").filter(has_text="run the cell again")).to_be_visible()
    buttons = page.locator(".dw-stored button")
    assert buttons.evaluate_all("all => all.length > 5 && all.every(each => each.closest('[inert]') !== null)")
