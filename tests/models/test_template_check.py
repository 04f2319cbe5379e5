"""The first rendering of a chat template: in a process of its own, which ends in any case."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from chats import CHATS, write_tokenizer
from child_processes import HANGS, watch
from hostile_templates import HOSTILE

from dolly_widget.errors import ModelError
from dolly_widget.models import template_check, template_for
from dolly_widget.models.template_check import require_harmless
from dolly_widget.text import ChatTemplate


@pytest.fixture
def children(monkeypatch):
    found = watch(monkeypatch)
    yield found
    assert found.have_ended


def test_a_template_is_rendered_in_a_child_process_once(children):
    template = ChatTemplate(source=CHATS["qwen2.5"])
    require_harmless(template)
    require_harmless(ChatTemplate(source=CHATS["qwen2.5"], stop=("</s>",)))
    processes = children.processes
    assert [process.returncode for process in processes] == [0]
    require_harmless(ChatTemplate(source=CHATS["qwen2.5"], special_tokens=(("bos_token", "<s>"),)))
    assert [process.returncode for process in processes] == [0, 0]


@pytest.mark.parametrize("source", ["{{ raise_exception('no') }}", "{% if", HOSTILE["loops"], HOSTILE["text by ~"]])
def test_a_template_that_fails_in_the_child_fails_here_with_its_own_sentence(children, source, tmp_path):
    require_harmless(ChatTemplate(source=source))
    assert children.processes[0].returncode == 0
    (write_tokenizer(tmp_path) / "chat_template.jinja").write_text(source, encoding="utf-8")
    with pytest.raises(ValueError, match="pass your own PromptTemplate as template="):
        template_for(tmp_path)


def test_a_child_that_does_not_end_is_ended(children, monkeypatch):
    monkeypatch.setattr(template_check, "_COMMAND", HANGS)
    monkeypatch.setattr(template_check, "_TIMEOUT_S", 0.0)
    for _ in range(2):  # it is not taken for harmless
        with pytest.raises(ValueError, match=r"^The model's chat template takes too long: pass your own .*\.$"):
            require_harmless(ChatTemplate(source="x"))


def test_a_stop_ends_the_child_at_once(children, monkeypatch):
    monkeypatch.setattr(template_check, "_COMMAND", HANGS)
    monkeypatch.setattr(template_check, "_TIMEOUT_S", 1e9)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        checking = pool.submit(require_harmless, ChatTemplate(source="x"), stop)
        assert children.started.wait(60)
        stop.set()
        with pytest.raises(ModelError, match=r"^Loading the model was stopped; nothing was changed\.$"):
            checking.result(60)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit to the memory of a process")
def test_a_child_that_takes_too_much_memory_is_ended(children, monkeypatch):
    greedy = (
        "from dolly_widget.text import first_rendering\n"
        "from dolly_widget.text.sandbox import environment\n"
        "environment.render = lambda *_: ' ' * 2**32\n"
        "first_rendering.main()"
    )
    monkeypatch.setattr(template_check, "_COMMAND", (sys.executable, "-c", greedy))
    with pytest.raises(ValueError, match="takes too much memory: pass your own"):
        require_harmless(ChatTemplate(source="x"))


def test_a_child_that_crashes_is_no_harmless_template(children, monkeypatch):
    monkeypatch.setattr(template_check, "_COMMAND", (sys.executable, "-c", "import os; os.abort()"))
    with pytest.raises(ValueError, match="takes too much memory: pass your own"):
        require_harmless(ChatTemplate(source="x"))


@pytest.mark.parametrize("command", [("/no/such/program",), (sys.executable, "-m", "no_such_module")])
def test_without_a_child_the_bounds_of_this_process_are_enough(children, monkeypatch, command, tmp_path):
    monkeypatch.setattr(template_check, "_COMMAND", command)
    (write_tokenizer(tmp_path) / "chat_template.jinja").write_text(CHATS["qwen3"], encoding="utf-8")
    assert template_for(tmp_path).source == CHATS["qwen3"]
    (tmp_path / "chat_template.jinja").write_text(HOSTILE["loops"], encoding="utf-8")
    with pytest.raises(ValueError, match="takes too many steps: pass your own"):
        template_for(tmp_path)


def test_the_child_loads_no_heavy_library():
    names = ("numpy", "openvino", "tokenizers", "torch", "markdown_it", "huggingface_hub", "ipywidgets")
    code = f"import sys, dolly_widget.text.first_rendering, jinja2; print([n for n in {names} if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
