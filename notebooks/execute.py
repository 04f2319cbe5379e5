"""Run the tutorials from top to bottom and write their outputs: `python notebooks/execute.py [NAME.ipynb …]`.

The kernel finds the same surroundings everywhere, and what differs from run to run and tells a reader nothing (times of
execution, ids, views of widgets) is taken out: a notebook whose answers are the same is the same file. A cell that
measures is tagged `nbval-ignore-output`; while these cells are the committed ones (or those of git's index), they keep
their figures, which the text around them was read against, unless `--measure` asks for new ones.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from nbformat.reader import NotJSONError

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


IGNORED = "nbval-ignore-output"


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


def read(path: Path) -> NotebookNode:
    """The notebook in a file. Raises TutorialError, with a sentence, where there is none in it."""
    try:
        return nbformat.read(path, as_version=4)
    except (NotJSONError, nbformat.ValidationError, UnicodeDecodeError, AttributeError) as exc:
        raise TutorialError(f"{path} is no notebook: {str(exc).splitlines()[0]}") from exc


def run(path: Path, client_class: type[NotebookClient] = NotebookClient) -> NotebookNode:
    """The notebook with the outputs of a new run, views and states of widgets among them; the file stays as it is.

    Raises TutorialError where a cell fails, writes to stderr, or shows what is different on another machine.
    """
    notebook = read(path)
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


def committed(path: Path) -> NotebookNode | None:
    """The notebook as it is committed, or staged to be; None where it is neither, or there is no git."""
    git = shutil.which("git")
    shown = git and subprocess.run([git, "show", f":./{path.name}"], cwd=path.parent, capture_output=True)
    return nbformat.reads(shown.stdout.decode(), as_version=4) if shown and shown.returncode == 0 else None


def keep_measured(notebook: NotebookNode, before: NotebookNode) -> None:
    """Give the cells that measure the outputs that they had ``before``, where all of these cells are the same.

    All or none: a figure and the numbers beside it are of one run.
    """
    new, old = ([cell for cell in each.cells if is_measuring(cell)] for each in (notebook, before))
    if [cell.source for cell in new] == [cell.source for cell in old]:
        for cell, measured in zip(new, old, strict=True):
            cell.outputs = measured.outputs


def is_measuring(cell: NotebookNode) -> bool:
    """Whether a cell shows what differs from run to run. A cell with the magic is tagged too, but shows the same."""
    return IGNORED in cell.metadata.get("tags", []) and not re.search(r"^%%?dolly\b", cell.source, re.MULTILINE)


def execute(path: Path, measures: bool = True) -> None:
    """Run one notebook and write it back. Raises TutorialError, and writes nothing, where ``run`` does."""
    notebook = run(path)
    before = None if measures else committed(path)
    if before is not None:
        keep_measured(notebook, before)
    nbformat.write(without_noise(notebook), path)


def tutorials(names: list[str]) -> list[Path]:
    """The files ``names``, in the tutorials' folder or as paths, or all. Raises TutorialError where one is missing."""
    paths = [(HERE / name if (HERE / name).is_file() else Path(name)).resolve() for name in names]
    if missing := [name for name, path in zip(names, paths, strict=True) if not path.is_file()]:
        raise TutorialError(f"There is no {', '.join(missing)} here or in {HERE}: name files, or none for all.")
    return paths or sorted(HERE.glob("*.ipynb"))


@contextmanager
def mistakes_told() -> Iterator[None]:
    """End the command with a sentence instead of a traceback: for a mistake, a full disk, an interrupt."""
    try:
        yield
    except (TutorialError, OSError) as exc:
        raise SystemExit(str(exc)) from None
    except BaseException as exc:
        # The client ends its kernel at an interrupt, and then fails in its own way.
        if isinstance(exc, KeyboardInterrupt) or isinstance(exc.__context__, KeyboardInterrupt | DeadKernelError):
            print("Interrupted: what was written before stays.", file=sys.stderr)
            raise SystemExit(130) from None
        raise


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--measure", action="store_true", help="new figures, too, in the cells that measure")
    parser.add_argument("names", nargs="*", metavar="NAME.ipynb", help="default: all")
    args = parser.parse_args()
    with mistakes_told():
        for path in tutorials(args.names):
            print(path.name, flush=True)
            execute(path, args.measure)


if __name__ == "__main__":
    main()
