"""``dolly-widget serve``: what it says, whom it lets in, and that it starts nothing that cannot work."""

import importlib.util
import subprocess
import sys

import pytest
from command_line import ROOT
from scripted_engine import ScriptedEngine

from dolly_widget import engines, serving
from dolly_widget.cli import entry_point
from dolly_widget.engines import EngineSetup


@pytest.fixture
def served(monkeypatch):
    """Runs ``dolly-widget serve`` with only the server and the engine replaced; what they were given."""
    given = {"setups": []}
    monkeypatch.delenv("DOLLY_WIDGET_API_KEY", raising=False)

    def start_engine(setup, prepared):
        given["setups"].append(setup)
        given["engine"] = ScriptedEngine()
        return given["engine"]

    def run(app, listening, *, on_up):
        given.update(app=app, service=app.state.service, access=app.state.access, address=listening.getsockname())
        on_up(f"http://{listening.getsockname()[0]}:8000")
        return given.get("ends_well", True)

    monkeypatch.setattr(engines, "start_engine", start_engine)
    monkeypatch.setattr(serving, "run", run)

    def serve(*arguments, code=0):
        assert entry_point.main(["serve", "--port", "0", *arguments]) == code
        return given

    return serve


def test_it_says_where_and_how_to_use_it(served, capsys):
    given = served()
    out, errors = capsys.readouterr()
    assert out == (
        "demo is served at  http://127.0.0.1:8000/v1  (press Ctrl+C here to stop)\n"
        'In a notebook:  DollyWidget("http://127.0.0.1:8000/v1")\n'
    )
    assert "demonstration model: small and fast, but knows little" in errors
    assert given["address"][0] == "127.0.0.1"
    assert given["engine"].is_closed
    assert given["engine"].calls  # it has run once before anybody could ask


def test_what_is_said_of_the_model_reaches_the_engine(served, demo_dir):
    given = served(str(demo_dir), "--name", "sheep", "--device", "cpu", "--prompt-lookup")
    assert given["setups"] == [EngineSetup(demo_dir, device="CPU", prompt_lookup=True)]
    assert given["service"].names[0] == "sheep"


def test_limits_reach_the_server(served, capsys):
    limits = served("--max-running", "3", "--max-waiting", "0")["service"].limits
    assert (limits.max_running, limits.max_waiting) == (3, 0)
    assert limits.has_logprobs
    assert not served("--no-logprobs")["service"].limits.has_logprobs
    assert limits.has_penalties
    assert not served("--no-penalties")["service"].limits.has_penalties
    assert limits.drain_s == 30
    assert served("--drain", "2.5")["service"].limits.drain_s == 2.5
    served("--max-running", "0", code=2)
    assert "--max-running must be at least 1, not 0." in capsys.readouterr().err


def test_the_end_that_cut_answers_short_is_no_success(served, monkeypatch):
    monkeypatch.setattr(serving, "run", lambda *given, **more: False)
    served(code=130)


def test_another_address_wants_a_key(served, capsys):
    served("--host", "0.0.0.0", code=2)
    assert "set a key in the environment variable DOLLY_WIDGET_API_KEY, or in a file" in capsys.readouterr().err


def test_a_key_comes_from_the_environment_or_a_file_and_is_not_shown(served, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("DOLLY_WIDGET_API_KEY", "from-environment")
    given = served("--host", "0.0.0.0")
    assert given["access"].key == "from-environment"
    assert given["address"][0] == "0.0.0.0"
    out = capsys.readouterr().out
    assert 'DollyWidget("http://ADDRESS:8000/v1")' in out
    assert "set DOLLY_WIDGET_API_KEY where the notebook runs" in out
    assert "from-environment" not in out
    (tmp_path / "key").write_text("from-file\n")
    assert served("--key-file", str(tmp_path / "key"))["access"].key == "from-file"
    said = "".join(capsys.readouterr())
    assert "from-environment" not in said
    assert "from-file" not in said


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read"), ("\n", "is empty"), ("two words", "printable ASCII")]
)
def test_a_file_that_holds_no_key_is_said(served, tmp_path, capsys, content, says):
    if content is not None:
        (tmp_path / "key").write_text(content)
    served("--key-file", str(tmp_path / "key"), code=2)
    assert says in capsys.readouterr().err


def test_a_key_is_no_argument(capsys):
    with pytest.raises(SystemExit):
        entry_point.main(["serve", "--api-key", "secret"])
    errors = capsys.readouterr().err
    assert "there is no option --api-key" in errors.lower()
    assert "secret" not in errors


def test_more_names_and_pages_may_be_let_in(served):
    given = served("--allow-host", "dolly.lan", "--allow-host", "sheep.lan", "--allow-origin", "https://notes.lan")
    assert set(given["access"].hosts) == {"localhost", "127.0.0.1", "[::1]", "dolly.lan", "sheep.lan"}
    assert given["access"].origins == ("https://notes.lan",)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "70000"], "--port must be 0 to 65535, not 70000."),
        (["--host", "256.1.1.1", "--key-file", "KEY"], "cannot be used"),
        (["./no/such/model"], "There is no model './no/such/model'"),
        (["--device", "GPU.9"], "no device 'GPU.9'"),
        (["http://127.0.0.1:1/v1"], "A server's model is served already"),
        (["--drain", "-1"], "--drain must be a number of seconds, at least 0, not -1.0."),
        (["--drain", "nan"], "--drain must be a number of seconds, at least 0, not nan."),
    ],
)
def test_what_cannot_work_is_one_sentence(served, tmp_path, capsys, arguments, says):
    (tmp_path / "key").write_text("secret")
    arguments = [str(tmp_path / "key") if each == "KEY" else each for each in arguments]
    served(*arguments, code=2)
    errors = capsys.readouterr().err
    assert says in errors
    assert "Traceback" not in errors


def test_a_missing_extra_is_named(served, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else find(name))
    served(code=2)
    assert 'python -m pip install "dolly-widget[serve]"' in capsys.readouterr().err


def test_help_shows_the_routes_and_the_defaults(capsys):
    with pytest.raises(SystemExit, match="0"):
        entry_point.main(["serve", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for each in (
        "/v1/chat/completions",
        "DOLLY_WIDGET_API_KEY",
        "(default: 127.0.0.1)",
        "(default: 8000)",
        "Ctrl+C",
        "within 30 seconds",
        "all others stand still",
    ):
        assert each in text


def test_the_command_line_is_there_without_a_web_framework():
    code = "import sys, dolly_widget.cli; print({'starlette', 'uvicorn', 'prometheus_client'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "set()\n"
