"""A real Voilà in a folder of its own: a notebook opens as a page, all of its cells run at once, and only outputs show.

Its template is that of ``dolly-widget app``: Voilà's own fetches icons from elsewhere.
"""

import json
from contextlib import contextmanager
from pathlib import Path

from lab import ERRORS, new_notebook
from servers import running

import dolly_widget
from dolly_widget.cli.app import EXTENSIONS
from dolly_widget.cli.serving import choose_port

FILES = Path(dolly_widget.__file__).parent / "cli" / "app_files"
CONFIGURATION = {
    "Voila": {"ip": "127.0.0.1", "port_retries": 0, "open_browser": False},
    "VoilaConfiguration": {
        "template": "dolly-widget",
        "show_tracebacks": True,
        "extension_allowlist": EXTENSIONS,
    },
}


class VoilaSite:
    """A running Voilà: its address, and the folder that it serves."""

    def __init__(self, folder, address):
        self.folder = folder
        self._address = address

    def open(self, page, cells, name="test.ipynb"):
        """Open a new notebook with ``cells`` (sources), which run at once, and return it when their outputs show."""
        new_notebook(self.folder / name, cells)
        page.goto(f"{self._address}/voila/render/{name}")
        page.locator("#rendered_cells").wait_for(timeout=60_000)
        return VoilaPage(page)


class VoilaPage:
    """A notebook's page."""

    def __init__(self, page):
        self.page = page

    def run(self, index):
        """Nothing: the cell has run when the page was opened, and cannot be run again."""

    def output(self, index):
        """The text of a cell's output, when there is some."""
        output = self.page.locator(f'[cell-index="{index + 1}"] .jp-OutputArea-output').first
        output.wait_for(timeout=60_000)
        return output.inner_text()

    def errors(self):
        """Tracebacks, and whatever else went to stderr."""
        return self.page.locator(ERRORS).all_inner_texts()

    def close(self):
        """Leave the page, which ends its kernel."""
        self.page.goto("about:blank")


@contextmanager
def running_voila(folder):
    """Start Voilà on a free port and yield a VoilaSite; end it, and its kernels, afterwards."""
    state = folder / ".jupyter-state"
    state.mkdir()
    (state / "voila.json").write_text(json.dumps(CONFIGURATION))
    port = f"--port={choose_port(0, 0)}"  # given 0, it reports 0
    with running("voila", str(folder), port, state=state, cwd=state, JUPYTER_PATH=str(FILES)) as address:
        yield VoilaSite(folder, address)
