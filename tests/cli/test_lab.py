"""``dolly-widget lab``: what is copied, what is kept, and how JupyterLab is started and ended."""

import asyncio
import errno
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError

import pytest
from command_line import ROOT, start
from gguf_files import write_gguf
from tornado.websocket import websocket_connect

from dolly_widget import __version__
from dolly_widget.cli import entry_point
from dolly_widget.cli.lab import copy_tutorials
from dolly_widget.engines import EngineSetup
from dolly_widget.errors import ModelError


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


def all_files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_lab_copies_the_tutorials_their_guides_and_pictures_and_nothing_else(lab, tmp_path, capsys):
    assert lab("--no-browser") == 0
    folder = tmp_path / "dolly-tutorials"
    others = [name for name in all_files(ROOT / "notebooks") if re.match(r"README\.md|guide/.*\.md|images/", name)]
    assert "images/widget-light.png" in others
    assert all_files(folder) == sorted([*tutorials(), *others])
    first = folder / "01_quickstart.ipynb"
    assert first.read_bytes() == (ROOT / "notebooks/01_quickstart.ipynb").read_bytes()
    assert re.match(rf"Copied {len(tutorials())} tutorials? into dolly-tutorials\.\n", capsys.readouterr().out)


def test_what_the_copies_refer_to_is_among_them(tmp_path):
    copy_tutorials(tmp_path)
    found = 0
    for path in [*tmp_path.glob("*.ipynb"), *tmp_path.rglob("*.md")]:
        text = path.read_text()
        for target in re.findall(r"""\]\(([\w./-]+)(?:\#[\w-]*)?\)|(?:src|srcset)=\\?"([\w./-]+)""", text):
            name = "".join(target)
            assert (path.parent / name).is_file(), f"{path.name} refers to {name}"
            found += 1
    assert found > 20


