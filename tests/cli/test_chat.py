"""``dolly-widget chat``: turns, commands, what goes wrong, and Ctrl+C at any moment."""

import io
import sys
from pathlib import Path

import pexpect
import pytest
from command_line import ROOT
from scripted_engine import ScriptedEngine
from turns_template import TurnsTemplate

from dolly_widget import SamplingParams, engines
from dolly_widget.cli import entry_point
from dolly_widget.errors import EngineError, PromptTooLongError
from dolly_widget.history import History
from dolly_widget.text import NO_SYSTEM

SEEDED = ("--seed", "1", "--temperature", "0.8")


@pytest.fixture
def chat(monkeypatch, capsys, tmp_path):
    """``chat(*lines, answers=…, options=…, takes_turns=…)``: the engine, stdout and stderr of a chat in a pipe."""
    monkeypatch.chdir(tmp_path)

    def run(*lines, answers=(), options=(), takes_turns=True):
        engine = ScriptedEngine(*answers)
        if takes_turns:
            engine.template = TurnsTemplate()
        monkeypatch.setattr(engines, "start_engine", lambda setup, prepared: engine)
        text = "".join(f"{line}\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert entry_point.main(["chat", *options]) == 0
        assert engine.is_closed
        return engine, *capsys.readouterr()

    return run


def prompts(engine):
    return [prompt for prompt, _ in engine.calls]


def test_each_line_is_a_question_after_those_before(chat):
    engine, out, err = chat("Who?", "", "  ", "And then?", answers=[["Dol", "ly."], ["Baa."]])
    assert (out, err) == ("Dolly.\nBaa.\n", "")
    assert prompts(engine) == ["<Who?>", "<Who?|Dolly.><And then?>"]


def test_where_the_template_takes_no_turns_each_question_stands_alone(chat):
    engine, *_ = chat("Who?", "And then?", takes_turns=False)
    assert "Who?" not in prompts(engine)[1]


def test_options_are_those_of_ask(chat):
    engine, _, err = chat("Who?", options=["--top-k", "5", "--seed", "7", "--stats"])
    assert engine.calls[0][1] == SamplingParams(top_k=5, seed=7)
    assert "ended by itself · seed 7" in err


def test_a_line_goes_on_behind_a_backslash(chat):
    engine, *_ = chat("Who\\", "is it?", "Last\\")
    assert prompts(engine) == ["<Who\nis it?>", "<Who\nis it?|ok><Last>"]


def test_a_system_prompt_is_an_option_and_a_command(chat):
    lines = ["One?", "/system Be brief.", "Two?", "/system", "Three?", "/save a.json"]
    engine, out, _ = chat(*lines, options=["--system", "Be kind."])
    assert prompts(engine) == ["[Be kind.]<One?>", "[Be brief.]<One?|ok><Two?>", "<One?|ok><Two?|ok><Three?>"]
    assert [each.system for each in History.from_json(Path("a.json"))] == ["Be kind.", "Be brief.", ""]
    assert "The system prompt is set.\nok\nThere is no system prompt.\nok\n" in out


def test_a_model_without_a_system_prompt_says_so(chat, capsys):
    _, _, err = chat("/system Be brief.", "One?", takes_turns=False)
    assert err == f"{NO_SYSTEM}\n"
    assert entry_point.main(["chat", "--system", "Be kind."]) == 2
    assert capsys.readouterr().err == f"dolly-widget: {NO_SYSTEM}\n"


def test_new_forgets_what_was_said(chat):
    engine, *_ = chat("Who?", "/new", "And then?")
    assert prompts(engine)[1] == "<And then?>"


def test_regenerate_answers_the_last_question_again_with_another_seed(chat):
    lines = ["One?", "Two?", "/regenerate", "Three?"]
    engine, *_ = chat(*lines, answers=[["1"], ["2"], ["II"], ["3"]], options=SEEDED)
    assert prompts(engine) == ["<One?>", "<One?|1><Two?>", "<One?|1><Two?>", "<One?|1><Two?|II><Three?>"]
    assert [params.seed for _, params in engine.calls] == [1, 1, None, 1]


@pytest.mark.parametrize(
    ("lines", "options", "says"),
    [
        (["/regenerate"], [], "There is no answer yet: ask something first."),
        (["Who?", "/regenerate"], ["--temperature", "0"], "Greedy decoding gives the same answer every time"),
        (["/regnerate"], [], "There is no command /regnerate: did you mean /regenerate? /help lists them."),
        (["/x"], [], "There is no command /x. /help lists them."),
        (["/save"], [], "Name a file: /save FILE."),
        (["/save x.md"], [], "There is nothing to save yet."),
        (["Who?", "/save ."], [], ". is there already: choose another name."),
        (
            ["Who?", "/save no/such/folder/x.md"],
            [],
            "no/such/folder/x.md cannot be written (No such file or directory).",
        ),
        (["Who?", "/save ~nobody-at-all/x"], [], "~nobody-at-all/x cannot be written"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_the_chat_goes_on(chat, lines, options, says):
    engine, _, err = chat(*lines, "Last?", options=options)
    assert err.startswith(says)
    assert err.count("\n") == 1
    assert "<Last?>" in prompts(engine)[-1]


@pytest.mark.parametrize("line", ["/quit", "/QUIT", "exit", "quit", "/exit"])
def test_what_ends_the_chat(chat, line):
    engine, *_ = chat("Who?", line, "Never asked?")
    assert len(engine.calls) == 1


@pytest.mark.parametrize("line", ["/etc/passwd: what is that?", "exit the room", "What does /new do?"])
def test_what_only_looks_like_a_command_is_a_question(chat, line):
    engine, *_ = chat(line)
    assert prompts(engine) == [f"<{line}>"]


def test_help_lists_every_command_and_the_keys(chat):
    _, out, _ = chat("/help")
    assert all(
        word in out for word in ("/new", "/system TEXT", "/regenerate", "/save FILE", "/quit", "Ctrl+C", "Ctrl+D")
    )
    assert max(map(len, out.splitlines())) <= 80


def test_save_writes_what_was_said_and_never_over_a_file(chat, tmp_path):
    _, out, err = chat(
        "Who?", "/new", "And?", "/save a.md", "/save b c.json", "/save a.md", answers=[["Dolly."], ["Baa."]]
    )
    assert out.endswith("Saved as a.md.\nSaved as b c.json.\n")
    assert err == "a.md is there already: choose another name.\n"
    assert "Dolly." in (tmp_path / "a.md").read_text()
    history = History.from_json(tmp_path / "b c.json")
    assert all(each.answered_at for each in history)
    assert [(each.instruction, each.result.text) for each in history] == [("Who?", "Dolly."), ("And?", "Baa.")]


def test_a_chat_that_is_too_long_goes_on_without_its_oldest_turns(chat):
    too_long = PromptTooLongError(3000, 256, 2048)
    lines = ["1?", "2?", "3?", "4?", "5?"]
    engine, out, err = chat(*lines, answers=[["1"], ["2"], ["3"], [too_long], ["4"], ["5"]])
    assert prompts(engine)[3:] == ["<1?|1><2?|2><3?|3><4?>", "<3?|3><4?>", "<3?|3><4?|4><5?>"]
    assert out == "1\n2\n3\n4\n5\n"
    assert err == "The chat has become too long for the model, which no longer sees its oldest part.\n"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PromptTooLongError(3000, 256, 2048), "1,208 tokens too long for this model: shorten the text."),
        (EngineError("The device is gone: choose another one."), "The device is gone: choose another one."),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_sentence_and_the_chat_goes_on(chat, error, says):
    engine, out, err = chat("Too long?", "Last?", answers=[[error], ["Yes."]])
    assert err.startswith(says)
    assert err.count("\n") == 1
    assert out == "Yes.\n"
    assert prompts(engine)[-1] == "<Last?>"


def test_an_error_behind_some_text_has_a_line_of_its_own(chat):
    _, out, _ = chat("Who?", answers=[["So far", EngineError("Gone.")]])
    assert out == "So far\n"


# In a terminal

PROGRAM = """
import sys
from turns_template import TurnsTemplate
from dolly_widget import GenerationResult, cli, engines
from dolly_widget.models import Model
from dolly_widget.models.demo import OPENVINO_DIR

class Endless:
    template, model, device = TurnsTemplate(), Model(OPENVINO_DIR), "CPU"
    def generate(self, prompt, params, *, on_text, stop):
        on_text(f"{prompt} so far")
        if "stuck" in prompt.__str__().rpartition("<")[2]:
            import threading
            threading.Event().wait()
        if "forever" in prompt.__str__().rpartition("<")[2]:
            stop.wait()
        return GenerationResult("so far", (1,), 1, "cancelled" if stop.is_set() else "stop", 7, 0.5, float("nan"))
    def close(self): pass

engines.start_engine = lambda setup, prepared: Endless()
cli.interruptible.STOP_TIMEOUT_S = 0.05
sys.exit(cli.main(["chat"]))
"""
LIMIT_S = 30


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    """``terminal()``: a chat with an engine that answers "forever" without an end, in a terminal."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT}/tests/fakes")
    monkeypatch.setenv("TERM", "xterm")
    children = []

    def start():
        child = pexpect.spawn(sys.executable, ["-c", PROGRAM], encoding="utf-8", timeout=LIMIT_S, dimensions=(24, 80))
        children.append(child)
        child.expect("\n> ")
        return child

    yield start
    for child in children:
        child.close(force=True)


def ended(child):
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_ctrl_c_stops_the_answer_and_the_chat_goes_on_with_it(terminal):
    child = terminal()
    child.sendline("forever")
    child.expect("so far")
    child.sendintr()
    child.expect("stopped · seed 7")
    child.expect("\n> ")
    child.sendline("next")
    child.expect("<forever.so far><next> so far")
    child.expect("\n> ")
    child.sendeof()
    assert ended(child) == 0


def test_ctrl_c_at_the_prompt_says_how_to_end_and_ends_the_second_time(terminal):
    child = terminal()
    assert "Ctrl+C stops an answer" in child.before
    child.send("half a question")
    child.expect("question")
    child.sendintr()
    child.expect(r"Ctrl\+C once more, or Ctrl\+D, ends the chat")
    child.expect("> ")
    child.sendintr()
    assert ended(child) == 0
    assert "Traceback" not in child.before


def test_a_question_in_between_begins_the_count_anew(terminal):
    child = terminal()
    child.sendintr()
    child.expect("once more")
    child.expect("> ")
    child.sendline("next")
    child.expect("so far")
    child.expect("\n> ")
    child.sendintr()
    child.expect("once more")


def test_an_answer_that_does_not_stop_is_told_and_ctrl_c_ends_it(terminal):
    child = terminal()
    child.sendline("stuck")
    child.expect("so far")
    child.sendintr()
    child.expect("Ctrl.C once more ends the chat")
    child.sendintr()
    assert ended(child) == 130


def test_questions_come_back_with_the_arrow_keys_also_in_the_next_chat(terminal, tmp_path):
    pytest.importorskip("readline")
    child = terminal()
    child.sendline("remember me")
    child.expect("so far")
    child.expect("\n> ")
    child.sendeof()
    assert ended(child) == 0
    (kept,) = (tmp_path / "state").rglob("chat_history")
    assert kept.stat().st_mode & 0o077 == 0
    child = terminal()
    child.send("\x1b[A\r")
    child.expect("<remember me> so far")
