"""Each tutorial in a real JupyterLab, as `dolly-widget lab` shows it: "Run All Cells" leaves no error behind."""

import json
import os
import runpy
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from lab import running_lab

from dolly_widget.cli.lab import copy_tutorials

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TUTORIALS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
# What the others print is checked by nbval; here they take minutes.
ALWAYS = ("01_quickstart.ipynb", "05_streaming.ipynb")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# The cells are asked, not the page: JupyterLab keeps those that are out of sight out of the page. After an error the
# rest does not run.
HAS_RUN = """() => {
  const cells = jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code')
  const hasFailed = cells.some(cell => cell.model.outputs.toJSON().some(output => output.output_type === 'error'))
  return cells.every(({model}) => model.executionState === 'idle' && (hasFailed || model.executionCount !== null))
}"""
# A tutorial may close its widget: JupyterLab then hides it.
SHOWN_OR_CLOSED = ".jupyter-widgets, .jp-OutputArea-output.lm-mod-hidden"
SCROLL_TO = "index => jupyterapp.shell.currentWidget.content.scrollToItem(index)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, left_open):
    """A JupyterLab in a folder with the tutorials, whose kernels know no network and no models of the user's."""
    folder = tmp_path_factory.mktemp("tutorials")
    config = folder / ".jupyter-state" / "config"
    config.mkdir(parents=True)
    (config / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    copy_tutorials(folder)
    kernel_environment = runpy.run_path(str(NOTEBOOKS / "execute.py"))["kernel_environment"]
    with (
        kernel_environment() as environment,
        mock.patch.dict(os.environ, environment, clear=True),
        running_lab(folder) as lab,
    ):
        yield lab
        while left_open:  # it would miss its server
            left_open.popitem()[1].close()


def run_all(lab, page, name):
    """Open a tutorial, run all its cells by the menu, save it, and return what was saved."""
    lab.open_file(page, name)
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.locator(".lm-MenuBar-item", has_text="Run").click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
    page.wait_for_function(HAS_RUN, timeout=180_000)
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    return nbformat.read(lab.folder / name, as_version=4)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in ALWAYS else [pytest.mark.slow]) for name in TUTORIALS]
)
def test_run_all_leaves_no_error(lab, page, name):
    notebook = run_all(lab, page, name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for index, cell in enumerate(notebook.cells):
        if any(WIDGET_VIEW in output.get("data", {}) for output in cell.get("outputs", [])):
            page.evaluate(SCROLL_TO, index)
            shown = page.locator(f'.jp-Notebook-cell[data-windowed-list-index="{index}"] .jp-OutputArea')
            shown.locator(SHOWN_OR_CLOSED).first.wait_for(state="attached", timeout=10_000)
            assert "Error displaying widget" not in shown.inner_text()
            assert "Loading widget" not in shown.inner_text()
