"""``%%dolly``: what is typed, what is shown as it comes, what stays after a stop or an error, and what is shared."""

import dataclasses
import gc
import importlib
import inspect
import io
import math
import re
import shutil
import signal
import sys
import threading
import time
import weakref

import ipywidgets
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from scripted_engine import LIMIT_S, ScriptedEngine
from traitlets.config import Config

from dolly_widget import DollyWidget, EngineError, SamplingParams
from dolly_widget.engines import TYPED_FIELDS, EngineSetup, sharing
from dolly_widget.errors import ModelError, PromptTooLongError
from dolly_widget.magic import magics, request, views, watching
from dolly_widget.models.demo import OPENVINO_DIR
from dolly_widget.runtime.jobs import Job
from dolly_widget.runtime.progress import Progress
from dolly_widget.sampling import SETTINGS, option_help
from dolly_widget.text.tokenizer import Tokenizer

DEMO = "demo (a small demonstration model)"


class Notebook:
    """An IPython shell as a kernel has it: cells are run, and what they publish is kept."""

    def __init__(self, shell, capsys):
        self.shell, self._capsys = shell, capsys
        shell.display_pub = CapturingDisplayPublisher()
        self.engine = ScriptedEngine()
        self.loads = []

    def run(self, source):
        """Run a cell; return what it printed, the rendering of its error included, when it failed the error too."""
        self.shell.display_pub.outputs.clear()
        self._capsys.readouterr()
        result = self.shell.run_cell(source)
        self.error = result.error_in_exec or result.error_before_exec
        return self._capsys.readouterr().out

    @property
    def published(self):
        return self.shell.display_pub.outputs

    @property
    def html(self):
        return self.published[-1]["data"]["text/html"]

    @property
    def text(self):
        return self.published[-1]["data"]["text/plain"]

    @property
    def prompt(self):
        """What the model was asked last."""
        return self.engine.calls[-1][0]


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config, colors="nocolor")
    yield shell
    if magics.DollyMagics.__name__ in shell.magics_manager.registry:
        shell.run_cell("%unload_ext dolly_widget")
    InteractiveShell.clear_instance()


@pytest.fixture
def terminal(shell, capsys, monkeypatch):
    """IPython without a front end."""
    notebook = Notebook(shell, capsys)

    def load(setup, prepared):
        notebook.loads.append(setup)
        if isinstance(notebook.engine, BaseException):
            raise notebook.engine
        return notebook.engine

    monkeypatch.setattr(sharing, "_load", load)
    notebook.run("%load_ext dolly_widget")
    assert notebook.error is None
    return notebook


@pytest.fixture
def notebook(terminal):
    terminal.shell.kernel = object()
    return terminal


