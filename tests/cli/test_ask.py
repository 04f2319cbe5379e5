"""``dolly-widget ask``: what it asks, from where, and its JSON. What is not given is the model's own."""

import io
import json
import shutil
import sys

import pytest
from command_line import start
from scripted_engine import ScriptedEngine

from dolly_widget import SamplingParams, engines
from dolly_widget.cli import piped
from dolly_widget.cli.entry_point import main
from dolly_widget.sampling import SETTINGS, Number


@pytest.fixture
def model(demo_dir, tmp_path):
    directory = shutil.copytree(demo_dir, tmp_path / "own")
    said = {"do_sample": True, "temperature": 0.2, "top_p": 0.9}
    (directory / "generation_config.json").write_text(json.dumps(said))
    return str(directory)


@pytest.fixture
def engine(monkeypatch):
    engine = ScriptedEngine(["yes"])
    monkeypatch.setattr("dolly_widget.engines.start_engine", lambda setup, prepared: engine)
    return engine


@pytest.mark.parametrize(
    ("options", "params"),
    [
        ([], SamplingParams(temperature=0.2, top_p=0.9)),
        (["--temperature", "0.8", "--seed", "3"], SamplingParams(temperature=0.8, top_p=0.9, seed=3)),
        (["--stop", "a", "--stop", "b"], SamplingParams(temperature=0.2, top_p=0.9, stop=("a", "b"))),
    ],
)
def test_what_is_not_given_is_the_model_s_own(model, engine, options, params):
    assert main(["ask", "Who?", "--model", model, *options]) == 0
    assert [asked for _, asked in engine.calls] == [params]


def test_a_mistake_is_told_before_the_model_is_looked_for(engine, capsys):
    assert main(["ask", "Who?", "--model", "/nowhere", "--top-p", "2"]) != 0
    assert "--top-p must be above 0 to 1, not 2.0" in capsys.readouterr().err
    assert engine.calls == []


def test_the_help_says_whose_the_defaults_are(capsys):
    with pytest.raises(SystemExit):
        main(["ask", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "(default: 0.8, or the model's own)" in words
    assert "(default: 256)" in words


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if isinstance(setting, Number)])
def test_each_number_has_an_option_with_the_one_range(engine, capsys, name):
    setting, option = SETTINGS[name], f"--{name.replace('_', '-')}"
    for value in (setting.range.low - 1, setting.range.high + 1):
        if value in setting.range or value == float("inf"):
            continue
        with pytest.raises(ValueError, match=f"^{name} must be") as refused:
            SamplingParams(**{name: value})
        assert main(["ask", "Who?", option, repr(value)]) == 2
        sentence = str(refused.value).partition(", not")[0].replace(name, option)
        assert capsys.readouterr().err.startswith(f"dolly-widget: {sentence}, not ")
    assert main(["ask", "Who?", option, "x"]) == 2
    assert f"{option} must be a number, not 'x'" in capsys.readouterr().err
    assert engine.calls == []


# From stdin


