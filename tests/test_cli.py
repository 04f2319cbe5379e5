"""The command line: what it prints where, its exit codes, and that it never shows a traceback for a user's mistake."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from dataclasses import fields
from pathlib import Path

import pytest

from dolly_widget import GenerationResult, SamplingParams, cli, engines
from dolly_widget.prompts import PLAIN

ROOT = Path(__file__).parent.parent


class ScriptedEngine:
    """Streams the given pieces; keeps the prompt and the params it was given."""

    model_dir, device, template = Path("scripted"), "CPU", PLAIN

    def __init__(self, pieces):
        self.pieces, self.is_closed = pieces, False

    def generate(self, prompt, params, *, on_text, stop):
        self.prompt, self.params = str(prompt), params
        for piece in self.pieces:
            on_text(piece)
        return GenerationResult("".join(self.pieces), (1, 2, 3), 1, "length", 42, 0.25, 0.1)

    def close(self):
        self.is_closed = True


@pytest.fixture
def scripted(monkeypatch):
    """Makes ``ask`` use an engine that streams the given pieces."""

    def use(*pieces):
        engine = ScriptedEngine(pieces)
        monkeypatch.setattr(engines, "load_engine", lambda model, device: engine)
        return engine

    return use


class RecordingStream(io.StringIO):
    """A stdout that keeps each flushed write; ``is_terminal`` is what it says of itself."""

    def __init__(self, is_terminal=False):
        super().__init__()
        self.is_terminal, self.writes, self._unflushed = is_terminal, [], ""

    def write(self, text):
        self._unflushed += text
        return super().write(text)

    def flush(self):
        if self._unflushed:
            self.writes.append(self._unflushed)
        self._unflushed = ""

    def isatty(self):
        return self.is_terminal


def ask(demo_dir, *arguments):
    return cli.main(["ask", "Who is Dolly?", "--model", str(demo_dir), "--max-new-tokens", "24", *arguments])


# --- ask ------------------------------------------------------------------------------------------------------------


def test_ask_writes_each_piece_as_it_comes(scripted, monkeypatch):
    scripted("Dolly", " is a", " sheep.")
    stdout = RecordingStream()
    monkeypatch.setattr(sys, "stdout", stdout)
    assert cli.main(["ask", "Who is Dolly?"]) == 0
    assert stdout.writes == ["Dolly", " is a", " sheep.", "\n"]


def test_ask_streams_the_answer_of_a_real_model_in_several_writes(demo_dir, monkeypatch):
    stdout = RecordingStream()
    monkeypatch.setattr(sys, "stdout", stdout)
    assert ask(demo_dir, "--seed", "1") == 0
    assert len(stdout.writes) > 3


def test_equal_seeds_give_equal_answers(demo_dir, capsys):
    def answer(seed):
        assert ask(demo_dir, "--seed", seed, "--temperature", "3", "--top-p", "1") == 0
        return capsys.readouterr().out

    assert answer("1") == answer("1")
    assert len({answer("1"), answer("2"), answer("3")}) > 1


def test_options_reach_the_engine_and_the_rest_are_the_defaults_of_sampling(scripted):
    engine = scripted("Baa.")
    assert cli.main(["ask", "Hi", "--temperature", "0", "--top-k", "5", "--seed", "7"]) == 0
    assert engine.params == SamplingParams(temperature=0, top_k=5, seed=7)
    assert engine.is_closed


def test_help_shows_the_defaults_of_sampling(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["ask", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for field in fields(SamplingParams):
        assert f"--{field.name.replace('_', '-')}" in text
    assert f"(default: {SamplingParams().top_p})" in text
    assert f"(default: {SamplingParams().max_new_tokens})" in text


def test_context_is_the_text_of_the_option(scripted):
    engine = scripted("Baa.")
    assert cli.main(["ask", "Who barks?", "--context", "Rex barks."]) == 0
    assert engine.prompt == "Who barks?\n\nRex barks."


def test_context_of_a_dash_is_read_from_stdin(scripted, monkeypatch):
    engine = scripted("Baa.")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Rex barks\xff."), encoding="utf-8"))
    assert cli.main(["ask", "Who barks?", "--context", "-"]) == 0
    assert engine.prompt == "Who barks?\n\nRex barks\N{REPLACEMENT CHARACTER}."


def test_stats_go_to_stderr(scripted, capsys):
    scripted("Baa.")
    assert cli.main(["ask", "Hi", "--stats"]) == 0
    out, err = capsys.readouterr()
    assert out == "Baa.\n"
    assert err == "3 tokens · 10.0 tokens/s · first token after 250 ms · ended at max_new_tokens · seed 42\n"


def test_nothing_but_the_answer_where_stderr_is_no_terminal(scripted, capsys):
    scripted("Baa.")
    assert cli.main(["ask", "Hi"]) == 0
    assert capsys.readouterr() == ("Baa.\n", "")


@pytest.mark.parametrize(("options", "says_demo"), [([], True), (["--model", "elsewhere"], False)])
def test_a_terminal_is_told_about_the_demo_model_and_the_speed(scripted, monkeypatch, options, says_demo):
    scripted("Baa.")
    stderr = RecordingStream(is_terminal=True)
    monkeypatch.setattr(sys, "stderr", stderr)
    assert cli.main(["ask", "Hi", *options]) == 0
    assert ("demonstration model" in stderr.getvalue()) is says_demo
    assert "10.0 tokens/s" in stderr.getvalue()


def test_a_terminal_never_gets_control_characters_from_the_model(scripted, monkeypatch):
    scripted("a\x1b[2Jb\n\tc\x9b")
    stdout = RecordingStream(is_terminal=True)
    monkeypatch.setattr(sys, "stdout", stdout)
    assert cli.main(["ask", "Hi"]) == 0
    assert stdout.getvalue() == "a\N{REPLACEMENT CHARACTER}[2Jb\n\tc\N{REPLACEMENT CHARACTER}\n"


def test_a_stdout_that_cannot_write_a_character_gets_a_question_mark(scripted, monkeypatch):
    scripted("Bää 🐑")
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1", newline="\n"))
    assert cli.main(["ask", "Hi"]) == 0
    assert raw.getvalue() == "Bää ?\n".encode("latin-1")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", ""], "instruction is empty"),
        (["ask", " \n "], "instruction is empty"),
        (["ask", "Hi", "--model", "no/such/model"], "no model 'no/such/model'"),
        (["ask", "Hi", "--model", str(ROOT / "tests")], "not a whole OpenVINO model"),
        (["ask", "Hi", "--temperature", "-1"], "temperature must be"),
        (["ask", "Hi", "--top-k", "2.5"], "top_k must be a whole number"),
        (["lab", "--dir", __file__, "--port", "0"], "File exists"),
        (["lab", "--port", "70000"], "--port must be 0 to 65535"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(arguments, says, capsys):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"dolly-widget: .*\n", err)
    assert says in err


@pytest.mark.parametrize(
    ("options", "says"),
    [(["--device", "GPU.9"], "no device 'GPU.9'"), (["--max-new-tokens", "1000000"], "has only")],
)
def test_a_mistake_that_the_engine_finds_is_one_sentence_too(demo_dir, options, says, capsys):
    assert ask(demo_dir, *options) == 2
    assert re.fullmatch(r"dolly-widget: .*\n", capsys.readouterr().err)


def test_a_model_that_openvino_cannot_load_is_one_sentence(demo_dir, tmp_path, capsys):
    for file in demo_dir.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "openvino_model.xml").write_text("<net/>")
    assert ask(tmp_path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"dolly-widget: .*could not load.*\n", err)
    assert ".cpp" not in err


def test_a_bug_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(engines, "load_engine", lambda model, device: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["ask", "Hi"])


def test_no_command_shows_the_commands(capsys):
    assert cli.main([]) == 2
    out = capsys.readouterr().out
    assert all(command.name in out and command.summary.split()[0] in out for command in cli.COMMANDS)


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from dolly_widget.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'openvino', 'jupyterlab', 'tokenizers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# --- ask, as a process ----------------------------------------------------------------------------------------------

# An engine whose answer has no end of its own; one that does not listen to `stop` either.
ENDLESS = """
import sys
from dolly_widget import GenerationResult, cli, engines
from dolly_widget.prompts import PLAIN

