"""``dolly-widget lab``: what is copied, what is kept, and how JupyterLab is started and ended."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest
from command_line import ROOT, start

from dolly_widget import __version__
from dolly_widget.cli import entry_point
from dolly_widget.cli.lab import copy_tutorials


class EndedServer:
    """Stands for a JupyterLab that the user has ended; class attributes keep how it was started."""

    def __init__(self, command, **options):
        type(self).command, type(self).options = command, options

    def poll(self):
        return 0

    wait = poll


@pytest.fixture
def lab(monkeypatch, tmp_path):
    """Runs ``dolly-widget lab`` in an empty folder, with only the start of JupyterLab replaced."""
    monkeypatch.setattr(subprocess, "Popen", EndedServer)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: entry_point.main(["lab", *arguments])


def tutorials():
    return sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_lab_copies_the_tutorials_and_nothing_else(lab, tmp_path, capsys):
    assert lab("--no-browser") == 0
    assert sorted(path.name for path in (tmp_path / "dolly-tutorials").iterdir()) == tutorials()
    first = tmp_path / "dolly-tutorials" / "01_quickstart.ipynb"
    assert first.read_bytes() == (ROOT / "notebooks/01_quickstart.ipynb").read_bytes()
    assert re.match(rf"Copied {len(tutorials())} tutorials? into dolly-tutorials\.\n", capsys.readouterr().out)


def test_lab_never_overwrites_a_file_and_says_how_to_get_the_new_one(lab, tmp_path, capsys):
    folder = tmp_path / "mine" / "here"
    folder.mkdir(parents=True)
    (folder / "01_quickstart.ipynb").write_text("my own work")
    assert lab("--dir", str(folder)) == 0
    assert (folder / "01_quickstart.ipynb").read_text() == "my own work"
    assert (
        f"Left unchanged in {folder}: 01_quickstart.ipynb; to get the version of dolly-widget {__version__}, use "
        "--dir another-folder.\n" in capsys.readouterr().out
    )


def test_lab_says_nothing_of_copies_that_are_as_in_the_package(lab, capsys):
    assert lab() == 0
    capsys.readouterr()
    assert lab() == 0
    assert capsys.readouterr().out == "The tutorials are in dolly-tutorials already.\n"


def test_lab_starts_this_python_s_jupyterlab_on_the_first_tutorial(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setenv("BROWSER", "true")
    assert lab("--port", "0") == 0
    assert EndedServer.command[:4] == [sys.executable, "-m", "jupyterlab", "01_quickstart.ipynb"]
    assert "--allow-root" not in EndedServer.command
    assert "--no-browser" not in EndedServer.command
    assert EndedServer.options["cwd"] == Path("dolly-tutorials")
    token = EndedServer.options["env"]["JUPYTER_TOKEN"]
    assert len(token) >= 32
    assert token not in " ".join(EndedServer.command)


def test_lab_allows_root_and_does_without_a_browser(lab, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert lab() == 0
    assert {"--allow-root", "--no-browser"} <= set(EndedServer.command)


def test_lab_refuses_a_port_that_is_taken(lab, capsys):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert lab("--port", str(port)) == 2
    assert f"Port {port} cannot be used" in capsys.readouterr().err


def test_lab_says_how_to_install_jupyterlab(lab, tmp_path, monkeypatch, capsys):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert lab() == 2
    assert 'python -m pip install "dolly-widget[lab]"' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_was_broken_off_is_not_taken_for_one(tmp_path, monkeypatch):
    def full(source, target):
        Path(target).write_bytes(b"{")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        with pytest.raises(OSError, match="No space"):
            copy_tutorials(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert copy_tutorials(tmp_path) == f"Copied 6 tutorials into {tmp_path}."


def test_lab_runs_until_ctrl_c(tmp_path):
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    arguments = ["-m", "dolly_widget", "lab", "--no-browser", "--port", "0"]
    with start(*arguments, cwd=tmp_path, **places) as process:
        try:
            assert process.stdout.readline().startswith(b"Copied ")
            address = re.search(r"http://127\.0\.0\.1:\S+", process.stdout.readline().decode())[0]
            page, token = address.split("?token=")
            assert page.endswith("/lab/tree/01_quickstart.ipynb")
            with urllib.request.urlopen(address, timeout=60) as answer:
                assert answer.status == 200
            contents = page.replace("/lab/tree/", "/api/contents/") + f"?content=0&token={token}"
            with urllib.request.urlopen(contents, timeout=60) as answer:
                assert json.load(answer)["type"] == "notebook"
            with pytest.raises(HTTPError, match="403"):
                urllib.request.urlopen(urllib.request.Request(contents, headers={"Host": "evil.example"}), timeout=60)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.terminate()
    assert process.returncode == 0
    assert b"Traceback" not in err
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)
