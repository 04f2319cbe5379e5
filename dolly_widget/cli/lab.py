"""``dolly-widget lab``: copies the tutorials into a folder of the user's, and runs JupyterLab there until it ends."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dolly_widget import __version__
from dolly_widget.cli.command import Command, CommandError

if TYPE_CHECKING:
    import subprocess

_HOST = "127.0.0.1"
_USUAL_PORT = 8888
_FIRST_TUTORIAL = "01_quickstart.ipynb"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir", type=Path, default=Path("dolly-tutorials"), help="folder for your copies (default: dolly-tutorials)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")
    parser.add_argument("--port", type=int, metavar="N", help=f"0 is any free one (default: {_USUAL_PORT}, if free)")


def _lab(args: argparse.Namespace) -> int:
    import importlib.util
    import secrets

    if importlib.util.find_spec("jupyterlab") is None:
        raise CommandError('JupyterLab is not installed: run  python -m pip install "dolly-widget[lab]"')
    port = _choose_port(args.port)
    folder = args.dir.expanduser()
    print(copy_tutorials(folder), flush=True)
    return _serve(folder, port, secrets.token_hex(16), opens_browser=not args.no_browser and _has_browser())


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
    it_is, versions = ("it is", "version") if len(names) == 1 else ("they are", "versions")
    return [
        f"Kept as {it_is} in {folder}: {', '.join(names)}; the {versions} of dolly-widget {__version__} can be had "
        "with --dir another-folder."
    ]


def _choose_port(wanted: int | None) -> int:
    """A free port: ``wanted``, or the usual one if it is free, or any."""
    if wanted is not None and not 0 <= wanted <= 65535:
        raise CommandError(f"--port must be 0 to 65535, not {wanted}.")
    for port in (_USUAL_PORT, 0) if wanted is None else (wanted,):
        with contextlib.suppress(OSError):
            return _bindable(port)
    raise CommandError(f"Port {wanted} cannot be used, perhaps because another server has it: choose another, or 0.")


def _bindable(port: int) -> int:
    import socket

    with socket.socket() as probe:
        if os.name == "posix":  # as the server itself does: a port that was in use a moment ago counts as free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((_HOST, port))
        return int(probe.getsockname()[1])


def _has_browser() -> bool:
    import webbrowser

    # Without a display, what is found would be a text browser that takes over the terminal.
    if sys.platform == "linux" and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _lab_command(port: int, opens_browser: bool) -> list[str]:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        *(sys.executable, "-m", "jupyterlab", _FIRST_TUTORIAL),
        *(f"--ServerApp.ip={_HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        "--ServerApp.base_url=/",
        "--ServerApp.answer_yes=True",  # Ctrl+C ends it, without a question
        "--Application.log_level=ERROR",  # so that the address is not buried
        *(["--allow-root"] if is_root else []),
        *([] if opens_browser else ["--no-browser"]),
    ]


def _serve(folder: Path, port: int, token: str, opens_browser: bool) -> int:
    """Run JupyterLab in ``folder`` until it ends, or Ctrl+C or SIGTERM end it."""
    import subprocess

    # The token goes by the environment: everyone on the machine can read a command line.
    environment = {**os.environ, "JUPYTER_TOKEN": token}
    address = f"http://{_HOST}:{port}/lab/tree/{_FIRST_TUTORIAL}?token={token}"
    with _sigterm_as_interrupt():
        server = subprocess.Popen(_lab_command(port, opens_browser), cwd=folder, env=environment)
        try:
            if _is_up(server, port):
                print(f"JupyterLab is at  {address}  (Ctrl+C here ends it)", flush=True)
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()  # Its own Ctrl+C may have reached it too; asking twice does no harm.
            server.wait()
            return 0


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, so that it does not leave the server behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_up(server: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server takes connections; False if it ended instead."""
    import socket
    import subprocess

    while server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    return False


COMMAND = Command("lab", "Copy the tutorials into a folder of yours and open them in JupyterLab.", _add_arguments, _lab)
