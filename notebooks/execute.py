"""Run the tutorials from top to bottom and write their outputs: `python notebooks/execute.py [NAME.ipynb …]`.

The kernel finds the same surroundings everywhere, and what differs from run to run and tells a reader nothing (times of
execution, ids, views of widgets) is taken out: a notebook whose answers are the same is the same file. What a cell
measures may differ; the cell is tagged `nbval-ignore-output`, and tags are kept.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "NO_COLOR": "1",
    "COLUMNS": "100",
}
# The inline backend's own, and no name of a version in each figure.
IPYTHON_CONFIG = 'c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Software": None}}\n'
# Of the user's, these change what a cell shows.
UNWANTED = ("MPLBACKEND", "FORCE_COLOR", "PYTHONWARNINGS", "PYTHONSTARTUP")
PLACES = "|".join(re.escape(str(place)) for place in (Path.home(), HERE.parent, sys.prefix, tempfile.gettempdir()))
OF_THIS_MACHINE = re.compile(
    rf"(?<![\w.])(?:{PLACES})(?!\w)|(?<![\w.:<])/(?:root|home|tmp|Users|usr|var|opt)/|\b[A-Z]:\\\w|\b0x[0-9a-fA-F]{{6,}}"
)


class TutorialError(Exception):
    """A tutorial cannot be committed as it is: the message says which cell, and why."""


@contextmanager
def kernel_environment() -> Iterator[dict[str, str]]:
    """Variables for a kernel that knows no network, no settings and no models of the user's, and draws no bars."""
    import matplotlib.font_manager  # noqa: F401  Else the first kernel would say that it builds the font cache.

    with tempfile.TemporaryDirectory(prefix="dolly-tutorial-") as folder:
        profile = Path(folder, "ipython", "profile_default")
        profile.mkdir(parents=True)
        (profile / "ipython_config.py").write_text(f"c = get_config()\n{IPYTHON_CONFIG}", encoding="utf-8")
        matplotlibrc = Path(folder, "matplotlibrc")
        matplotlibrc.touch()
        kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
        own = {
            "DOLLY_WIDGET_CACHE": str(Path(folder, "models")),
            "HF_HOME": str(Path(folder, "hub")),
            "IPYTHONDIR": str(profile.parent),
            "MATPLOTLIBRC": str(matplotlibrc),
        }
        yield kept | QUIET | own


def run(path: Path, client_class: type[NotebookClient] = NotebookClient) -> NotebookNode:
    """The notebook with the outputs of a new run, views and states of widgets among them; the file stays as it is.

    Raises TutorialError where a cell fails, writes to stderr, or shows what is different on another machine.
    """
    notebook = nbformat.read(path, as_version=4)
    client = client_class(
        notebook,
        timeout=300,
        record_timing=False,
        coalesce_streams=True,  # how a text is cut into messages is chance
        extra_arguments=["--log-level=ERROR"],  # the kernel's remarks about itself
        resources={"metadata": {"path": str(HERE)}},
    )
    with kernel_environment() as environment:
        try:
            client.execute(env=environment)
        except (CellControlSignal, DeadKernelError) as exc:
            raise TutorialError(f"{exc}\n{path.name}, In [{client.code_cells_executed}] failed: see above.") from exc
    if found := list(faults(notebook)):
        raise TutorialError("\n".join(f"{path.name}, {fault}" for fault in found))
    return notebook


def faults(notebook: NotebookNode) -> Iterator[str]:
    """What no output may show, each as the end of a sentence that begins with the notebook's name."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = _text(output)
            if output.output_type == "error":
                yield f"In [{cell.execution_count}] shows an error: {output.ename}: {output.evalue}"
            elif output.get("name") == "stderr":
                yield f"In [{cell.execution_count}] writes to stderr: {text.strip()}"
            elif found := OF_THIS_MACHINE.search(text):
                shown = text[max(0, found.start() - 40) : found.end() + 40]
                yield f"In [{cell.execution_count}] shows {found[0]!r}, which no other machine would: …{shown}…"


def _text(output: NotebookNode) -> str:
    """All that can be read in an output, pictures left out."""
    data = output.get("data", {})
    return "\n".join([output.get("text", ""), *(str(data[kind]) for kind in data if not kind.startswith("image/"))])


def without_noise(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what tells a reader nothing; changes it in place."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata = NotebookNode(kernelspec=kernel, language_info={"name": "python"})
    for index, cell in enumerate(notebook.cells):
        cell.id = f"cell-{index:02}"
        tags = cell.metadata.get("tags")
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
            output.pop("transient", None)
    return notebook


def execute(path: Path) -> None:
    """Run one notebook and write it back. Raises TutorialError, and writes nothing, where ``run`` does."""
    nbformat.write(without_noise(run(path)), path)


def tutorials(names: list[str]) -> list[Path]:
    """The files of the tutorials ``names``, or of all. Raises SystemExit, with a sentence, where one is not there."""
    paths = [HERE / name for name in names] or sorted(HERE.glob("*.ipynb"))
    if missing := [path.name for path in paths if not path.is_file()]:
        raise SystemExit(f"There is no {', '.join(missing)} in {HERE}: name files that are there, or none for all.")
    return paths


def main(names: list[str]) -> None:
    """Execute the tutorials ``names``, or all."""
    for path in tutorials(names):
        print(path.name, flush=True)
        try:
            execute(path)
        except TutorialError as exc:
            raise SystemExit(str(exc)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