def test_a_copy_of_an_earlier_version_gets_the_guides_that_it_lacks(lab, tmp_path, capsys):
    assert lab() == 0
    (tmp_path / "dolly-tutorials/guide/keyboard.md").unlink()
    (tmp_path / "dolly-tutorials/README.md").write_text("mine")
    capsys.readouterr()
    assert lab() == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "Copied guides and pictures into dolly-tutorials. Left unchanged in dolly-tutorials: README.md;"
    )


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
    write = Path.write_bytes

    def full(path, content):
        write(path, b"{")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space"):
            copy_tutorials(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert copy_tutorials(tmp_path) == f"Copied 7 tutorials into {tmp_path}."


# With another model


def model_lines(folder):
    """The line of each copy that names its model, as Python reads it."""
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        lines = [line for cell in json.loads(path.read_text())["cells"] for line in cell["source"]]
        found[path.name] = [line.partition("  #")[0].strip() for line in lines if line.startswith("MODEL = ")]
    return found


@pytest.fixture
def fetched(monkeypatch):
    """What was to be made ready; nothing is."""
    asked = []
    monkeypatch.setattr(EngineSetup, "prepare", lambda setup, **_: asked.append(setup.model))
    return asked


def test_lab_with_a_model_puts_it_into_the_first_cells_and_fetches_it(lab, tmp_path, fetched, capsys):
    assert lab("--model", "smollm2") == 0
    lines = model_lines(tmp_path / "dolly-tutorials")
    assert set(map(tuple, lines.values())) == {('MODEL = "smollm2"',), ()}
    assert lines["01_quickstart.ipynb"]
    assert fetched == ["smollm2"]
    out, err = capsys.readouterr()
    assert out == "Copied 7 tutorials into dolly-tutorials.\n"
    assert err == "smollm2 is ready.\n"


def test_copies_that_nobody_has_changed_get_another_model_and_back_and_others_stay(lab, tmp_path, fetched, capsys):
    folder = tmp_path / "dolly-tutorials"
    assert lab() == 0
    before = {path.name: path.read_bytes() for path in folder.glob("*.ipynb")}
    (folder / "05_streaming.ipynb").write_text("my own work")
    assert lab("--model", 'a "b" \\c') == 2  # which is no model: nothing is touched
    assert lab("--model", "smollm2") == 0
    assert b'MODEL = \\"smollm2\\"' in (folder / "01_quickstart.ipynb").read_bytes()
    assert "Left unchanged in dolly-tutorials: 05_streaming.ipynb;" in capsys.readouterr().out
    assert lab() == 0
    assert (folder / "05_streaming.ipynb").read_text() == "my own work"
    assert {name: (folder / name).read_bytes() for name in before if "05" not in name} == {
        name: content for name, content in before.items() if "05" not in name
    }


def test_a_link_to_a_copy_is_left_alone(tmp_path):
    other, folder = tmp_path / "other.ipynb", tmp_path / "copies"
    copy_tutorials(folder)
    link = folder / "01_quickstart.ipynb"
    link.rename(other)
    link.symlink_to(other)
    before = other.read_bytes()
    assert "Left unchanged" in copy_tutorials(folder, "smollm2")
    assert link.is_symlink()
    assert other.read_bytes() == before


def test_a_path_is_meant_from_here_and_not_from_the_copies(lab, tmp_path, fetched):
    write_gguf(tmp_path / "sheep.gguf")
    assert lab("--model", "sheep.gguf") == 0
    assert fetched == [str(tmp_path / "sheep.gguf")]
    assert model_lines(tmp_path / "dolly-tutorials")["01_quickstart.ipynb"] == [f'MODEL = "{fetched[0]}"']


@pytest.mark.parametrize("model", ["smollm2", 'C:\\models\\"mine"', "/pläce/\N{SHEEP}", "two\nlines"])
def test_any_name_can_stand_in_the_cell_and_be_taken_out_again(tmp_path, model):
    copy_tutorials(tmp_path, model)
    (line,) = (
        line
        for cell in json.loads((tmp_path / "01_quickstart.ipynb").read_text())["cells"]
        for line in cell["source"]
        if line.startswith("MODEL = ")
    )
    names = {}
    exec(line, names)
    assert names["MODEL"] == model
    assert copy_tutorials(tmp_path).startswith("Copied 6 tutorials")  # 02 names no model
    assert (tmp_path / "01_quickstart.ipynb").read_bytes() == (ROOT / "notebooks/01_quickstart.ipynb").read_bytes()


def test_a_model_that_cannot_be_is_refused_before_anything_is_copied(lab, tmp_path, capsys):
    assert lab("--model", "./nonsense") == 2
    assert "There is no model './nonsense'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_does_not_come_is_told_and_jupyterlab_goes_on(lab, monkeypatch, capsys):
    def fail(setup, **_):
        raise ModelError("smollm2 cannot be fetched: check the connection.")

    monkeypatch.setattr(EngineSetup, "prepare", fail)
    assert lab("--model", "smollm2") == 0
    assert capsys.readouterr().err == "smollm2 is not ready: smollm2 cannot be fetched: check the connection.\n"


def test_the_end_of_jupyterlab_stops_the_fetching(lab, monkeypatch, capsys):
    def fetch(setup, on_progress, stop):
        assert stop.wait(60)
        raise ModelError("Preparing the model was stopped; nothing was changed.")

    monkeypatch.setattr(EngineSetup, "prepare", fetch)
    assert lab("--model", "smollm2") == 0
    assert capsys.readouterr().err == "Stopped: your models are unchanged.\n"


def start_a_kernel(address, token):
    """What it has to say, it says meanwhile."""

    request = urllib.request.Request(f"{address}/api/kernels", method="POST")
    request.add_header("Authorization", f"token {token}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        kernel = json.load(answer)["id"]

    async def first_message():
        place = f"{address.replace('http', 'ws')}/api/kernels/{kernel}/channels?token={token}"
        connection = await websocket_connect(place)
        assert await asyncio.wait_for(connection.read_message(), 60)
        connection.close()

    # On a thread of its own: where browser tests ran before, this one has a loop already.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, first_message()).result(timeout=60)


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
            start_a_kernel(address.partition("/lab/")[0], token)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.terminate()
    assert process.returncode == 0
    assert re.fullmatch(rb"(\[C .* received signal 15, stopping\n)?", err)  # Ctrl+C in a terminal reaches it first
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)
