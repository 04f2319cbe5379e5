"""The page of ``dolly-widget app`` in a real Chromium: the widget alone, and nothing from elsewhere."""

import os
import re
import select
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from acting import answer, choose_example, expect_statistics, instruction, model_line, submit, told
from axe import violations
from playwright.sync_api import expect

from dolly_widget.models.demo import OPENVINO_DIR

pytestmark = pytest.mark.browser

# What pyzmq, tornado and ipykernel say now and then of a page, or a kernel, that was left while it was spoken to.
OF_OTHERS = re.compile(
    r"Got events for closed stream.*\n"
    r"|Task exception was never retrieved\n(?:.*\n)+?tornado\.websocket\.WebSocketClosedError\n"
    r"|\[IPKernelApp\] ERROR \| KeyboardInterrupt caught in kernel\.\n\n?"
)

ROOT = Path(__file__).parents[2]
WIDTHS = (360, 768, 1280, 1600)


@contextmanager
def running_app(*arguments, cwd=ROOT):
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "dolly_widget", "app", "--no-browser", "--port", "0", *arguments]
    environment = {**os.environ, "PYTHONPATH": paths}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=cwd, env=environment) as process:
        try:
            yield re.search(r"http://\S+", process.stdout.readline())[0], process.pid
        finally:
            process.terminate()
            _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert OF_OTHERS.sub("", err) == ""


@pytest.fixture(scope="module")
def app():
    with running_app() as app:
        yield app


@pytest.fixture
def address(app):
    return app[0]


@pytest.fixture
def kernels(app):
    """``kernels()``: the processes of this app's kernels; others may be running just now."""

    def find():
        found = set()
        for child in psutil.Process(app[1]).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if "--log-level=ERROR" in child.cmdline():
                    found.add(child.pid)
        return found

    return find


@pytest.fixture
def elsewhere(page):
    """The addresses that the page asked for and that are not this machine's."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    return lambda: [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))]


@pytest.fixture
def page(page):
    yield page
    page.goto("about:blank")  # it would miss its server


def has_dark_background(page):
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) < 384


def test_the_page_is_the_widget_alone_and_asks_nothing_of_others(page, address, elsewhere):
    page.goto(address)
    choose_example(page, "Give five ideas for great weekend with family")
    submit(page)
    expect_statistics(page)
    expect(answer(page).locator("li")).to_have_count(5)
    expect(page).to_have_title("dolly_widget")
    expect(page.get_by_role("banner")).to_have_text("dolly_widget")
    assert not has_dark_background(page)
    assert page.locator(".jp-InputArea, pre").count() == 0
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert elsewhere() == []


def test_the_focus_begins_in_the_box(page, address):
    page.goto(address)
    expect(instruction(page)).to_be_focused(timeout=60_000)


def test_a_reader_who_is_elsewhere_by_then_keeps_the_focus(page, address):
    page.add_init_script("""addEventListener("DOMContentLoaded", () => {
        const other = document.createElement("input");
        document.body.prepend(other);
        other.focus();
    })""")
    page.goto(address)
    expect(model_line(page)).to_be_visible(timeout=60_000)
    expect(page.locator("body > input")).to_be_focused()


def test_the_theme_is_the_system_s_and_follows_it(page, address):
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    expect(model_line(page)).to_be_visible(timeout=60_000)
    dark = page.locator('body[data-jp-theme-light="false"]')
    expect(dark).to_have_count(1)
    assert has_dark_background(page)
    page.emulate_media(color_scheme="light")
    expect(dark).to_have_count(0)
    assert not has_dark_background(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_whole_page(page, address, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    expect(model_line(page)).to_contain_text("parameters", timeout=60_000)
    assert violations(page, "body") == []


def test_a_reload_keeps_the_conversation_and_another_tab_does_not_see_it(page, chromium, address):
    page.goto(address)
    for number, question in enumerate(("Who is Dolly?", "What is OpenVINO?"), 1):
        instruction(page).fill(question)
        submit(page)
        expect_statistics(page)
        expect(page.get_by_text(f"History · {number}")).to_be_visible()
        before = answer(page).inner_text()
        page.reload()
        expect(answer(page)).to_have_text(before, timeout=60_000, use_inner_text=True)
        expect(page.get_by_text(f"History · {number}")).to_be_visible()
        page.reload()  # without a new answer
        expect(answer(page)).to_have_text(before, timeout=60_000, use_inner_text=True)
    other = chromium.new_page()
    other.goto(address)
    expect(model_line(other)).to_be_visible(timeout=60_000)
    expect(instruction(other)).to_be_visible()
    assert other.get_by_text("History · ").count() == 0
    other.goto("about:blank")
    other.close()


def test_a_tab_has_a_kernel_of_its_own_which_ends_when_it_is_closed(page, chromium, address, kernels):
    before = kernels()
    page.goto(address)
    expect(model_line(page)).to_be_visible(timeout=60_000)
    first = kernels() - before
    second_page = chromium.new_page()
    second_page.goto(address)
    expect(model_line(second_page)).to_be_visible(timeout=60_000)
    second = kernels() - before - first
    assert (len(first), len(second)) == (1, 1)
    with open(os.pidfd_open(second.pop())) as process:
        second_page.goto("about:blank")
        assert select.select([process], [], [], 30)[0] == [process]
    second_page.close()
    assert first <= kernels()


def test_what_is_wrong_with_a_model_is_a_sentence_in_the_page(page, elsewhere, tmp_path):
    model = tmp_path / "my-model"
    shutil.copytree(OPENVINO_DIR, model)
    with running_app("./my-model", "--theme", "dark", cwd=tmp_path) as (address, _):
        model.rename(tmp_path / "gone")  # between the start and the tab
        page.goto(address)
        expect(told(page)).to_contain_text("There is no model './my-model'", timeout=60_000)
        assert page.get_by_text("Traceback").count() == 0
        assert has_dark_background(page)
        page.goto("about:blank")
    assert elsewhere() == []


def test_without_the_token_there_is_a_login_and_no_widget(page, address):
    page.goto(address.partition("?")[0])
    expect(page.get_by_label("Password or token")).to_be_visible()
    assert page.locator(".dw-widget").count() == 0