class Endless:
    template = PLAIN
    def generate(self, prompt, params, *, on_text, stop):
        on_text("so far")
        {body}
        return GenerationResult("so far", (1,), 1, "cancelled", 7, 0.5, float("nan"))
    def close(self): pass

engines.load_engine = lambda model, device: Endless()
cli._STOP_TIMEOUT_S = {timeout_s}
sys.exit(cli.main(["ask", "Hi", "--stats"]))
"""


def start(*arguments, cwd=ROOT, stdout=subprocess.PIPE, **environment):
    """Start Python with Ctrl+C and buffers as in a terminal, whatever the tests themselves were started with."""
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "", **environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def endless(body, timeout_s=60, **options):
    return start("-c", ENDLESS.format(body=body, timeout_s=timeout_s), **options)


def test_ctrl_c_keeps_the_text_so_far():
    with endless("stop.wait()") as process:
        assert process.stdout.read(6) == b"so far"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (out, err) == (b"\n", "1 token · first token after 500 ms · stopped · seed 7\n".encode())
    assert process.returncode == 130


def test_ctrl_c_ends_an_engine_that_does_not_stop():
    with endless("import threading; threading.Event().wait()", timeout_s=0.01) as process:
        assert process.stdout.read(6) == b"so far"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == (b"\n", b"", 130)


def test_a_closed_pipe_ends_the_answer_quietly():
    with endless("while True: on_text('more')") as process:
        assert process.stdout.read(1) == b"s"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_is_one_sentence():
    with open("/dev/full", "w") as full, endless("stop.wait()", stdout=full) as process:
        assert process.stderr.read() == b"dolly-widget: No space left on device.\n"
        assert process.wait(timeout=60) == 2


def test_the_package_runs_as_a_module(demo_dir):
    arguments = ["ask", "Who is Dolly?", "--model", str(demo_dir), "--max-new-tokens", "24", "--seed", "1"]
    with start("-m", "dolly_widget", *arguments, PYTHONIOENCODING="ascii") as process:
        out, err = process.communicate(timeout=120)
    assert (err, process.returncode) == (b"", 0)
    assert out.decode("ascii").strip()


# --- lab ------------------------------------------------------------------------------------------------------------


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
    return lambda *arguments: cli.main(["lab", *arguments])


def tutorials():
    return sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_lab_copies_the_tutorials_and_nothing_else(lab, tmp_path, capsys):
    assert lab("--no-browser") == 0
    assert sorted(path.name for path in (tmp_path / "dolly-tutorials").iterdir()) == tutorials()
    first = tmp_path / "dolly-tutorials" / "01_quickstart.ipynb"
    assert first.read_bytes() == (ROOT / "notebooks/01_quickstart.ipynb").read_bytes()
    assert re.match(rf"Copied {len(tutorials())} tutorials? into dolly-tutorials\.\n", capsys.readouterr().out)


def test_lab_never_overwrites_a_file(lab, tmp_path, capsys):
    folder = tmp_path / "mine" / "here"
    folder.mkdir(parents=True)
    (folder / "01_quickstart.ipynb").write_text("my own work")
    assert lab("--dir", str(folder)) == 0
    assert (folder / "01_quickstart.ipynb").read_text() == "my own work"
    assert "Kept as it is" in (out := capsys.readouterr().out)
    assert "01_quickstart.ipynb" in out


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
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.terminate()
    assert process.returncode == 0
    assert b"Traceback" not in err
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)
