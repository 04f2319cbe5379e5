"""The system prompt of a DollyWidget: what the model gets of it, and where it is kept and shown."""

import ast

import pytest
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DollyWidget, History, Prompt
from dolly_widget.text.template import Segment
from dolly_widget.widget.ask.system_prompt import NOT_TAKEN

RULE = "Answer in `one` sentence."


class Template:
    name, stop, takes_turns, takes_system = "chat", (), True, True

    def render(self, instruction, context="", turns=(), system=""):
        return Prompt([Segment(f"{system}|{instruction}", False)])


@pytest.fixture
def make():
    made = []

    def make_widget(*answers, takes=True, **options):
        engine = ScriptedEngine(*answers)
        if takes:
            engine.template = Template()
        made.append((DollyWidget(engine, **options), engine))
        return made[-1]

    yield make_widget
    for widget, _ in made:
        widget.close()


def prompts(engine):
    return [str(prompt) for prompt, _ in engine.calls]


def test_the_trait_is_given_with_every_question_and_ask_changes_one(make):
    widget, engine = make(*"abcd", system=RULE)
    widget.instruction = "Hi"
    widget.submit().wait(LIMIT_S)
    widget.ask("Hi")
    widget.ask("Hi", system="Other.")
    widget.ask("Hi", system="")
    assert prompts(engine) == [f"{RULE}|Hi", f"{RULE}|Hi", "Other.|Hi", "|Hi"]
    assert [each.system for each in widget.history] == [RULE, RULE, "Other.", ""]
    assert widget.system == widget._screen.system.box.value == RULE


def test_asking_again_keeps_it(make):
    widget, engine = make(*"ab", system=RULE)
    widget.ask("Hi")
    widget.system = "Other."
    widget.regenerate().wait(LIMIT_S)
    assert prompts(engine) == [f"{RULE}|Hi"] * 2


def test_the_prompt_panel_and_the_fold_show_it(make):
    widget, _ = make("a")
    fold = widget._screen.system
    assert (fold.title, fold.is_open, fold.note.layout.display) == ("System prompt", False, "none")
    widget._screen.prompt.is_open = True
    fold.box.value = "Be brief."
    widget.instruction = "Hi"
    assert (widget.system, fold.title) == ("Be brief.", "System prompt · 2 words")
    stretches = widget._screen.prompt.view.stretches
    assert "".join(text for _, text, _ in stretches) == "Be brief.|Hi"
    assert {kind for kind, *_ in stretches} == {"user"}


def test_a_model_that_takes_none_gets_none_and_the_page_says_so(make):
    widget, engine = make("a", takes=False, system=RULE)
    fold = widget._screen.system
    assert fold.title == "System prompt · 4 words · not for this model"
    assert NOT_TAKEN in fold.note.value.replace("&#x27;", "'")
    assert fold.note.layout.display is None
    widget.instruction = "Hi"
    widget.submit().wait(LIMIT_S)
    assert RULE not in prompts(engine)[0]
    assert widget.history[0].system == ""
    with pytest.raises(ValueError, match=r"^This model's template takes no system prompt: leave it empty"):
        widget.ask("Hi", system=RULE)
    assert len(engine.calls) == 1


def test_it_is_kept_in_files_and_older_files_have_none(make):
    widget, _ = make("a", system=RULE)
    widget.ask("Hi")
    history = widget.history
    assert History.from_json(history.to_json())[0].system == RULE
    older = history.to_json().replace('"system": "Answer in `one` sentence.", ', "")
    assert older != history.to_json()
    assert History.from_json(older)[0].system == ""
    with pytest.raises(ValueError, match="damaged"):
        History.from_json(history.to_json().replace('"system": "', '"system": 3, "was": "'))
    assert f"**System prompt**\n\n```text\n{RULE}\n```" in history.to_markdown()


def test_copy_as_code_names_it(make):
    from dolly_widget.history.as_code import as_code

    widget, _ = make("ab", system=RULE)
    widget.ask("Hi")
    named = {node.arg: node.value for node in ast.walk(ast.parse(as_code(widget.history[0]))) if hasattr(node, "arg")}
    assert ast.literal_eval(named["system"]) == RULE
    widget.ask("Hi", system="")
    assert "system" not in as_code(widget.history[1])


def test_what_no_page_can_show_is_replaced(make):
    widget, _ = make("a")
    widget.system = "a\ud800"
    assert widget.system == "a\ufffd"
