"""``dolly-widget bench``: what is measured, the table or JSON on stdout, and all the rest on stderr."""

import argparse
import json
import math
import os
import signal
import sys
import threading
from dataclasses import replace

import pytest
from command_line import RecordingStream
from hub_server import HubServer

from dolly_widget import runtime
from dolly_widget.bench import measuring
from dolly_widget.bench.measuring import Measurement
from dolly_widget.cli import entry_point, interruptible
from dolly_widget.engines import EngineSetup
from dolly_widget.errors import EngineError
from dolly_widget.models import store
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.runtime import devices
from dolly_widget.runtime.progress import Progress

ROW = Measurement("demo", "INT8", "CPU", "genai", 32, 64, 0.31, 0.0204, 0.00458, 0.0008, 35_400_000)
LIMIT_S = 30


@pytest.fixture
def measured(monkeypatch):
    """Replaces the measuring: each call gives what ``answers`` has next, a row or an error; the list has the calls."""
    for module in (devices, runtime):
        monkeypatch.setattr(module, "available_devices", lambda: {"CPU": "", "GPU": ""})
    calls = []

    def use(*answers):
        left = list(answers)

        def measure(setup, *, on_measured, on_progress, stop, **options):
            calls.append({"setup": setup, **options})
            on_progress(Progress("measure", 0.5, subject="a prompt of 32 tokens"))
            answer = left.pop(0) if left else ROW
            if isinstance(answer, Exception):
                raise answer
            if callable(answer):
                answer = answer(stop)
            if answer:
                on_measured(replace(answer, device=setup.device, engine=setup.engine))

        monkeypatch.setattr(measuring, "measure", measure)
        return calls

    return use


def rows(out):
    """The rows of a table, in words."""
    lines = [line.split() for line in out.split("\n\n")[0].splitlines()]
    return lines[3:]


# --- with the demo model --------------------------------------------------------------------------------------------

SMALL = ("--device", "CPU", "--prompt-tokens", "16", "--new-tokens", "8", "--rounds", "1")


def test_a_table_of_the_demo_model(capsys):
    assert entry_point.main(["bench", *SMALL]) == 0
    out, err = capsys.readouterr()
    (row,) = rows(out)
    assert row[:4] == ["demo", "INT8", "CPU", "genai"]
    assert len(row) == 14
    assert out.splitlines()[-2].startswith("The demonstration model is tiny")
    assert out.splitlines()[-1].startswith("Recommended: INT8 on CPU with genai, ")
    assert err == ""


def test_json_has_the_fields_and_nothing_else_is_on_stdout(capsys):
    assert entry_point.main(["bench", "demo", *SMALL, "--json"]) == 0
    out, err = capsys.readouterr()
    (row,) = json.loads(out)
    assert row["new_tokens"] == 8
    assert row.keys() == {*Measurement.__dataclass_fields__, "tokens_per_s", "floor_s", "floor_share"}
    assert row["tpot_p95_s"] > 0
    assert row["weight_bytes"] > 0
    assert err == ""


