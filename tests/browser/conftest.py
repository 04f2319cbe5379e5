"""A real Chromium, and a page on which any console error is a failure."""

import json
import os
from pathlib import Path

import chromium as browsers
import pytest
from filelock import FileLock
from front_ends import ALL
from lab import running_lab, running_notebook7
from playwright.sync_api import expect, sync_playwright
from response_page import open_page
from voila_site import running_voila

# Two processors run these tests and all others at once.
expect.set_options(timeout=20_000)


def get_browser(own, config, folder):
    """A browser's path, looked for once in a run: all of its processes share ``folder``. Raises NoBrowserError."""
    result = folder / "browser.json"
    with FileLock(folder / "browser.lock"):
        if not result.exists():
            result.write_text(json.dumps(_look_for_browser(own, config)))
    path, reason = json.loads(result.read_text())
    if path is None:
        raise browsers.NoBrowserError(reason)
    return Path(path)


def _look_for_browser(own, config):
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(sentence):
        with capture.global_and_fixture_disabled():
            os.write(2, f"\n{sentence}\n".encode())  # one of several processes has no other way to a terminal

    try:
        return str(browsers.get(own, say)), None
    except browsers.NoBrowserError as exc:
        return None, str(exc)


@pytest.fixture(scope="session")
def chromium(request, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        try:
            path = get_browser(own, request.config, folder.parent if hasattr(request.config, "workerinput") else folder)
        except browsers.NoBrowserError as exc:
            pytest.skip(str(exc))
        browser = playwright.chromium.launch(executable_path=path, args=browsers.FLAGS)
        yield browser
        browser.close()


def is_of_notebook(error):
    """Whether it is what Notebook 7.6.5 itself reports for any notebook, with or without a widget."""
    return "reading 'schema'" in str(error) and "/static/notebook/notebook_core" in error.stack


def is_of_a_document_that_was_left(error):
    """Whether it is what JupyterLab itself reports where a notebook is closed whose kernel it was still looking for."""
    is_known = str(error) == "Disposed" or "null (reading 'kernel')" in str(error)
    return is_known and "/static/" in error.stack and "blob:" not in error.stack  # ours come from blobs


# JupyterLab's own, of any kernel that is restarted just then.
OF_JUPYTERLAB = (
    # React's, of a part of the page that closes while another one goes; nothing of ours removes a child so.
    "Failed to execute 'removeChild' on 'Node'",
    "Could not restore the debugger state",
    "Error: Canceled future for create_subshell_request message before replies were done",
)


@pytest.fixture(scope="session")
def left_open(chromium):
    """Pages of the tests before that are as good as new, for others in the same front end, which is their key."""
    return {}


# What the addresses of front ends have in them whose pages can be used again.
PATHS = {"jupyterlab": "/lab/", "notebook": "/notebooks/"}
# What a widget remembers in the browser, such as a fold that is closed.
FORGET = """() => {
  for (const key of Object.keys(localStorage)) if (key.startsWith("dolly-widget:")) localStorage.removeItem(key);
}"""
# anywidget gives a model 2 s to get ready, and else reports "[anywidget] Failed to initialize model.", also of one that
# was closed meanwhile. That says more about what else the machine does. A part that is missing is missed by a test.
NO_TIMEOUT = """(() => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => (ms === 2000 ? new AbortController().signal : timeout(ms));
})()"""


def _front_end(request):
    callspec = getattr(request.node, "callspec", None)
    named = callspec.params.get("front_end") if callspec else None
    return named or ("jupyterlab" if "lab" in request.fixturenames else None)


@pytest.fixture
def page(chromium, left_open, request):
    page = left_open.pop(_front_end(request), None)
    if page is None:
        page = chromium.new_page()
        page.add_init_script(NO_TIMEOUT)
    new_size, failed_before = page.viewport_size, request.session.testsfailed
    errors = []
    mark = request.node.get_closest_marker("other_errors")
    others = (*OF_JUPYTERLAB, *(mark.args if mark else ()))

    def hear(text):
        if not text.startswith(others):
            errors.append(text)

    def hear_console(message):
        if message.type == "error":
            hear(message.text)

    def hear_error(error):
        if not is_of_notebook(error) and not is_of_a_document_that_was_left(error):
            hear(str(error))

    page.on("console", hear_console)
    page.on("pageerror", hear_error)
    yield page
    page.remove_listener("console", hear_console)
    page.remove_listener("pageerror", hear_error)
    is_as_new = page.viewport_size == new_size and request.session.testsfailed == failed_before and not errors
    shown = next((name for name, path in PATHS.items() if path in page.url), None)
    if is_as_new and shown and shown not in left_open:
        page.evaluate(FORGET)
        left_open[shown] = page
    else:
        page.close()
    assert errors == []


@pytest.fixture
def view(page):
    """A bare page with one view of `model`."""
    strangers = open_page(page)
    page.evaluate("() => { window.remove = show('one') }")
    yield page
    assert strangers == []


@pytest.fixture(scope="session")
def lab(chromium, tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def notebook7(chromium, tmp_path_factory):
    with running_notebook7(tmp_path_factory.mktemp("notebook7")) as notebook7:
        yield notebook7


@pytest.fixture(scope="session")
def voila(chromium, tmp_path_factory):
    with running_voila(tmp_path_factory.mktemp("voila")) as voila:
        yield voila


def pytest_generate_tests(metafunc):
    if "front_end" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("front_ends")
        metafunc.parametrize("front_end", mark.args if mark else ALL, indirect=True, scope="session")


@pytest.fixture(scope="session")
def front_end(request):
    """A front end that runs: a Lab, a Notebook7 or a VoilaSite."""
    names = {"jupyterlab": "lab", "notebook": "notebook7", "voila": "voila"}
    return request.getfixturevalue(names[request.param])
