"""The command line: what it prints where, its exit codes, and that it never shows a traceback for a user's mistake."""

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT, RecordingStream, start

from dolly_widget import GenerationResult, SamplingParams, engines
from dolly_widget.cli import entry_point
from dolly_widget.engines import EngineSetup
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.sampling import SETTINGS
from dolly_widget.text.template import PLAIN


class ScriptedEngine:
    """Streams the given pieces; keeps the prompt and the params it was given."""

    device, template = "CPU", PLAIN

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
        monkeypatch.setattr(engines, "start_engine", lambda setup, prepared: engine)
        return engine

    return use


def ask(demo_dir, *arguments):
    return entry_point.main(["ask", "Who is Dolly?", "--model", str(demo_dir), "--max-new-tokens", "24", *arguments])


def test_ask_writes_each_piece_as_it_comes(scripted, monkeypatch):
    scripted("Dolly", " is a", " sheep.")
    stdout = RecordingStream()
    monkeypatch.setattr(sys, "stdout", stdout)
    assert entry_point.main(["ask", "Who is Dolly?"]) == 0
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


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ([], {}),
        (["--engine", "optimum"], {"engine": "optimum"}),
        (["--weight-format", "int4", "--revision", "v2"], {"weight_format": "int4", "revision": "v2"}),
        (["--prompt-lookup"], {"prompt_lookup": True}),
        (["--draft", "demo"], {"draft": "demo"}),
    ],
    ids=str,
)
def test_what_is_said_of_model_and_engine_reaches_the_engine(monkeypatch, options, fields):
    asked = []

    def start_engine(*given):
        asked.append(given)
        return ScriptedEngine(["Baa."])

    monkeypatch.setattr(engines, "start_engine", start_engine)
    assert entry_point.main(["ask", "Hi", "--model", str(OPENVINO_DIR), "--device", "cpu", *options]) == 0
    ((setup, prepared),) = asked
    assert setup == EngineSetup(OPENVINO_DIR, device="CPU", **fields)
    assert prepared.model.directory == OPENVINO_DIR
    assert (prepared.draft is None) == ("draft" not in fields)


def test_a_device_that_is_not_there_is_said_before_a_model_is_prepared(monkeypatch, capsys):
    monkeypatch.setattr("dolly_widget.engines.setup.resolve", lambda *model, **options: 1 / 0)
    assert entry_point.main(["ask", "Hi", "--model", "org/sheep", "--device", "GPU.9"]) == 2
    assert "no device 'GPU.9'" in capsys.readouterr().err


def test_options_reach_the_engine_and_the_rest_are_the_defaults_of_sampling(scripted):
    engine = scripted("Baa.")
    assert entry_point.main(["ask", "Hi", "--temperature", "0", "--top-k", "5", "--seed", "7"]) == 0
    assert engine.params == SamplingParams(temperature=0, top_k=5, seed=7)
    assert engine.is_closed
    assert entry_point.main(["ask", "Hi", "--min-p", "0.1", "--stop", r"\n\n", "--stop", r"C:\\new"]) == 0
    assert engine.params == SamplingParams(min_p=0.1, stop=("\n\n", r"C:\new"))