def test_a_prompt_that_is_too_long_is_a_mistake(capsys):
    assert entry_point.main(["bench", "--device", "CPU", "--prompt-tokens", "2000"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "2,000 tokens and 64 new tokens exceed the 2,048 positions of demo: use shorter prompts" in err
    assert len(err.splitlines()) == 1


# --- what is measured -----------------------------------------------------------------------------------------------


def test_every_combination_is_measured_and_the_fastest_is_named(measured, capsys):
    calls = measured(replace(ROW, tpot_s=math.nan), ROW, replace(ROW, tpot_s=0.0004), ROW)
    assert entry_point.main(["bench", "--engine", "genai", "optimum", "--device", "cpu", "--device", "GPU"]) == 0
    setups = [("CPU", "genai"), ("CPU", "optimum"), ("GPU", "genai"), ("GPU", "optimum")]
    assert [(call["setup"].device, call["setup"].engine) for call in calls] == setups
    out = capsys.readouterr().out
    assert [tuple(row[2:4]) for row in rows(out)] == setups
    assert out.splitlines()[-1] == (
        "Recommended: INT8 on GPU with genai, 2,500 tokens/s after a prompt of 32 tokens; "
        "on CPU with optimum it takes 2.0 times as long per token."
    )


def test_without_options_the_demo_model_is_measured_on_each_device(measured, capsys):
    calls = measured()
    assert entry_point.main(["bench"]) == 0
    options = {"prompt_lengths": (32, 512, 1500), "new_tokens": 64, "rounds": 3}
    assert calls == [{"setup": EngineSetup(device=device), **options} for device in ("CPU", "GPU")]


def test_guesses_are_measured_where_they_are_asked_for(measured, capsys):
    calls = measured()
    arguments = ["bench", str(OPENVINO_DIR), "--device", "CPU", "--draft", "demo"]
    assert entry_point.main(arguments) == 0
    (setup,) = (call["setup"] for call in calls)
    assert setup == EngineSetup(OPENVINO_DIR, device="CPU", draft="demo")


def test_the_remark_on_the_demo_model_is_not_made_beside_another(measured, capsys):
    measured(ROW, replace(ROW, model="org/sheep"))
    assert entry_point.main(["bench"]) == 0
    assert "tiny" not in capsys.readouterr().out


def test_openvino_files_are_measured_once_whatever_the_formats(measured, capsys, monkeypatch, tmp_path):
    """For the demo model, and for a repository of the hub that holds OpenVINO files."""
    calls = measured()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with HubServer({"org/sheep-ov": OPENVINO_DIR}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        formats = ("--weight-format", "int8", "int4", "fp16")
        assert entry_point.main(["bench", "demo", "org/sheep-ov", "--device", "CPU", *formats]) == 0
    (entry,) = store.entries()
    assert [call["setup"].model for call in calls] == ["demo", "org/sheep-ov"]
    assert calls[1]["setup"].find().model.directory == entry.path
    assert "Downloading" in capsys.readouterr().err


def test_lengths_without_positions_are_left_out_with_a_word(measured, capsys):
    calls = measured()
    assert entry_point.main(["bench", "--device", "CPU", "--prompt-tokens", "32", "2000"]) == 0
    assert calls[0]["prompt_lengths"] == (32,)
    assert capsys.readouterr().err == (
        "demo INT8, CPU, genai: prompts of 2,000 tokens are skipped: 64 more would exceed its 2,048 positions.\n"
    )


def test_a_terminal_is_told_how_far_all_of_it_is(measured, monkeypatch):
    """Two devices, and half of each is told: a quarter and three quarters; then the line is gone."""
    measured()
    monkeypatch.setattr(sys, "stderr", RecordingStream(is_terminal=True))
    assert entry_point.main(["bench"]) == 0
    lines = [line.strip() for line in sys.stderr.getvalue().split("\r") if line.strip()]
    assert lines == [
        "Measuring: 25%, demo INT8, CPU, genai, a prompt of 32 tokens",
        "Measuring: 75%, demo INT8, GPU, genai, a prompt of 32 tokens",
    ]
    assert sys.stderr.getvalue().endswith(" \r")


def test_a_terminal_keeps_what_went_wrong_above_the_line(measured, monkeypatch):
    measured(EngineError("The driver is missing; install it."), ROW)
    monkeypatch.setattr(sys, "stderr", RecordingStream(is_terminal=True))
    assert entry_point.main(["bench", "--prompt-tokens", "32", "2000"]) == 2
    kept = [line.rpartition("\r")[2] for line in sys.stderr.getvalue().split("\n")[:-1]]
    assert kept == [
        "demo INT8, CPU, genai: prompts of 2,000 tokens are skipped: 64 more would exceed its 2,048 positions.",
        "demo INT8, GPU, genai: prompts of 2,000 tokens are skipped: 64 more would exceed its 2,048 positions.",
        "dolly-widget: demo INT8, CPU, genai: The driver is missing; install it.",
    ]


def test_the_bandwidth_is_told_below_the_table(measured, capsys):
    limited = replace(ROW, model="org/sheep", weight_bytes=3_000_000_000, bandwidth_bytes_per_s=29.7e9)
    measured(limited, replace(limited, bandwidth_bytes_per_s=31.2e9))
    assert entry_point.main(["bench"]) == 0
    assert "Memory bandwidth during the run: 30 to 31 GB/s." in capsys.readouterr().out.splitlines()


# --- the picture ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "start"), [("times.png", b"\x89PNG"), ("times.SVG", b"<?xml")])
def test_a_picture_is_drawn_beside_the_table(measured, capsys, tmp_path, name, start):
    measured()
    assert entry_point.main(["bench", "--plot", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes().startswith(start)
    out, err = capsys.readouterr()
    assert [row[2] for row in rows(out)] == ["CPU", "GPU"]
    assert err == ""


def test_a_picture_that_cannot_be_is_refused_before_anything_is_measured(measured, capsys, tmp_path):
    calls = measured()
    assert entry_point.main(["bench", "--plot", str(tmp_path / "times.pdf")]) == 2
    assert capsys.readouterr() == (
        "",
        "dolly-widget: --plot: A plot is a .png or .svg file, not 'times.pdf': use one of these file name "
        "extensions.\n",
    )
    assert calls == []


def test_a_picture_that_could_not_be_written_after_all_leaves_the_table(measured, capsys, tmp_path):
    measured(lambda stop: (tmp_path / "new").rmdir() or ROW)
    (tmp_path / "new").mkdir()
    path = tmp_path / "new" / "times.png"
    assert entry_point.main(["bench", "--device", "CPU", "--plot", str(path)]) == 2
    out, err = capsys.readouterr()
    assert len(rows(out)) == 1
    assert err == f"dolly-widget: {path} could not be written: No such file or directory.\n"


# --- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--device", "CPU", "TPU"], "There is no device 'TPU' on this machine; choose one of AUTO, CPU, GPU."),
        (["--rounds", "0"], "--rounds must be a whole number, at least 1, not 0."),
        (["--new-tokens", "1"], "--new-tokens must be a whole number, at least 2, not 1."),
        (["--prompt-tokens", "32", "7"], "--prompt-tokens must be a whole number, at least 8, not 7."),
    ],
)
def test_a_mistake_is_a_sentence_that_names_the_option(measured, capsys, arguments, sentence):
    calls = measured()
    assert entry_point.main(["bench", *arguments]) == 2
    assert capsys.readouterr() == ("", f"dolly-widget: {sentence}\n")
    assert calls == []


def test_an_unknown_model_is_found_before_anything_is_measured(measured, capsys):
    calls = measured()
    assert entry_point.main(["bench", "demo", "no such model"]) == 2
    assert "There is no model 'no such model'" in capsys.readouterr().err
    assert calls == []


def test_one_that_fails_does_not_end_the_others(measured, capsys):
    measured(EngineError("The driver is missing; install it."), ROW)
    assert entry_point.main(["bench"]) == 2
    out, err = capsys.readouterr()
    assert err == "dolly-widget: demo INT8, CPU, genai: The driver is missing; install it.\n"
    assert [row[2] for row in rows(out)] == ["GPU"]


def test_json_is_valid_without_a_second_token_and_without_a_row(measured, capsys):
    measured(replace(ROW, tpot_s=math.nan, memory_bytes=None), EngineError("Gone."), EngineError("Gone."))
    assert entry_point.main(["bench", "--device", "CPU", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert (row["tpot_s"], row["tokens_per_s"], row["memory_bytes"]) == (None, None, None)
    assert entry_point.main(["bench", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == []


# --- Ctrl+C ---------------------------------------------------------------------------------------------------------


def press_ctrl_c(stop):
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.wait(LIMIT_S)


def test_ctrl_c_shows_what_was_measured_so_far(measured, capsys):
    calls = measured(ROW, press_ctrl_c)
    assert entry_point.main(["bench", "--device", "CPU", "GPU", "AUTO"]) == 130
    out, err = capsys.readouterr()
    assert [row[2] for row in rows(out)] == ["CPU"]
    assert err == "Stopped: these are the measurements so far.\n"
    assert len(calls) == 2


def test_ctrl_c_before_the_first_row_says_so(measured, capsys):
    measured(press_ctrl_c)
    assert entry_point.main(["bench"]) == 130
    assert capsys.readouterr() == ("", "Stopped: nothing has been measured yet.\n")


def test_ctrl_c_shows_it_also_where_loading_cannot_be_stopped(measured, capsys, monkeypatch):
    monkeypatch.setattr(interruptible, "STOP_TIMEOUT_S", 0.05)
    is_over = threading.Event()

    def load(stop):
        os.kill(os.getpid(), signal.SIGINT)
        assert is_over.wait(LIMIT_S)

    measured(ROW, load)
    parser = argparse.ArgumentParser()
    entry_point.bench.COMMAND.add_arguments(parser)
    with pytest.raises(interruptible.Abandoned):
        entry_point.bench.COMMAND.run(parser.parse_args([]))
    is_over.set()
    out, err = capsys.readouterr()
    assert [row[2] for row in rows(out)] == ["CPU"]
    assert err == "Stopped: these are the measurements so far.\n"