@pytest.fixture
def stdin(monkeypatch):
    """``stdin(bytes)``: what comes through a pipe."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def asked(engine):
    return [prompt for prompt, _ in engine.calls]


@pytest.mark.parametrize("arguments", [["-"], []])
def test_a_pipe_is_the_instruction(engine, stdin, arguments):
    stdin("Who is\nDölly?\n\n".encode() + b"\xff\n")
    assert main(["ask", *arguments]) == 0
    assert "### Instruction:\nWho is\nDölly?\n\n\ufffd\n\n###" in asked(engine)[0]


def test_a_pipe_can_be_the_context_instead(engine, stdin):
    stdin(b"Rex barks.")
    assert main(["ask", "Who barks?", "--context", "-"]) == 0
    assert "Who barks?" in asked(engine)[0]
    assert "Input:\nRex barks." in asked(engine)[0]


def test_what_is_in_a_pipe_is_not_read_where_nobody_asks_for_it(engine, stdin):
    stdin(b"")
    sys.stdin.close()
    assert main(["ask", "Who?"]) == 0


@pytest.mark.parametrize(
    ("arguments", "content", "says"),
    [
        (["-", "--context", "-"], b"x", "cannot both come from stdin"),
        (["--context", "-"], b"x", "The instruction is empty"),
        (["-"], b" \n", "The instruction is empty"),
        ([], b"", "The instruction is empty"),
    ],
)
def test_what_stdin_cannot_be_is_a_sentence(engine, stdin, capsys, arguments, content, says):
    stdin(content)
    assert main(["ask", *arguments]) == 2
    assert says in capsys.readouterr().err
    assert engine.calls == []


def test_a_pipe_without_an_end_is_not_read_for_ever(engine, stdin, capsys, monkeypatch):
    monkeypatch.setattr(piped, "MAX_CHARS", 10)
    stdin(b"12345678901")
    assert main(["ask", "-"]) == 2
    assert "has more than 10 characters" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_is_not_waited_for_without_a_word(engine, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal("Who?\n"))
    assert main(["ask"]) == 2
    assert "The instruction is empty: ask something" in capsys.readouterr().err
    assert main(["ask", "-"]) == 0
    assert capsys.readouterr().err.startswith("Type the instruction, and end it with Ctrl+")


def test_a_process_without_stdin_says_so(engine, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["ask", "-"]) == 2
    assert "There is no stdin to read the instruction from" in capsys.readouterr().err
    assert main(["ask"]) == 2
    assert main(["chat"]) == 2
    assert "There is no stdin to read questions from" in capsys.readouterr().err


def test_a_model_without_a_system_prompt_says_so(engine, capsys):
    assert main(["ask", "Who?", "--system", "Be kind."]) == 2
    assert "takes no system prompt" in capsys.readouterr().err


# As JSON


def test_json_is_one_document_and_all_else_is_on_stderr(model, engine, capsys):
    assert main(["ask", "Who?", "--model", model, "--json", "--stats", "--seed", "3", "--stop", "a"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    settings = data.pop("settings")
    assert data == {
        "instruction": "Who?",
        "context": "",
        "system": "",
        "answer": "yes",
        "reasoning": "",
        "finish_reason": "stop",
        "notes": [],
        "model": model,
        "device": "CPU",
        "seed": 3,
        "prompt_tokens": 5,
        "new_tokens": 1,
        "ttft_s": 0.25,
        "tokens_per_s": 10.0,
    }
    assert set(settings) == {*SETTINGS} - {"seed"}
    assert (settings["temperature"], settings["top_p"], settings["stop"]) == (0.2, 0.9, ["a"])
    assert "seed 3" in err


def test_json_is_harmless_in_a_terminal_and_figures_that_are_none_are_null(engine, capsys, monkeypatch):
    nothing = float("nan")
    monkeypatch.setattr(
        engine, "_result", lambda *_: engines.GenerationResult("\x9b2J\u202e", (1,), 5, "length", 7, nothing, nothing)
    )
    assert main(["ask", "Who?", "--json"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert "\x1b" not in out
    data = json.loads(out)
    assert (data["answer"], data["ttft_s"], data["tokens_per_s"]) == ("\x9b2J\u202e", None, None)


def test_the_json_of_a_greedy_answer_has_no_seed(engine, capsys, monkeypatch):
    greedy = engines.GenerationResult("yes", (1,), 5, "stop", 7, 0.25, 0.1, is_greedy=True)
    monkeypatch.setattr(engine, "_result", lambda *_: greedy)
    assert main(["ask", "Who?", "--json", "--temperature", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["seed"] is None


def test_a_mistake_leaves_no_json(engine, capsys):
    assert main(["ask", "", "--json"]) == 2
    assert capsys.readouterr().out == ""


def test_a_real_model_answers_as_json():
    with start(
        "-m", "dolly_widget", "ask", "What is the capital of France?", "--json", "--temperature", "0"
    ) as process:
        out, err = process.communicate(timeout=120)
    assert err == b""
    assert "Paris" in json.loads(out)["answer"]
