"""A notebook that was executed without a front end keeps the last answer, for readers with and without widgets."""

import json
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
CELLS = [
    "from dolly_widget import DollyWidget\nwidget = DollyWidget(device='CPU', temperature=0)\nwidget",
    "_ = widget.ask('What is the capital of <b>France</b>?')",
    "widget",
]
ANSWER = "The capital of France is Paris."
CHAT = """
from dolly_widget import DollyWidget, GenerationResult, Prompt
from dolly_widget.text import Segment

class Template:
    name, stop, takes_turns = "chat", (), True
    def render(self, instruction, context="", turns=()):
        return Prompt([Segment(instruction, False)])

class Chatting:
    device, template = "CPU", Template()
    def generate(self, prompt, params, *, on_text=print, stop=None):
        text = "*one*" if "First" in str(prompt) else "two"
        return GenerationResult(text, (1,), 5, "stop", 1, 0.25, 0.1)
    def close(self):
        pass

widget = DollyWidget(Chatting(), chat=True)
"""
HISTORY = """
from dolly_widget import Exchange, GenerationResult, SamplingParams
result = GenerationResult("An earlier answer.", (1,), 5, "stop", 1, 0.25, 0.1)
h = [Exchange("Before?", "", SamplingParams(), result)]
"""


def new_notebook(*cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


@pytest.fixture(scope="module")
def executed():
    return NotebookClient(new_notebook(*CELLS), timeout=120).execute()


@pytest.fixture(scope="module")
def path(executed, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "saved.ipynb"
    nbformat.write(executed, path)
    return path


def converted(path, *options):
    command = [sys.executable, "-m", "nbconvert", "--stdout", "--log-level=ERROR", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def html(executed, cell):
    """What stands below the widget in a cell's output."""
    return executed.cells[cell].outputs[1].data["text/html"]


def test_it_runs_without_a_warning_and_prints_nothing(executed):
    outputs = [output for cell in executed.cells for output in cell.outputs]
    assert [output.output_type for output in outputs] == ["display_data"] * 4


def test_the_saved_state_has_the_last_answer(executed):
    states = executed.metadata.widgets[STATE]["state"]
    texts = [state["state"]["text"] for state in states.values() if "is_streaming" in state["state"]]
    assert texts == [ANSWER]
    assert "6.8 M parameters" in str(states)
    assert "not loaded yet" not in str(states)
    first, second = (executed.cells[index].outputs[0].data for index in (0, 2))
    assert first[VIEW]["model_id"] == second[VIEW]["model_id"] in states


def test_every_cell_that_showed_the_widget_has_the_conversation_as_html(executed):
    for cell in (0, 2):
        assert ANSWER in html(executed, cell)
        assert "What is the capital of &lt;b&gt;France&lt;/b&gt;?" in html(executed, cell)
        assert "text/html" not in executed.cells[cell].outputs[0].data


def test_a_chat_is_saved_whole():
    ask = "_ = [widget.ask(text) for text in ('First?', 'Second?')]"
    executed = NotebookClient(new_notebook(f"{CHAT}\nwidget", ask), timeout=120).execute()
    saved = html(executed, 0)
    assert [text in saved for text in ("First?", "<em>one</em>", "<hr>", "Second?", "two")] == [True] * 5


def test_what_it_begins_with_is_saved_at_once():
    source = "from dolly_widget import DollyWidget\nDollyWidget(history=h)"
    executed = NotebookClient(new_notebook(HISTORY + source), timeout=120).execute()
    assert "An earlier answer." in html(executed, 0)


def test_a_widget_that_was_asked_nothing_leaves_the_front_end_s_own_word():
    executed = NotebookClient(new_notebook(CELLS[0]), timeout=120).execute()
    assert html(executed, 0) == '<div class="dw-saved"></div>'


def test_the_plain_text_is_short_and_the_same_before_and_after_an_answer(executed):
    texts = {executed.cells[index].outputs[0].data["text/plain"] for index in (0, 2)}
    assert texts == {"DollyWidget('demo', device='CPU')"}


def test_markdown_has_the_last_answer(path):
    assert ANSWER in converted(path, "--to", "markdown")


def test_a_page_that_prefers_html_has_the_last_answer_and_no_widget(path):
    page = converted(path, "--to", "html", "--NbConvertBase.display_data_priority=text/html")
    body = page[page.index("<body") :]
    assert f"<p>{ANSWER}</p>" in body
    assert VIEW not in body


def test_a_page_with_widgets_has_the_last_answer_in_its_state(path):
    page = converted(path, "--to", "html")
    (state,) = (part.partition("</script>")[0] for part in page.split(f'<script type="{STATE}">')[1:])
    assert any(each["state"].get("text") == ANSWER for each in json.loads(state)["state"].values())
    assert page.count(f'<script type="{VIEW}">') == 2
