"""A real JupyterLab in a folder of its own, and notebooks in it, driven through a real Chromium."""

import json
import os
import re
import secrets
import subprocess
import sys
from contextlib import contextmanager

import nbformat

# Never asked for by a user, and a dialog in the way of every test.
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}


class Lab:
    """A running JupyterLab: its address, and the folder that it shows."""

    def __init__(self, folder, address, token):
        self.folder = folder
        self._address = address
        self._token = token

    def open(self, page, cells, name="test.ipynb"):
        """Open a new notebook with ``cells`` (sources) and return it when its kernel is ready."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.folder / name)
        return self.open_file(page, name)

    def open_file(self, page, name):
        """Open a notebook that is in the folder, and return it when its kernel is ready."""
        # "reset": else the tabs of an earlier test come back and hide the new one.
        page.goto(f"{self._address}/lab/tree/{name}?reset&token={self._token}")
        # The notebook's own indicator says "idle" before there is a kernel; a cell run then is silently dropped.
        page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=60_000)
        return Notebook(page)


class Notebook:
    """An open notebook."""

    def __init__(self, page):
        self.page = page

    def cell(self, index):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def run(self, index):
        """Run a cell; does not wait for its end."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def output(self, index):
        """The text of a cell's output, when there is some."""
        output = self.cell(index).locator(".jp-OutputArea-output").first
        output.wait_for(timeout=60_000)
        return output.inner_text()

    def errors(self):
        """Tracebacks, and whatever else went to stderr, in the cells that are in view."""
        # JupyterLab 4 shows a traceback as stderr.
        kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
        return self.page.locator(", ".join(f'[data-mime-type="{kind}"]' for kind in kinds)).all_inner_texts()


@contextmanager
def running_lab(folder, theme="JupyterLab Light"):
    """Start JupyterLab on a free port and yield a Lab; end it, and its kernels, afterwards."""
    token = secrets.token_hex(16)
    state = folder / ".jupyter-state"
    settings = state / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS))
    (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": theme}))
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_DATA_DIR": str(state / "data"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
        "JUPYTER_TOKEN": token,
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    log = state / "lab.log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [*command, f"--ServerApp.root_dir={folder}"],
            env=environment,
            stdout=stream,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Lab(folder, _address(server), token)
        finally:
            server.terminate()
            server.communicate(timeout=30)


def _address(server):
    lines = []
    for line in server.stderr:
        lines.append(line)
        if match := re.search(r"(http://127\.0\.0\.1:\d+)/lab", line):
            return match[1]
    raise RuntimeError("JupyterLab did not start:\n" + "".join(lines))
