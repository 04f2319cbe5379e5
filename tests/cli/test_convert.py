"""``dolly-widget convert``, and ``ask`` for a model that has to be prepared: with a hub on this machine."""

import os
import pty
import re
import signal
from pathlib import Path

import pytest
from command_line import start
from hub_server import Hold, HubServer

from dolly_widget import models
from dolly_widget.cli import entry_point
from dolly_widget.models import store
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.models.weight_format import WeightFormat

MODEL = "org/sheep-ov"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub that has the demo model, in OpenVINO format, as ``MODEL``; store and hub cache are empty."""
    with HubServer({MODEL: OPENVINO_DIR}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server


@pytest.fixture
def converted(monkeypatch, tmp_path):
    """Replaces the making of models; the list has what it was asked for."""
    calls = []

    def make(name):
        def work(*arguments, on_progress, stop):
            calls.append((name, *arguments))
            return Path("/store/made")

        return work

    for name in ("convert", "resolve"):
        monkeypatch.setattr(models, name, make(name))
    monkeypatch.chdir(tmp_path)
    return calls


# --- with a hub -----------------------------------------------------------------------------------------------------


def test_convert_prints_the_directory_alone_and_what_it_does_on_stderr(hub, capsys):
    assert entry_point.main(["convert", MODEL]) == 0
    out, err = capsys.readouterr()
    (entry,) = store.entries()
    assert out == f"{entry.path}\n"
    lines = err.splitlines()
    assert lines[0] == "Looking at the model"
    assert [line for line in lines if line.startswith("This needs ")]
    assert [line for line in lines if line.startswith("Downloading")]
    assert lines[-2:] == [
        f'In a notebook:  DollyWidget("{MODEL}")',
        f'In a terminal:  dolly-widget ask "Who is Dolly?" --model {MODEL}',
    ]


def test_ask_prepares_a_model_of_the_hub_once_and_answers(hub, capsys):
    arguments = ["ask", "Who is Dolly?", "--model", MODEL, "--seed", "1", "--max-new-tokens", "8"]
    assert entry_point.main(arguments) == 0
    answer, err = capsys.readouterr()
    assert answer.strip()
    assert "Downloading" in err
    requests = len(hub.requests)
    assert entry_point.main(arguments) == 0
    assert capsys.readouterr() == (answer, "")
    assert len(hub.requests) == requests


def test_convert_takes_the_newest_commit_though_the_store_has_one(hub, capsys):
    assert entry_point.main(["convert", MODEL]) == 0
    newest = hub.commit(MODEL, OPENVINO_DIR)
    assert entry_point.main(["convert", MODEL]) == 0
    first, second = capsys.readouterr().out.split()
    assert first != second
    assert store.newest(MODEL, "int8").commit == newest
    assert store.newest(MODEL, "int8").path == Path(second)


def test_a_model_that_the_hub_does_not_have_is_one_sentence(hub, capsys):
    assert entry_point.main(["convert", "org/nothing"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"Looking at the model\ndolly-widget: .*org/nothing.*\n", err)


def test_several_gguf_files_are_listed_with_how_to_name_one(hub, capsys, tmp_path):
    for name in ("m-Q4_0.gguf", "m-Q8_0.gguf"):
        (tmp_path / "several").mkdir(exist_ok=True)
        (tmp_path / "several" / name).write_bytes(b"GGUF" * len(name))
    hub.commit("org/several", tmp_path / "several")
    assert entry_point.main(["ask", "Hi", "--model", "org/several"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == (
        "dolly-widget: org/several holds 2 GGUF files; name one as 'org/several:m-Q4_0.gguf': "
        "m-Q4_0.gguf (44 bytes), m-Q8_0.gguf (44 bytes)."
    )
    assert not any("/resolve/" in request for request in hub.requests)


@pytest.mark.parametrize("arguments", [["convert", MODEL], ["ask", "Hi", "--model", MODEL]], ids=lambda args: args[0])
def test_ctrl_c_ends_the_preparation_and_leaves_nothing(hub, arguments):
    hub.holds["openvino_model.bin"] = hold = Hold(after=1)
    master, slave = pty.openpty()
    with start("-m", "dolly_widget", *arguments, stderr=slave) as process:
        os.close(slave)
        assert hold.reached.wait(60)
        shown = read_until(master, b"Downloading")
        process.send_signal(signal.SIGINT)
        shown += read_until(master)
        out, _ = process.communicate(timeout=60)
    assert out == b""
    assert shown.endswith(b"\rdolly-widget: Stopped: your models are unchanged.\r\n")
    assert b"Traceback" not in shown
    assert process.returncode == 130
    assert store.entries() == ()
    assert not list(store.cache_dir().glob("models/.making/*"))


def read_until(master, end=None):
    """What comes out of a pseudoterminal up to ``end``, or until its process has ended."""
    shown = b""
    while end is None or end not in shown:
        try:
            piece = os.read(master, 1000)
        except OSError:  # how Linux says that nobody has the other end any more
            piece = b""
        if not piece:
            assert end is None, f"{end} did not come after {shown}"
            return shown
        shown += piece
    return shown


# --- without one ----------------------------------------------------------------------------------------------------


def test_options_reach_the_conversion(converted):
    options = ["--weight-format", "int4", "--group-size", "-1", "--ratio", "0.5", "--revision", "v1"]
    assert entry_point.main(["convert", "org/sheep", *options]) == 0
    assert converted == [("convert", "org/sheep", WeightFormat("int4", -1, 0.5), "v1")]


@pytest.mark.parametrize(
    ("options", "passed"), [([], {}), (["--install-exporter"], {"install_exporter": True})], ids=["without", "with"]
)
@pytest.mark.parametrize("model", ["org/sheep", "./checkpoint"])
def test_an_exporter_is_installed_where_it_is_asked_for_alone(monkeypatch, tmp_path, model, options, passed):
    calls = []

    def make(*arguments, on_progress, stop, **rest):
        calls.append(rest)
        return Path("/store/made")

    (tmp_path / "checkpoint").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "convert", make)
    monkeypatch.setattr(models, "resolve", make)
    assert entry_point.main(["convert", model, *options]) == 0
    assert calls == [passed]


def test_the_defaults_are_int8_of_the_main_revision(converted):
    assert entry_point.main(["convert", "org/sheep"]) == 0
    assert converted == [("convert", "org/sheep", WeightFormat("int8"), None)]


def test_a_gguf_file_of_the_hub_is_asked_for_anew_as_a_repository_is(converted):
    assert entry_point.main(["convert", "org/sheep:x.gguf"]) == 0
    assert converted == [("convert", "org/sheep:x.gguf", WeightFormat("int8"), None)]


@pytest.mark.parametrize("model", ["demo", "./checkpoint", "org/sheep", "no such model"])
def test_what_is_on_this_disk_is_not_looked_for_on_the_hub(converted, tmp_path, model):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "org" / "sheep").mkdir(parents=True)
    assert entry_point.main(["convert", model]) == 0
    assert converted[0][:2] == ("resolve", model)


def test_the_demo_model_needs_no_conversion(capsys):
    assert entry_point.main(["convert", "demo"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{OPENVINO_DIR}\n"
    assert 'DollyWidget("demo")' in err


@pytest.mark.parametrize(
    ("arguments", "python", "shell"),
    [
        (["org/a"], '"org/a"', "org/a"),
        (["org/a", "--weight-format", "int4"], '"org/a", weight_format="int4"', "org/a --weight-format int4"),
        (["org/a", "--revision", "v1"], '"/store/made"', "/store/made"),
        (["org/a", "--weight-format", "int4", "--ratio", "0"], '"/store/made"', "/store/made"),
        (["."], '"/store/made"', "/store/made"),
    ],
)
def test_the_hint_runs_what_was_made(converted, capsys, arguments, python, shell):
    assert entry_point.main(["convert", *arguments]) == 0
    out, err = capsys.readouterr()
    assert out == "/store/made\n"
    assert (
        err
        == f'In a notebook:  DollyWidget({python})\nIn a terminal:  dolly-widget ask "Who is Dolly?" --model {shell}\n'
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--weight-format", "int4", "--group-size", "100"], "--group-size must be"),
        (["--weight-format", "int4", "--ratio", "2"], "--ratio must be"),
        (["--group-size", "64"], "--group-size and --ratio belong to int4, not to int8"),
    ],
)
def test_a_wrong_format_is_one_sentence_that_names_the_options(options, says, capsys):
    assert entry_point.main(["convert", "org/sheep", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"dolly-widget: .*\n", err)
    assert says in err


def test_the_help_says_where_what_from_and_how(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        entry_point.main(["convert", "--help"])
    out = capsys.readouterr().out
    for word in (
        "fp16",
        "int8",
        "int4",
        "DOLLY_WIDGET_CACHE",
        "dolly-widget[optimum]",
        "pickle",
        "examples:\n  dolly-",
    ):
        assert word in out
    assert max(map(len, out.splitlines())) <= 80