def interrupt():
    """As an interrupted kernel is."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def when_shown(notebook, *steps):
    """A job that does something each time that the newest output holds a text: pairs of text and action."""

    def act(stop):
        for text, action in steps:
            deadline = time.monotonic() + LIMIT_S
            while text not in (notebook.html if notebook.published else ""):
                if stop.wait(0.005) or time.monotonic() > deadline:
                    interrupt()  # the cell would wait for us for ever
                    interrupt()
                    raise AssertionError(f"{text!r} was not shown")
            action()

    return Job(act)


def says(notebook, *answers, **options):
    notebook.engine = ScriptedEngine(*answers, **options)
    return notebook.engine


# what is typed


@pytest.mark.parametrize(
    ("cell", "instruction"),
    [
        ("%dolly Who is Dolly?", "Who is Dolly?"),
        ("%dolly   What's a \"cat's\" purr? ", "What's a \"cat's\" purr?"),
        ("%dolly --temperature 0 'What' is it (really?", "'What' is it (really?"),
        ("%dolly Why --seed 3?", "Why --seed 3?"),
        ("%dolly -- --seed 3 is what?", "--seed 3 is what?"),
        ("%dolly Is $HOME {3} {} {a.b} { name } {'a': 1} a set?", "Is $HOME {3} {} {a.b} { name } {'a': 1} a set?"),
        ("name = 'cats'\n%dolly Love {name}, {name}!", "Love cats, cats!"),
        ("name = '{other} --seed'\n%dolly {name} {{name}} {{{name}}}?", "{other} --seed {name} {{name}}?"),
        ("größe = 3\n%dolly {größe}", "3"),
        ("for name in 'cats':\n    pass\nif name:\n    %dolly Love {name}?", "Love s?"),
        ("def ask(name):\n    %dolly Love {name}?\nask('dogs')", "Love dogs?"),
        ("%%dolly\nOne.\n  Two?\n\n", "One.\n  Two?"),
        ("%%dolly --seed=3\n%dolly --seed 4 {{x}}?\nname?", "%dolly --seed 4 {x}?\nname?"),
    ],
)
def test_the_instruction_is_what_was_typed(notebook, cell, instruction):
    notebook.run(cell)
    assert notebook.error is None
    assert f"### Instruction:\n{instruction}\n\n### Response" in notebook.prompt


def test_text_in_a_string_is_left_alone(notebook):
    notebook.run("text = '''\n%dolly Who is Dolly?\n'''")
    assert notebook.shell.user_ns["text"] == "\n%dolly Who is Dolly?\n"
    assert notebook.engine.calls == []


@pytest.mark.parametrize(
    ("options", "params"),
    [
        ("", SamplingParams()),
        ("--temperature 0 --seed 7", SamplingParams(temperature=0, seed=7)),
        ("--top-p=0.5 --top-k '3'", SamplingParams(top_p=0.5, top_k=3)),
        ('--max-new-tokens "12"  --repetition-penalty 1.5', SamplingParams(max_new_tokens=12, repetition_penalty=1.5)),
        ("--seed {seed}", SamplingParams(seed=5)),
        (r"--min-p 0.1 --stop '\n\n' --stop End --seed 1", SamplingParams(min_p=0.1, stop=("\n\n", "End"), seed=1)),
    ],
)
def test_options_are_sampling_params(notebook, options, params):
    notebook.run(f"seed = 5\n%dolly {options} Hi")
    notebook.run(f"%%dolly {options}\nHi")
    asked = [call[1] for call in notebook.engine.calls]
    seeds = [each.seed for each in asked] if params.seed is None else [params.seed] * 2
    assert asked == [dataclasses.replace(params, seed=seed) for seed in seeds]
    assert len(set(seeds)) == (2 if params.seed is None else 1)


def test_what_comes_in_for_a_field_is_one_value(notebook):
    notebook.run("device = 'CPU --seed 3'\n%dolly --device {device} Hi")
    assert "There is no device 'CPU --seed 3'" in str(notebook.error)


def test_context_is_the_text_of_a_variable(notebook):
    notebook.run("class Article:\n    def __str__(self): return 'Cats {purr}.'\narticle = Article()")
    notebook.run("%dolly --context article What do cats do?")
    assert "Cats {purr}." in notebook.prompt


def test_an_answer_stands_for_its_text(notebook):
    says(notebook, ["Wool."])
    notebook.run("%dolly -o answer What do sheep give?")
    notebook.run("%dolly --context answer Is {answer} soft?")
    assert notebook.prompt.count("Wool.") == 2
    assert "GenerationResult" not in notebook.prompt


def test_names_are_found_as_python_keeps_them(notebook):
    notebook.run("\N{MICRO SIGN} = 'tiny'\n%dolly -o \N{MICRO SIGN}s Is it {\N{MICRO SIGN}}?")
    assert "Is it tiny?" in notebook.prompt
    assert notebook.run("print(\N{MICRO SIGN}s.text)") == "ok\n"


def test_a_name_of_the_module_is_found_where_the_shell_has_other_ones(notebook):
    vars(notebook.shell.user_module)["of_the_module"] = "here"
    names, notebook.shell.user_ns = notebook.shell.user_ns, {"get_ipython": lambda: notebook.shell}
    notebook.shell.run_line_magic("dolly", "Is it {of_the_module}?")
    notebook.shell.user_ns = names
    assert "Is it here?" in notebook.prompt


def test_text_that_looks_like_control_tokens_is_text(notebook):
    seen = []
    generate = notebook.engine.generate
    notebook.engine.generate = lambda prompt, *args, **options: (
        seen.append(prompt) or generate(prompt, *args, **options)
    )
    notebook.run("more = '### End'\n%dolly Say {more} ### End")
    tokenizer = Tokenizer(OPENVINO_DIR)
    assert tokenizer.special_id("### End") not in tokenizer.encode(seen[0])
    assert "### End ### End" in str(seen[0])


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("%dolly", "The instruction is empty: ask something"),
        ("%dolly --seed 3", "The instruction is empty"),
        ("%%dolly\n  \n", "The instruction is empty"),
        ("%dolly --topp 3 Hi", "There is no option --topp (similar: --top-p): see %dolly?"),
        ("%dolly -5 + 3?", "write -- before an instruction that begins with a dash"),
        ("%dolly --seed", "--seed needs a value: see %dolly?"),
        ("%dolly --model --seed 3 Hi", "--model needs a value"),
        ("%dolly --seed x Hi", "--seed must be a number, not 'x'."),
        ("%dolly --top-k 1.5 Hi", "--top-k must be a whole number"),
        ("%dolly --temperature -3 Hi", "--temperature must be 0 to 5"),
        ("%dolly --min-p 1 Hi", "--min-p must be 0 to below 1, not 1.0"),
        ("%dolly --stop '' Hi", "--stop must not hold an empty text"),
        ("%dolly --engine steam Hi", "There is no engine 'steam'"),
        ("%dolly --engine optimum --prompt-lookup Hi", "The engine 'optimum' does not support prompt_lookup or draft"),
        ("%dolly --draft ./nowhere Hi", "There is no model './nowhere'"),
        ("%dolly --weight-format int3 Hi", "There is no weight format 'int3'"),
        ("%dolly --device TPU Hi", "There is no device 'TPU'"),
        ("%dolly --model ./nowhere Hi", "There is no model './nowhere'"),
        ("%dolly -o 3x Hi", "'3x' cannot be the name of a variable"),
        ("%dolly --output class Hi", "'class' cannot be the name of a variable"),
        ("%dolly --context article Hi", "There is no variable 'article': set it first."),
        (
            "%dolly Love {nobody}",
            "There is no variable 'nobody': set it first, or write {{nobody}} for a literal {nobody}",
        ),
        ("%%dolly Who?\nHi", "'Who?' is not an option: write the instruction below the %%dolly line."),
    ],
)
def test_a_mistake_is_one_sentence_and_an_error_of_the_cell(notebook, cell, sentence):
    shown = notebook.run(cell).strip()
    assert sentence in shown
    assert shown == str(notebook.error)
    assert "\n" not in shown
    assert notebook.engine.calls == []


def test_the_help_page_names_all_options_and_their_defaults(notebook):
    page = inspect.getdoc(magics.DollyMagics.dolly)
    for option in request._OPTIONS:
        assert f"  {option} " in page or f", {option} " in page
    assert not re.search(r"\{\w+_options\}", page)
    words = " ".join(page.split())
    for name, setting in SETTINGS.items():
        shown = words.partition(f" --{name.replace('_', '-')} {setting.metavar} ")[2]
        assert shown.startswith(option_help(name))
        default = getattr(SamplingParams(), name)
        in_words = "a fresh one" if default is None else "none" if default == () else f"{default:g}"
        own = ", or the model's own" if setting.shapes_draws else ""
        assert f"(default: {in_words}{own})" in option_help(name)
    for name, field in TYPED_FIELDS.items():
        shown = words.partition(f" --{name.replace('_', '-')} ")[2].removeprefix(field.metadata["metavar"]).strip()
        assert shown.startswith(field.metadata["help"] + (f" (default: {field.default})" if field.default else ""))
    for question in ("%dolly?", "%%dolly?"):
        assert "--max-new-tokens N" in notebook.run(question)
    assert notebook.engine.calls == []


def test_what_is_not_typed_is_the_model_s_own(notebook, demo_dir, tmp_path):
    directory = shutil.copytree(demo_dir, tmp_path / "own")
    (directory / "generation_config.json").write_text('{"do_sample": true, "temperature": 0.2, "top_p": 0.9}')
    for options in ("--seed 3", "--seed 3 --temperature 0.8"):
        notebook.run(f"%dolly --model {directory} {options} Who?")
        assert notebook.error is None
    own = SamplingParams(temperature=0.2, top_p=0.9, seed=3)
    assert [params for _, params in notebook.engine.calls] == [own, dataclasses.replace(own, temperature=0.8)]


# what is shown


def test_one_output_grows_and_ends_as_markdown_with_a_caption(notebook):
    engine = says(notebook, ["Two *cats*:\n\n", "1. a", "\n2. b"], stepwise=True)
    sent = notebook.published
    helper = when_shown(
        notebook, ("Writing…", engine.step), ("Two <em>cats</em>:", engine.step), ("1. a", lambda: engine.step(2))
    )
    assert notebook.run("%dolly --seed 7 Go on.") == ""
    helper.wait(LIMIT_S)
    ids = {message["transient"]["display_id"] for message in sent}
    assert (len(ids), [message["update"] for message in sent]) == (1, [False, *[True] * (len(sent) - 1)])
    assert all(set(message["data"]) == {"text/html", "text/plain"} for message in sent)
    growing = [message["data"]["text/html"] for message in sent[:-1]]
    assert "white-space: pre-wrap" in growing[-1]
    # What has ended is rendered, the rest is as it came.
    assert "Two <em>cats</em>:" in growing[-1]
    assert "1. a" in growing[-1]
    assert "Writing…" in growing[-1]
    assert "<em>cats</em>" in notebook.html
    assert notebook.html.count("<li>") == 2
    assert f"{DEMO} · 3 tokens · ended by itself · seed 7<" in notebook.html
    assert "Writing" not in notebook.html
    assert notebook.text == "Two *cats*:\n\n1. a\n2. b"


def test_the_output_of_a_seed_is_the_same_in_every_run(notebook):
    says(notebook, ["same"], ["same"])
    notebook.run("%dolly --seed 7 Hi")
    before = notebook.published[-1]["data"]
    notebook.run("%dolly --seed 7 Hi")
    assert notebook.published[-1]["data"] == before


def test_a_greedy_answer_says_so(notebook):
    notebook.run("%dolly --temperature 0 Hi")
    assert f"{DEMO} · 1 token · ended by itself · greedy<" in notebook.html


@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "growing"])
def test_what_a_model_writes_is_never_obeyed(notebook, stepwise):
    hostile = "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1))"
    engine = says(notebook, [hostile, ""], stepwise=stepwise)
    helper = when_shown(notebook, ("Writing…", engine.step), ("script", interrupt)) if stepwise else None
    notebook.run("%dolly Hi")
    if helper:
        helper.wait(LIMIT_S)
    for message in notebook.published:
        page = message["data"]["text/html"]
        assert "<script" not in page
        assert "<img" not in page
        assert "href=" not in page
    assert "&lt;script&gt;" in notebook.html


@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "growing"])
def test_what_cannot_be_seen_is_shown_as_signs_in_the_page_and_in_a_console(notebook, stepwise):
    engine = says(notebook, ["far\x1b[2J\u202e\nend", ""], stepwise=stepwise)
    helper = when_shown(notebook, ("Writing…", engine.step), ("far", interrupt)) if stepwise else None
    notebook.run("%dolly Hi")
    if helper:
        helper.wait(LIMIT_S)
    assert notebook.text == "far␛[2JU+202E\nend"
    for message in notebook.published:
        assert not {"\x1b", "\u202e"} & {*message["data"]["text/html"], *message["data"]["text/plain"]}


def test_pieces_that_come_at_once_are_shown_together(notebook):
    says(notebook, [str(number) for number in range(500)])
    notebook.run("%dolly Hi")
    assert len(notebook.published) < 10
    assert notebook.text == "".join(map(str, range(500)))


def test_in_a_terminal_the_answer_is_printed_as_it_is(terminal):
    says(terminal, ["*so* ", "far\x1b[2J ", "done\u202e"])
    printed = terminal.run("%dolly --seed 7 Hi")
    assert (
        printed == f"Loading the demo model…\n*so* far␛[2J doneU+202E\n{DEMO} · 3 tokens · ended by itself · seed 7\n"
    )
    assert terminal.published == []
    assert terminal.run("%dolly --seed 7 Hi") == f"ok\n{DEMO} · 1 token · ended by itself · seed 7\n"


def test_a_terminal_that_knows_few_characters_gets_what_it_can_show(terminal, monkeypatch):
    plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    says(terminal, ["Wool \N{SHEEP}"])
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", plain)
        terminal.shell.run_line_magic("dolly", "--seed 7 Hi")
    plain.seek(0)
    assert plain.read().endswith("Wool ?\ndemo (a small demonstration model) ? 1 token ? ended by itself ? seed 7\n")


def test_a_console_that_cannot_replace_prints_something(notebook):
    shown = []
    notebook.shell.display_pub.publish = lambda data, **options: shown.append(
        (data["text/plain"], options.get("update", False))
    )
    notebook.run("%dolly Hi")
    assert shown[0] == ("Loading the demo model…", False)
    assert shown[-1] == ("ok", True)


def test_an_output_widget_gets_the_whole_answer_once(notebook):
    notebook.shell.get_parent = lambda: {"header": {"msg_id": "this one"}}
    taking, other = ipywidgets.Output(), ipywidgets.Output(msg_id="another one")
    notebook.run("%dolly --seed 3 Hi")
    assert len(notebook.published) > 1
    taking.msg_id = "this one"
    notebook.run("%dolly --seed 3 Hi")
    (output,) = notebook.published
    assert not output["update"]
    assert "<p>ok</p>" in notebook.html
    assert "seed 3" in notebook.html
    taking.close()
    other.close()


def test_a_model_that_must_be_prepared_shows_how_far_that_is(notebook, monkeypatch):
    sent = notebook.published

    def resolve(model, weight_format, revision=None, *, on_progress, stop):
        assert (model, str(weight_format)) == ("databricks/dolly-v2-3b", "int4")
        for report in (
            Progress("plan", message="Needs <9> GB."),
            Progress("download", 0.25, 1_500_000_000, 6_000_000_000),
        ):
            on_progress(report)
            line = str(dataclasses.replace(report, message=""))
            when_shown(notebook, (line, lambda: None)).wait(LIMIT_S)
        return OPENVINO_DIR

    monkeypatch.setattr("dolly_widget.engines.setup.find", lambda *choice: None)
    monkeypatch.setattr("dolly_widget.engines.setup.resolve", resolve)
    notebook.run("%dolly --model databricks/dolly-v2-3b --weight-format int4 Hi")
    assert notebook.error is None
    pages = [message["data"]["text/html"] for message in sent]
    assert any("Downloading: 1.5 GB of 6.0 GB" in page and "Needs &lt;9&gt; GB." in page for page in pages)
    assert notebook.text == "ok"


# what is kept


def test_the_result_is_kept_in_a_variable(notebook):
    says(notebook, ["four ", "legs"])
    notebook.run("%dolly -o answer --seed 3 Hi")
    answer = notebook.shell.user_ns["answer"]
    assert (answer.text, answer.new_tokens, answer.seed) == ("four legs", 2, 3)


@pytest.mark.parametrize("instruction", ["Who is Dolly?", "Tell me of Dolly"])
def test_an_answer_can_be_assigned(notebook, instruction):
    says(notebook, ["A"], ["sheep"])
    notebook.run(f"x = 1\nanswer = %dolly --seed 3 {instruction}\nprint(answer.text, answer.seed)")
    assert notebook.error is None
    assert notebook.prompt.count(instruction) == 1
    assert str(notebook.shell.user_ns["answer"]) == "A"
    printed = notebook.run(f"def ask():\n    local = %dolly {instruction}\n    return local.text\nask()")
    assert "'sheep'" in printed
    assert "local" not in notebook.shell.user_ns


def test_an_answer_that_is_not_assigned_is_shown_once(notebook):
    assert notebook.run("%dolly Who is Dolly?") == ""
    assert notebook.run("answer = %time 5") != ""  # other magics are assigned as ever


def test_the_result_is_kept_where_showing_it_fails(notebook, monkeypatch):
    def fail(self, *shown):
        raise BrokenPipeError("gone")

    monkeypatch.setattr(views.NotebookView, "finish", fail)
    notebook.run("%dolly -o answer Hi")
    assert isinstance(notebook.error, BrokenPipeError)
    assert notebook.shell.user_ns["answer"].text == "ok"


def test_an_answer_that_cannot_be_shown_is_stopped(notebook, monkeypatch):
    stopped = threading.Event()

    class Listening(ScriptedEngine):
        def generate(self, prompt, params, *, on_text=None, stop=None):
            on_text("so far")
            if stop.wait(LIMIT_S):
                stopped.set()
            return self._result([], "cancelled", params)

    def fail(self, text, doing, notes):
        if text:
            raise BrokenPipeError("gone")

    notebook.engine = Listening()
    monkeypatch.setattr(views.NotebookView, "show", fail)
    notebook.run("%dolly Hi")
    assert isinstance(notebook.error, BrokenPipeError)
    assert stopped.wait(LIMIT_S)


def stopped_after(notebook, pieces, shown):
    """Run a cell that is interrupted when ``shown`` is shown."""
    engine = says(notebook, pieces, stepwise=True)
    helper = when_shown(notebook, ("Writing…", engine.step), (shown, interrupt))
    printed = notebook.run("%dolly -o answer --seed 7 Hi")
    helper.wait(LIMIT_S)
    return printed


def test_an_interrupt_keeps_the_text_so_far_and_ends_the_cell_with_one_line(notebook):
    assert stopped_after(notebook, ["so *far*", "never"], "so *far*") == "Stopped; the text so far is kept.\n"
    assert isinstance(notebook.error, magics.DollyStopped)
    assert "so <em>far</em>" in notebook.html
    assert f"{DEMO} · 1 token · stopped · seed 7<" in notebook.html
    answer = notebook.shell.user_ns["answer"]
    assert (answer.text, answer.finish_reason) == ("so *far*", "cancelled")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Deaf(ScriptedEngine):
    """Says something, and then hears no stop for as long as the test wants."""

    def __init__(self):
        super().__init__()
        self.release, self.ended = threading.Event(), threading.Event()

    def generate(self, prompt, params, *, on_text=None, stop=None):
        self.seed = params.seed
        on_text("so far")
        assert self.release.wait(LIMIT_S)
        self.ended.set()
        return self._result(["so far"], "cancelled", params)


def test_a_second_interrupt_does_not_wait_and_loses_nothing(notebook, monkeypatch):
    monkeypatch.setattr(watching, "STOP_TIMEOUT_S", math.inf)
    engine = notebook.engine = Deaf()

    helper = when_shown(notebook, ("so far", interrupt), ("Stopping…", interrupt))
    notebook.run("%dolly -o answer Hi")
    helper.wait(LIMIT_S)
    assert not engine.ended.is_set()
    assert notebook.shell.user_ns["answer"].seed == engine.seed
    assert isinstance(notebook.error, magics.DollyStopped)
    assert (notebook.text, notebook.shell.user_ns["answer"].text) == ("so far", "so far")
    assert math.isnan(notebook.shell.user_ns["answer"].ttft_s)
    assert f"{DEMO} · stopped<" in notebook.html
    engine.release.set()
    assert engine.ended.wait(LIMIT_S)


def test_an_interrupt_that_came_too_late_says_so(notebook):
    class Interrupting(ScriptedEngine):
        def generate(self, *args, **options):
            result = super().generate(*args, **options)
            interrupt()
            return result

    notebook.engine = Interrupting()
    assert notebook.run("%dolly Hi") == "Interrupted after the answer was complete.\n"
    assert isinstance(notebook.error, magics.DollyStopped)
    assert "1 token · ended by itself" in notebook.html


def test_what_does_not_stop_is_not_waited_for_for_ever(notebook, monkeypatch):
    monkeypatch.setattr(watching, "STOP_TIMEOUT_S", 0)
    engine = notebook.engine = Deaf()
    helper = when_shown(notebook, ("so far", interrupt))
    notebook.run("%dolly Hi")
    helper.wait(LIMIT_S)
    assert isinstance(notebook.error, magics.DollyStopped)
    assert (notebook.text, engine.ended.is_set()) == ("so far", False)
    engine.release.set()


def test_an_interrupt_while_preparing_stops_that(notebook, monkeypatch):
    def resolve(model, weight_format, revision=None, *, on_progress, stop):
        interrupt()
        assert stop.wait(LIMIT_S)
        raise ModelError("Preparing the model was stopped; nothing was changed.")

    monkeypatch.setattr("dolly_widget.engines.setup.find", lambda *choice: None)
    monkeypatch.setattr("dolly_widget.engines.setup.resolve", resolve)
    assert notebook.run("%dolly --model me/mine -o answer Hi") == "Stopped before there was any text.\n"
    assert (notebook.loads, notebook.text, notebook.shell.user_ns["answer"].text) == ([], "", "")
    assert "me/mine · stopped<" in notebook.html


def test_an_interrupt_while_loading_asks_nothing_and_keeps_nothing(notebook, monkeypatch):
    engine, load = notebook.engine, sharing._load

    def interrupted(setup, prepared):
        when_shown(notebook, ("Loading", interrupt), ("Stopping…", lambda: None)).wait(LIMIT_S)
        return load(setup, prepared)

    monkeypatch.setattr(sharing, "_load", interrupted)
    assert notebook.run("%dolly Hi") == "Stopped before there was any text.\n"
    assert (engine.calls, engine.is_closed) == ([], True)


# what goes wrong


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (EngineError("The GPU went away: load the model again."), "The GPU went away: load the model again."),
        (OSError("The disk is full."), "The disk is full."),
        (ImportError(), "ImportError"),
        (PromptTooLongError(2000, 100, 2048), "It fits with --max-new-tokens 48."),
    ],
)
def test_an_error_is_one_sentence_and_the_text_before_it_stays(notebook, error, sentence):
    says(notebook, ["so far", error])
    shown = notebook.run("answer = 1\n%dolly -o answer Hi").strip()
    assert sentence in shown
    assert "\n" not in shown
    assert isinstance(notebook.error, magics.DollyError)
    assert notebook.error.__cause__ is error
    assert (notebook.text, notebook.shell.user_ns["answer"]) == ("so far", 1)
    assert f"{DEMO} · interrupted by an error<" in notebook.html


def test_a_model_that_cannot_be_loaded_is_a_sentence_and_can_be_tried_again(notebook):
    notebook.engine = ModelError("The model is not whole: convert it again.")
    assert notebook.run("%dolly Hi") == "The model is not whole: convert it again.\n"
    assert "demo · no answer<" in notebook.html
    notebook.engine = ScriptedEngine()
    notebook.run("%dolly Hi")
    assert notebook.text == "ok"


def test_a_bug_keeps_its_traceback(notebook):
    says(notebook, ["so far", ZeroDivisionError("division")])
    shown = notebook.run("%dolly Hi")
    assert "Traceback" in shown
    assert "scripted_engine.py" in shown
    assert "ZeroDivisionError" in shown
    assert notebook.text == "so far"


def test_a_model_that_failed_is_let_go_and_loaded_again(notebook):
    broken = says(notebook, [EngineError("The GPU went away: load the model again.")])
    notebook.run("%dolly Hi")
    assert broken.is_closed
    notebook.engine = ScriptedEngine()
    notebook.run("%dolly Hi")
    assert notebook.text == "ok"


# which model


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ("", {}),
        ("--device CPU --engine optimum", {"device": "CPU", "engine": "optimum"}),
        ("--revision v2 --weight-format int4", {"revision": "v2", "weight_format": "int4"}),
        ("--prompt-lookup", {"prompt_lookup": True}),
        ("--draft demo", {"draft": "demo"}),
    ],
)
def test_what_is_said_of_model_and_engine_reaches_the_engine(notebook, options, fields):
    notebook.run(f"%dolly {options} Hi")
    assert notebook.error is None
    assert notebook.loads == [EngineSetup(**fields)]
    assert "### Instruction:\nHi\n" in notebook.prompt


def test_a_model_is_loaded_once_for_all_cells_and_widgets_and_freed_with_the_last(notebook):
    engine = notebook.engine
    notebook.run("%dolly Hi")
    widget = DollyWidget()
    assert widget.ask("Hi").text == "ok"
    notebook.run("%%dolly --device auto\nHi")
    assert len(notebook.loads) == 1
    notebook.run("%unload_ext dolly_widget")
    assert not engine.is_closed
    widget.close()
    assert engine.is_closed


def test_unloading_forgets_the_magics_and_they_can_be_loaded_again(notebook):
    notebook.run("%dolly Hi")
    transformers = len(notebook.shell.input_transformer_manager.token_transformers)
    notebook.run("%unload_ext dolly_widget")
    assert notebook.engine.is_closed
    notebook.run("%dolly Hi")
    assert notebook.error is not None
    assert len(notebook.shell.input_transformer_manager.token_transformers) == transformers - 2
    notebook.engine = ScriptedEngine()
    notebook.run("%load_ext dolly_widget\n%reload_ext dolly_widget")
    notebook.run("%dolly Who?")
    assert notebook.text == "ok"
    assert len(notebook.shell.input_transformer_manager.token_transformers) == transformers


def test_a_reloaded_module_can_be_unloaded(notebook):
    notebook.run("%dolly Hi")
    importlib.reload(magics)
    names = [each.__name__ for each in notebook.shell.input_transformer_manager.token_transformers]
    assert "LineThatAsks" in names
    assert notebook.run("%unload_ext dolly_widget") == ""
    assert notebook.error is None
    assert notebook.engine.is_closed
    left = [each.__name__ for each in notebook.shell.input_transformer_manager.token_transformers]
    assert left == [name for name in names if name not in ("LineThatAsks", "AssignedAnswer")]


@pytest.mark.parametrize("line", ["%dolly --seed 1 Who is Dolly?", "answer = %dolly Who is Dolly?"])
def test_a_question_in_the_cell_that_loads_the_magic_is_told_of(shell, capsys, line):
    told = "IPython read this cell before %dolly was loaded. Run this in a separate cell:"
    for cell, is_told in ((line, True), ("%dolly?", False)):
        shell.run_cell(f"%load_ext dolly_widget\n{cell}", store_history=True)
        assert (f"{told} {line}\n" in capsys.readouterr().out) == is_told
        if not is_told:
            shell.run_cell(f"%reload_ext dolly_widget\n{line.replace('Who', '--nothing Who')}", store_history=True)
            assert told not in capsys.readouterr().out
        shell.run_cell("%unload_ext dolly_widget")


def test_the_demo_model_answers_and_is_freed(shell, capsys, monkeypatch):
    loaded, start_engine = [], sharing.start_engine

    def counted(setup, prepared):
        engine = start_engine(setup, prepared)
        loaded.append(weakref.ref(engine))
        return engine

    monkeypatch.setattr(sharing, "start_engine", counted)
    notebook = Notebook(shell, capsys)
    shell.kernel = object()
    notebook.run("%load_ext dolly_widget")
    widget = DollyWidget(device="CPU")
    for _ in range(2):
        notebook.run("%dolly --device CPU --temperature 0 --max-new-tokens 5 -o answer Who is Dolly?")
    answer = shell.user_ns["answer"]
    assert (answer.finish_reason, answer.new_tokens) == ("length", 5)
    assert answer.token_ids == widget.ask("Who is Dolly?", temperature=0, max_new_tokens=5).token_ids
    assert f"{DEMO} · 5 tokens · ended at --max-new-tokens · greedy<" in notebook.html
    widget.close()
    assert len(loaded) == 1
    notebook.run("%unload_ext dolly_widget")
    gc.collect()
    assert loaded[0]() is None


def test_a_path_is_the_text_of_its_file_and_a_system_prompt_is_given_where_one_is_taken(notebook, tmp_path):
    (tmp_path / "a.html").write_text("<p>Cats purr.")
    notebook.run(f"from pathlib import Path\narticle = Path({str(tmp_path / 'a.html')!r})")
    notebook.run("%dolly --context article What do cats do?")
    assert "Cats purr." in notebook.prompt
    notebook.run("gone = Path('nowhere.txt')\n%dolly --context gone What do cats do?")
    assert str(notebook.error) == (
        "nowhere.txt cannot be read (No such file or directory): give the path of a file with a text."
    )
    notebook.run("%dolly --system 'Be brief.' Hi")
    assert "This model's template takes no system prompt" in str(notebook.error)

    class Template:
        name, stop, takes_system = "own", (), True

        def render(self, instruction, context="", turns=(), system=""):
            return f"{system}|{instruction}"

    notebook.engine.template = Template()
    notebook.run("tone = 'brief'\n%dolly --system 'Be {tone}.' Hi")
    assert notebook.prompt == "Be brief.|Hi"


def test_what_has_ended_costs_no_more_than_twice_the_text(notebook):
    pieces = [f"- **{number}** and `code`\n" for number in range(200)]
    view = views.NotebookView()
    text = ""
    for piece in pieces:
        text += piece
        view.show(text, views.WRITING, [])
    typed = sum(len(piece) * (len(pieces) - place) for place, piece in enumerate(pieces))
    sent = sum(len(message["data"]["text/html"]) for message in notebook.published)
    assert sent < 2 * typed + 500 * len(pieces)
    assert "<strong>0</strong>" in notebook.published[3]["data"]["text/html"]


def test_reasoning_is_folded_above_the_answer(notebook):
    engine = says(notebook, [])
    generate = engine.generate

    def think(prompt, params, *, on_text, stop):
        on_text.reasoning("Hm <b>.")
        on_text("Yes.")
        result = generate(prompt, params, stop=stop)
        return dataclasses.replace(result, text="Yes.", token_ids=(1, 2, 3), reasoning="Hm <b>.", reasoning_tokens=2)

    engine.generate = think
    notebook.run("%dolly --seed 7 Hi")
    assert '<details class="dw-reasoning"><summary>Reasoning</summary>' in notebook.html
    assert "Hm &lt;b&gt;." in notebook.html
    assert f"{DEMO} · 3 tokens, 2 of them reasoning · ended by itself · seed 7<" in notebook.html
    assert notebook.text == "Yes."
