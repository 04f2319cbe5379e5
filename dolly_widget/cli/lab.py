"""``dolly-widget lab``: copies the tutorials into a folder of the user's, and runs JupyterLab there until it ends.

A model that is asked for is fetched meanwhile, and named in the copies' first cells.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dolly_widget import __version__
from dolly_widget.cli import serving
from dolly_widget.cli.command import Command, CommandError, Stopped
from dolly_widget.cli.preparing import prepare
from dolly_widget.cli.terminal import tell

if TYPE_CHECKING:
    from dolly_widget.engines import EngineSetup

DEMO = "demo"

_USUAL_PORT = 8888
_FIRST_TUTORIAL = "01_quickstart.ipynb"
_MOST_NAMED = 4
# In the JSON of a notebook, where quotes are escaped: once for it, and within the name once more.
_MODEL = re.compile(rb'MODEL = \\"(?:[^"\\]|\\\\\\?.)*?\\"')


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir", type=Path, default=Path("dolly-tutorials"), help="folder for your copies (default: dolly-tutorials)"
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="what the tutorials run instead of the demonstration model, fetched meanwhile: smollm2 is real, and small",
    )
    serving.add_arguments(parser, _USUAL_PORT)


def _lab(args: argparse.Namespace) -> int:
    import importlib.util
    import secrets

    if importlib.util.find_spec("jupyterlab") is None:
        raise CommandError('JupyterLab is not installed: run  python -m pip install "dolly-widget[lab]"')
    setup = _setup(args.model)
    port = serving.choose_port(args.port, _USUAL_PORT)
    folder = args.dir.expanduser()
    tell(copy_tutorials(folder, setup.model if setup else DEMO))
    token = secrets.token_hex(16)
    address = f"http://{serving.HOST}:{port}/lab/tree/{_FIRST_TUTORIAL}?token={token}"
    on_up = partial(print, f"JupyterLab is at  {address}  (press Ctrl+C here to stop)", flush=True)
    command = _lab_command(port, opens_browser=not args.no_browser and serving.has_browser())
    with _fetched_meanwhile(setup):
        return serving.serve(command, folder, {"JUPYTER_TOKEN": token}, port, on_up)


def _setup(model: str | None) -> EngineSetup | None:
    """What to fetch. Raises ModelError for what can never be."""
    if model is None:
        return None
    from dolly_widget.engines import EngineSetup

    # A path is meant from here, and a notebook's kernel runs in the folder of the copies.
    path = Path(model).expanduser()
    setup = EngineSetup(str(path.absolute()) if path.exists() else model)
    setup.find()
    return setup


@contextlib.contextmanager
def _fetched_meanwhile(setup: EngineSetup | None) -> Iterator[None]:
    """Have a model made ready in the background; what is not done at the end is stopped."""
    if setup is None:
        yield
        return
    from dolly_widget.runtime import Job

    job = Job(partial(_fetch, setup))
    try:
        yield
    finally:
        job.stop()
        job.wait()


def _fetch(setup: EngineSetup, stop: threading.Event) -> None:
    """Make a model ready, with progress. A failure is only told: the widget tells it too, and can try again."""
    from dolly_widget.errors import EXPECTED_ERRORS

    try:
        prepare(setup.prepare, stop)
    except Stopped as exc:
        tell(str(exc), sys.stderr)
    except EXPECTED_ERRORS as exc:
        tell(f"{setup.name} is not ready: {exc}", sys.stderr)
    else:
        tell(f"{setup.name} is ready.", sys.stderr)


def tutorials_dir() -> Path:
    """Where the tutorials are: inside an installed package, beside it in the repository."""
    package = Path(__file__).parent.parent
    places = [package / "notebooks", package.parent / "notebooks"]
    found = next((place for place in places if (place / _FIRST_TUTORIAL).is_file()), None)
    if found is None:
        raise CommandError("The tutorials are missing from this installation: install dolly-widget again.")
    return found


def copy_tutorials(folder: Path, model: str = DEMO) -> str:
    """Copy the tutorials into ``folder`` (made where missing), with ``model`` in their first cells; guides, pictures.

    A file that is there is left alone, unless it is a copy that nobody has changed. Returns a sentence about it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {name: (tutorials_dir() / name).read_bytes() for name in _names()}
    wanted = {name: _with_model(content, model) for name, content in contents.items()}
    copied = [name for name in contents if _copy(wanted[name], folder / name, contents[name])]
    kept = [name for name in contents if name not in copied]
    differing = [name for name in kept if not _holds(folder / name, wanted[name])]
    if not (copied or differing):
        return f"The tutorials are in {folder} already."
    return " ".join([*_about_copied(copied, folder), *_about_kept(differing, folder)])


def _names() -> list[str]:
    """What belongs to the tutorials: the notebooks first, then what they and their guides refer to."""
    place = tutorials_dir()
    patterns = ("*.ipynb", "README.md", "guide/*.md", "images/*.*")
    return [path.relative_to(place).as_posix() for pattern in patterns for path in sorted(place.glob(pattern))]


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _copy(content: bytes, target: Path, source: bytes) -> bool:
    """Write a copy of ``source`` with its model, ``content``; False where there is anything else, or this already."""
    import tempfile

    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder:
        part = Path(folder, target.name)
        part.write_bytes(content)
        if (target.exists() or target.is_symlink()) and not _is_copy_with_another_model(target, content, source):
            return False
        part.replace(target)  # last: what has its name is whole
    return True


def _is_copy_with_another_model(path: Path, content: bytes, source: bytes) -> bool:
    """Whether nothing of a copy was changed, and it only has another model than is wanted."""
    there = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    found = _MODEL.search(there)
    return found is not None and there != content and _MODEL.sub(lambda _: found[0], source, count=1) == there


def _with_model(content: bytes, model: str) -> bytes:
    """A notebook with another model in the line that names it, where it has one."""
    literal = json.dumps(model, ensure_ascii=False)  # Python's, too
    line = b"MODEL = " + json.dumps(literal, ensure_ascii=False)[1:-1].encode()
    return _MODEL.sub(lambda _: line, content, count=1)


def _about_copied(names: list[str], folder: Path) -> list[str]:
    tutorials = sum(name.endswith(".ipynb") for name in names)
    what = f"{tutorials} tutorial{'' if tutorials == 1 else 's'}" if tutorials else "guides and pictures"
    return [f"Copied {what} into {folder}."] if names else []


def _about_kept(names: list[str], folder: Path) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    versions = "version" if len(names) == 1 else "versions"
    return [
        f"Left unchanged in {folder}: {', '.join(names[:_MOST_NAMED])}{more}; to get the {versions} of dolly-widget "
        f"{__version__}, use --dir another-folder."
    ]


def _lab_command(port: int, opens_browser: bool) -> list[str]:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        *(sys.executable, "-m", "jupyterlab", _FIRST_TUTORIAL),
        *(f"--ServerApp.ip={serving.HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        "--ServerApp.base_url=/",
        "--ServerApp.answer_yes=True",  # Ctrl+C ends it, without a question
        "--Application.log_level=ERROR",  # so that the address is not buried
        "--KernelManager.transport_encryption=auto",  # a kernel that could be encrypted, and is not, warns of it
        # It looks at each of the server's settings, and is warned of one that is old; only Notebook needs it.
        "--ServerApp.jpserver_extensions=notebook_shim=False",
        *(["--allow-root"] if is_root else []),
        *([] if opens_browser else ["--no-browser"]),
    ]


COMMAND = Command("lab", "Copy the tutorials into a folder and open them in JupyterLab.", _add_arguments, _lab)