def test_help_shows_the_defaults_of_sampling(capsys):
    with pytest.raises(SystemExit, match="0"):
        entry_point.main(["ask", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name, setting in SETTINGS.items():
        _, found, shown = text.partition(f" --{name.replace('_', '-')} {setting.metavar} {setting.help[0].lower()}")
        assert found
        default = getattr(SamplingParams(), name)
        in_words = "a fresh one" if default is None else "none" if default == () else f"{default:g}"
        own = ", or the model's own" if setting.shapes_draws else ""
        assert shown.startswith(f"{setting.help[1:].rstrip('.')} (default: {in_words}{own})")


def test_context_is_the_text_of_the_option(scripted):
    engine = scripted("Baa.")
    assert entry_point.main(["ask", "Who barks?", "--context", "Rex barks."]) == 0
    assert engine.prompt == "Who barks?\n\nRex barks."


def test_context_of_a_dash_is_read_from_stdin(scripted, monkeypatch):
    engine = scripted("Baa.")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Rex barks\xff."), encoding="utf-8"))
    assert entry_point.main(["ask", "Who barks?", "--context", "-"]) == 0
    assert engine.prompt == "Who barks?\n\nRex barks\N{REPLACEMENT CHARACTER}."


def test_stats_go_to_stderr(scripted, capsys):
    scripted("Baa.")
    assert entry_point.main(["ask", "Hi", "--stats"]) == 0
    out, err = capsys.readouterr()
    assert out == "Baa.\n"
    assert err == "3 tokens · 10.0 tokens/s · first token after 250 ms · ended at max_new_tokens · seed 42\n"


def test_nothing_but_the_answer_where_stderr_is_no_terminal(scripted, capsys):
    scripted("Baa.")
    assert entry_point.main(["ask", "Hi"]) == 0
    assert capsys.readouterr() == ("Baa.\n", "")


@pytest.mark.parametrize(("options", "says_demo"), [([], True), (["--model", str(OPENVINO_DIR)], False)])
def test_a_terminal_is_told_about_the_demo_model_and_the_speed(scripted, monkeypatch, options, says_demo):
    scripted("Baa.")
    stderr = RecordingStream(is_terminal=True)
    monkeypatch.setattr(sys, "stderr", stderr)
    assert entry_point.main(["ask", "Hi", *options]) == 0
    assert ("demonstration model" in stderr.getvalue()) is says_demo
    assert "10.0 tokens/s" in stderr.getvalue()


def test_a_terminal_never_gets_control_characters_from_the_model(scripted, monkeypatch):
    scripted("a\x1b[2Jb\n\tc\x9b")
    stdout = RecordingStream(is_terminal=True)
    monkeypatch.setattr(sys, "stdout", stdout)
    assert entry_point.main(["ask", "Hi"]) == 0
    assert not re.search(r"\x1b(?!\[[\d;]*[mAJ])|\x9b|2J", stdout.getvalue().replace("␛[2J", ""))
    assert "a␛[2Jb" in stdout.getvalue()


def test_a_terminal_without_colours_gets_the_answer_as_it_is(scripted, monkeypatch):
    scripted("**a**\x1b[2Jb\n\tc\x9b")
    monkeypatch.setenv("NO_COLOR", "1")
    stdout = RecordingStream(is_terminal=True)
    monkeypatch.setattr(sys, "stdout", stdout)
    assert entry_point.main(["ask", "Hi"]) == 0
    assert stdout.getvalue() == "**a**␛[2Jb\n\tc\ufffd\n"


def test_a_stdout_that_cannot_write_a_character_gets_a_question_mark(scripted, monkeypatch):
    scripted("Bää 🐑")
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1", newline="\n"))
    assert entry_point.main(["ask", "Hi"]) == 0
    assert raw.getvalue() == "Bää ?\n".encode("latin-1")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", ""], "instruction is empty"),
        (["ask", " \n "], "instruction is empty"),
        (["ask", "Hi", "--model", "no/such/model"], "no model 'no/such/model'"),
        (["ask", "Hi", "--model", str(ROOT / "tests")], "does not hold a model"),
        (["ask", "Hi", "--top-p", "0"], "--top-p must be"),
        (["ask", "Hi", "--temperature", "-1"], "--temperature must be"),
        (["ask", "Hi", "--top-k", "2.5"], "--top-k must be a whole number"),
        (["ask", "Hi", "--min-p", "1"], "--min-p must be 0 to below 1"),
        (["ask", "Hi", "--stop", ""], "--stop must not hold an empty text"),
        (
            ["ask", "Hi", "--engine", "optimum", "--prompt-lookup"],
            "does not support --prompt-lookup or --draft: leave them out",
        ),
        (["ask", "Hi", "--draft", "no/such/model"], "no model 'no/such/model'"),
        (["lab", "--dir", __file__, "--port", "0"], "File exists"),
        (["lab", "--port", "70000"], "--port must be 0 to 65535"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(arguments, says, capsys):
    assert entry_point.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"dolly-widget: .*\n", err)
    assert says in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--device", "GPU.9"], "no device 'GPU.9'"),
        (["--max-new-tokens", "32000"], "It fits with --max-new-tokens 20"),
    ],
)
def test_a_mistake_that_the_engine_finds_is_one_sentence_too(demo_dir, options, says, capsys):
    assert ask(demo_dir, *options) == 2
    err = capsys.readouterr().err
    assert re.fullmatch(r"dolly-widget: .*\n", err)
    assert says in err


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
    monkeypatch.setattr(engines, "start_engine", lambda setup, prepared: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        entry_point.main(["ask", "Hi"])


def test_ctrl_c_before_a_command_has_begun_is_quiet(monkeypatch, capsys):
    def interrupt(parser):
        raise KeyboardInterrupt

    command = entry_point.COMMANDS[0]._replace(add_arguments=interrupt)
    monkeypatch.setattr(entry_point, "COMMANDS", (command,))
    assert entry_point.main([command.name]) == 130
    assert capsys.readouterr() == ("", "")


def test_no_command_shows_the_commands(capsys):
    assert entry_point.main([]) == 2
    out = capsys.readouterr().out
    assert all(command.name in out and command.summary.split()[0] in out for command in entry_point.COMMANDS)


@pytest.mark.parametrize("command", [[], ["ask"], ["chat"], ["convert"], ["models"], ["lab"], ["app"]], ids=str)
def test_help_imports_nothing_heavy(command):
    heavy = {
        "openvino",
        "jupyterlab",
        "voila",
        "tokenizers",
        "huggingface_hub",
        "torch",
        "gguf",
        "rich",
        "argcomplete",
        # What describes engines and sampling brings it.
        *([] if command in (["ask"], ["chat"], ["convert"], ["app"]) else ["numpy"]),
    }
    code = (
        "import sys; from dolly_widget.cli import main\n"
        f"try: main([*{command}, '--help'])\n"
        "except SystemExit: pass\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", [[], ["models"]], ids=str)
def test_a_list_of_models_reads_no_weights(command, tmp_path):
    run = f"main({command})" if command else "pass"
    code = (
        f"import sys; from dolly_widget.cli import main; {run}; print({{'numpy', 'torch', 'gguf'}} & set(sys.modules))"
    )
    environment = os.environ | {"DOLLY_WIDGET_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.splitlines()[-1] == "set()"


# --- ask, as a process ----------------------------------------------------------------------------------------------

# An engine whose answer has no end of its own; one that does not listen to `stop` either.
ENDLESS = """
import sys
from dolly_widget import GenerationResult, cli, engines
from dolly_widget.text.template import PLAIN

class Endless:
    template = PLAIN
    def generate(self, prompt, params, *, on_text, stop):
        on_text("so far")
        {body}
        return GenerationResult("so far", (1,), 1, "cancelled", 7, 0.5, float("nan"))
    def close(self): pass

engines.start_engine = lambda setup, prepared: Endless()
cli.interruptible.STOP_TIMEOUT_S = {timeout_s}
sys.exit(cli.main(["ask", "Hi", "--stats"]))
"""


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
