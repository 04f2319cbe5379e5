"""``dolly-widget lab``: copies the tutorials into a folder of the user's, and runs JupyterLab there until it ends."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from dolly_widget import __version__
from dolly_widget.cli import serving
from dolly_widget.cli.command import Command, CommandError
from dolly_widget.cli.terminal import tell

_USUAL_PORT = 8888
_FIRST_TUTORIAL = "01_quickstart.ipynb"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir", type=Path, default=Path("dolly-tutorials"), help="folder for your copies (default: dolly-tutorials)"
    )
    serving.add_arguments(parser, _USUAL_PORT)


def _lab(args: argparse.Namespace) -> int:
    import importlib.util
    import secrets

    if importlib.util.find_spec("jupyterlab") is None:
        raise CommandError('JupyterLab is not installed: run  python -m pip install "dolly-widget[lab]"')
    port = serving.choose_port(args.port, _USUAL_PORT)
    folder = args.dir.expanduser()
    tell(copy_tutorials(folder))
    token = secrets.token_hex(16)
    address = f"http://{serving.HOST}:{port}/lab/tree/{_FIRST_TUTORIAL}?token={token}"
    on_up = partial(print, f"JupyterLab is at  {address}  (press Ctrl+C here to stop)", flush=True)
    command = _lab_command(port, opens_browser=not args.no_browser and serving.has_browser())
    return serving.serve(command, folder, {"JUPYTER_TOKEN": token}, port, on_up)


def tutorials_dir() -> Path:
    """Where the tutorials are: inside an installed package, beside it in the repository."""
    package = Path(__file__).parent.parent
    places = [package / "notebooks", package.parent / "notebooks"]
    found = next((place for place in places if (place / _FIRST_TUTORIAL).is_file()), None)
    if found is None:
        raise CommandError("The tutorials are missing from this installation: install dolly-widget again.")
    return found


def copy_tutorials(folder: Path) -> str:
    """Copy the tutorials into ``folder`` (made where missing), never over a file; return a sentence about it."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted(tutorials_dir().glob("*.ipynb"))
    there = [source for source in sources if not _copy_new(source, folder / source.name)]
    differing = [source.name for source in there if not _is_copy(folder / source.name, source)]
    copied = len(sources) - len(there)
    if not (copied or differing):
        return f"The tutorials are in {folder} already."
    sentences = [f"Copied {copied} tutorial{'' if copied == 1 else 's'} into {folder}."] if copied else []
    return " ".join([*sentences, *_about_kept(differing, folder)])


def _copy_new(source: Path, target: Path) -> bool:
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder:
        part = shutil.copyfile(source, Path(folder, target.name))
        if target.exists() or target.is_symlink():
            return False
        part.replace(target)  # last: what has its name is whole
    return True


def _is_copy(path: Path, source: Path) -> bool:
    return path.is_file() and path.read_bytes() == source.read_bytes()


def _about_kept(names: list[str], folder: Path) -> list[str]:
    if not names:
        return []
    versions = "version" if len(names) == 1 else "versions"
    return [
        f"Left unchanged in {folder}: {', '.join(names)}; to get the {versions} of dolly-widget {__version__}, use "
        "--dir another-folder."
    ]


def _lab_command(port: int, opens_browser: bool) -> list[str]:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        *(sys.executable, "-m", "jupyterlab", _FIRST_TUTORIAL),
        *(f"--ServerApp.ip={serving.HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        "--ServerApp.base_url=/",
        "--ServerApp.answer_yes=True",  # Ctrl+C ends it, without a question
        "--Application.log_level=ERROR",  # so that the address is not buried
        *(["--allow-root"] if is_root else []),
        *([] if opens_browser else ["--no-browser"]),
    ]


COMMAND = Command("lab", "Copy the tutorials into a folder and open them in JupyterLab.", _add_arguments, _lab)
