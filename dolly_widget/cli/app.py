"""``dolly-widget app``: the widget alone as a web page for this machine, served by Voilà until it ends.

Each browser tab has a kernel of its own. The page can be used only with the token, and only from this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dolly_widget.cli import serving
from dolly_widget.cli.command import Command, CommandError
from dolly_widget.cli.preparing import add_setup_arguments, setup_from

_USUAL_PORT = 8866
_CULL_AFTER_S = 300
_KERNEL = "dolly-widget"
_NOTEBOOK = "app.ipynb"
# What draws widgets: others of the user's JupyterLab may not fit Voilà's.
EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]
# A template of Voilà that fetches nothing from elsewhere.
_FILES = Path(__file__).with_name("app_files")
_MODEL_HELP = "'demo', 'smollm2', a model id of the Hugging Face hub, or a directory (default: demo)"
_EPILOG = (
    "Each browser tab has its own widget and model. Reloading a page keeps its answers, until the app ends. "
    "Closing a tab frees its memory; if the browser cannot report that it was closed, this happens about "
    f"{_CULL_AFTER_S // 60} minutes later."
)
_CELL = """\
import os
from pathlib import Path
os.chdir({cwd!r})
from dolly_widget import DollyWidget
from dolly_widget.cli.kept_history import kept_history
from dolly_widget.errors import EXPECTED_ERRORS
from dolly_widget.widget.page.messages import error_html
from ipykernel.connect import get_connection_file
from ipywidgets import HTML
own_id = Path(get_connection_file()).stem.removeprefix("kernel-")
try:
    kept = kept_history(Path({folder!r}), own_id, os.environ.get("QUERY_STRING", ""))
    shown = DollyWidget(**{arguments!r}, history=kept)
except EXPECTED_ERRORS as exc:
    shown = HTML(error_html(exc))
shown"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from dolly_widget.engines import TYPED_FIELDS

    parser.epilog = _EPILOG
    parser.add_argument("model", metavar="MODEL", nargs="?", default="demo", help=_MODEL_HELP)
    add_setup_arguments(parser, *(name for name in TYPED_FIELDS if name != "model"))
    parser.add_argument(
        "--theme", choices=("auto", "light", "dark"), default="auto", help="auto is the system's (default: auto)"
    )
    serving.add_arguments(parser, _USUAL_PORT)


def _app(args: argparse.Namespace) -> int:
    import importlib.util
    import secrets

    if importlib.util.find_spec("voila") is None:
        raise CommandError('Voilà is not installed: run  python -m pip install "dolly-widget[app]"')
    arguments = _checked_arguments(args)
    port = serving.choose_port(args.port, _USUAL_PORT)
    token = secrets.token_hex(16)
    address = f"http://{serving.HOST}:{port}/?token={token}"
    opens_browser = not args.no_browser and serving.has_browser()

    with _private_folder(arguments, _configuration(port, token, args.theme)) as folder:

        def on_up() -> None:
            print(f"The widget is at  {address}  (press Ctrl+C here to stop)", flush=True)
            if opens_browser:
                _open_browser(folder, address)

        command = [sys.executable, "-m", "voila", _NOTEBOOK]
        return serving.serve(command, folder, _environment(folder), port, on_up)


def _checked_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """What ``DollyWidget`` is called with. Raises ValueError or ModelError for what cannot work."""
    from dolly_widget.engines import TYPED_FIELDS
    from dolly_widget.engines.remote.passwords import has_password

    setup = setup_from(args)
    if setup.server is not None and any(has_password(url) for url in setup.server.urls):
        raise CommandError(
            "A password in the address does not reach the page: set DOLLY_WIDGET_API_KEY to a key instead."
        )
    setup.find()
    given = {name: getattr(setup, name) for name in TYPED_FIELDS}
    return {name: str(value) if name == "weight_format" else value for name, value in given.items()}


@contextmanager
def _private_folder(arguments: dict[str, Any], configuration: dict[str, Any]) -> Iterator[Path]:
    """A folder that this user alone can read: the notebook, its kernel, and Voilà's configuration with the token."""
    import tempfile

    kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    with tempfile.TemporaryDirectory(prefix="dolly-widget-") as name:
        files = {
            _NOTEBOOK: _notebook(arguments, name),
            "voila.json": configuration,
            f"kernels/{_KERNEL}/kernel.json": {"argv": kernel, "display_name": _KERNEL, "language": "python"},
        }
        for path, content in files.items():
            Path(name, path).parent.mkdir(parents=True, exist_ok=True)
            Path(name, path).write_text(json.dumps(content), encoding="utf-8")
        yield Path(name)


def _notebook(arguments: dict[str, Any], folder: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "widget",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": _CELL.format(cwd=os.getcwd(), folder=folder, arguments=arguments),
    }
    kernel = {"name": _KERNEL, "display_name": _KERNEL, "language": "python"}
    metadata = {"title": "dolly_widget", "kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _environment(folder: Path) -> dict[str, str]:
    # First our template and kernel, then whatever else there is.
    return {"JUPYTER_PATH": os.pathsep.join(filter(None, [str(_FILES), str(folder), os.environ.get("JUPYTER_PATH")]))}


def _configuration(port: int, token: str, theme: str) -> dict[str, Any]:
    """Voilà's configuration, which comes before any other: its server runs in the folder."""
    return {
        "Voila": {
            "ip": serving.HOST,
            "port": port,
            "port_retries": 0,
            "base_url": "/",
            "token": token,
            "open_browser": False,  # it would open without the token
            "connection_dir_root": ".",
            "log_level": "ERROR",
            "identity_provider_class": "jupyter_server.auth.identity.PasswordIdentityProvider",
            "tornado_settings": {
                "ws_ping_timeout": 30_000,  # its own is above the interval, of which Tornado complains
                # JupyterLab's check of Host, which Voilà turns off: against a page whose name was made to mean us.
                "allow_remote_access": False,
                "local_hostnames": ["localhost"],
            },
        },
        "PasswordIdentityProvider": {"hashed_password": ""},
        "VoilaConfiguration": {
            "template": "dolly-widget",
            "theme": "dark" if theme == "dark" else "light",
            "resources": {"dolly_widget": {"theme": theme}},  # for the page, which can follow the system's
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "file_allowlist": [],  # files of the folder would be served without a token
            "extension_allowlist": EXTENSIONS,
        },
        "MappingKernelManager": {"cull_idle_timeout": _CULL_AFTER_S, "cull_interval": 60},
    }


def _open_browser(folder: Path, address: str) -> None:
    """Open ``address`` by a file that only this user can read: a browser's command line is open to everyone."""
    import webbrowser

    redirect = folder / "open.html"
    redirect.write_text(f'<meta http-equiv="refresh" content="0;url={address}">', encoding="utf-8")
    webbrowser.open(redirect.as_uri())


COMMAND = Command("app", "Serve the widget on its own, as a web page on this machine.", _add_arguments, _app)
