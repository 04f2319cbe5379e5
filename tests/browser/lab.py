"""A real JupyterLab, or Notebook 7, in a folder of its own, and notebooks in it, driven through a real Chromium."""

import json
import os
import secrets
import urllib.request
from contextlib import contextmanager

import nbformat
from jupyter_client.blocking import BlockingKernelClient
from nbformat.sign import NotebookNotary
from servers import running

# Never asked for by a user, and a dialog in the way of every test.
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}
# The indicators in the page say "idle" before there is a kernel; a cell run then is silently dropped.
HAS_KERNEL = """() => {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
  return session?.kernel?.connectionStatus === "connected" && session.kernel.status === "idle";
}"""
# In a JupyterLab that is open already: loading the application anew costs more than most tests.
LEAVE = "() => { for (const document of [...jupyterapp.shell.widgets('main')]) document.dispose() }"
OPEN = "path => void jupyterapp.commands.execute('docmanager:open', { path })"
# In a notebook that is open already, and alone, with a kernel that is free.
READ_AGAIN = """async (path) => {
  const [panel, ...others] = window.jupyterapp?.shell.widgets("main") ?? [];
  const kernel = panel?.sessionContext?.session?.kernel;
  const isFree = kernel?.connectionStatus === "connected" && kernel.status === "idle";
  if (panel?.context?.path !== path || !isFree || others.length) return false;
  await panel.context.revert();
  return true;
}"""
# The notebook whose kernel many tests use, one after another.
SHARED = "test.ipynb"
# A page that opens a notebook makes all widgets that its kernel has, seen or not.
CLOSE_ALL = "import ipywidgets\nipywidgets.Widget.close_all()"
LIMIT_S = 20
# JupyterLab 4 shows a traceback as stderr.
ERRORS = ", ".join(f'[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in ("error", "stderr"))


def new_notebook(path, cells):
    """Write a notebook with ``cells`` (sources)."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


class Lab:
    """A running JupyterLab: its address, and the folder that it shows."""

    # "reset": else the tabs of an earlier test come back and hide the new one.
    path = "lab/tree/{name}?reset&token={token}"

    def __init__(self, folder, address, token):
        self.folder = folder
        self._address = address
        self._token = token

    def open(self, page, cells, name=SHARED):
        """Open a new notebook with ``cells`` (sources) and return it when its kernel is ready."""
        if name == SHARED and self._is_read_again(page, cells):
            return Notebook(page)
        if self.is_shown(page):
            page.evaluate(LEAVE)
        self._end_kernels()
        new_notebook(self.folder / name, cells)
        return self.open_file(page, name)

    def open_file(self, page, name):
        """Open a notebook that is in the folder, and return it when its kernel is ready."""
        notebook = self.show_file(page, name)
        page.wait_for_function(HAS_KERNEL, timeout=60_000)
        return notebook

    def show_file(self, page, name):
        """Open a notebook that is in the folder, and return it when its cells are there, with or without a kernel."""
        if self.is_shown(page):
            page.evaluate(LEAVE)
        if self.is_shown(page) and name == SHARED:
            page.evaluate(OPEN, name)
        else:  # of another name: in a page without the hidden widgets of the notebook before
            page.goto(f"{self._address}/{self.path.format(name=name, token=self._token)}")
        notebook = Notebook(page)
        notebook.cell(0).wait_for(timeout=60_000)
        return notebook

    def is_shown(self, page):
        """Whether the page shows this JupyterLab, so that it can open another notebook."""
        return page.url.startswith(f"{self._address}/lab/")

    def _is_read_again(self, page, cells):
        """Whether the page showed the shared notebook, and now shows ``cells`` in it, without the widgets of before."""
        if not page.url.startswith(f"{self._address}/"):
            return False
        new_notebook(self.folder / SHARED, cells)
        return page.evaluate(READ_AGAIN, SHARED) and self._end_kernels()

    def _end_kernels(self):
        """End the kernels of the tests before; the shared one stays, if it is free, without its widgets.

        Returns whether it stays.
        """
        stays = False
        for session in self._ask("GET", "sessions"):
            is_free = session["path"] == SHARED and session["kernel"]["execution_state"] == "idle"
            if is_free and self._closes_widgets(session["kernel"]["id"]):
                stays = True
            else:
                self._ask("DELETE", f"sessions/{session['id']}")
        return stays

    def _closes_widgets(self, kernel_id):
        state = self.folder / ".jupyter-state" / "runtime" / f"kernel-{kernel_id}.json"
        client = BlockingKernelClient(connection_file=str(state))
        client.load_connection_file()
        client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        try:
            reply = client.execute(CLOSE_ALL, silent=True, reply=True, timeout=LIMIT_S)
        except TimeoutError:
            return False
        finally:
            client.stop_channels()
        return reply["content"]["status"] == "ok"

    def _ask(self, method, what):
        request = urllib.request.Request(f"{self._address}/api/{what}", method=method)
        request.add_header("Authorization", f"token {self._token}")
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def trust(self, name):
        """Trust a notebook that is in the folder: only then are its widgets shown before it is run."""
        notary = NotebookNotary(data_dir=str(self.folder / ".jupyter-state" / "data"))
        notary.sign(nbformat.read(self.folder / name, as_version=4))


class Notebook7(Lab):
    """A running Notebook 7, which is made of JupyterLab's parts."""

    path = "notebooks/{name}?token={token}"


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
        return self.page.locator(ERRORS).all_inner_texts()

    def close(self):
        """Nothing: its kernel ends with the server."""


@contextmanager
def running_lab(folder, theme="JupyterLab Light", cache=None):
    """Start JupyterLab on a free port and yield a Lab; end it, and its kernels, afterwards.

    ``cache`` is the store of models that its kernels see; by default, ``DOLLY_WIDGET_CACHE``, or an empty one.
    """
    expose = "--LabApp.expose_app_in_browser=True"
    with _running(Lab, "jupyterlab", expose, folder=folder, theme=theme, cache=cache) as lab:
        yield lab


@contextmanager
def running_notebook7(folder):
    """Start Notebook 7 on a free port and yield a Notebook7; end it, and its kernels, afterwards."""
    expose = "--JupyterNotebookApp.expose_app_in_browser=True"
    with _running(Notebook7, "notebook", expose, folder=folder, theme="JupyterLab Light") as notebook7:
        yield notebook7


@contextmanager
def _running(kind, module, *arguments, folder, theme, cache=None):
    token = secrets.token_hex(16)
    state = folder / ".jupyter-state"
    write_settings(state, "apputils-extension", "notification", NO_NEWS)
    write_settings(state, "apputils-extension", "themes", {"theme": theme})
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={folder}"]
    environment = {
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
        "JUPYTER_TOKEN": token,
        # What a page offers depends on what is stored.
        "DOLLY_WIDGET_CONFIG": str(state / "config"),
        "DOLLY_WIDGET_CACHE": str(cache or os.environ.get("DOLLY_WIDGET_CACHE", state / "cache")),
    }
    with running(module, *options, *arguments, state=state, **environment) as address:
        yield kind(folder, address, token)


def write_settings(state, extension, plugin, settings):
    folder = state / "settings" / "@jupyterlab" / extension
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{plugin}.jupyterlab-settings").write_text(json.dumps(settings))
