"""An answer as code: what the cell says, and that it gives the same answer, token for token."""

import ast
import subprocess
import sys
from dataclasses import replace

import pytest
from exchanges import HOSTILE, OWN, all_kinds, answered
from IPython.core.inputtransformer2 import TransformerManager
from scripted_engine import LIMIT_S, ScriptedEngine

from dolly_widget import DOLLY, PLAIN, DollyWidget, WeightFormat
from dolly_widget.engines import EngineSetup
from dolly_widget.history.as_code import as_code
from dolly_widget.sampling import recorded
from dolly_widget.text.template import Turn

# In the faster arithmetic, a prompt whose beginning is in the cache can fall to the other side of a near tie.
EXACT = {"EXECUTION_MODE_HINT": "ACCURACY"}


@pytest.fixture
def ask():
    """``ask(options, instruction, context, **sampling)``: the exchange of a new widget's answer."""
    made = []

    def answer(options, *asked, **sampling):
        made.append(DollyWidget(**{"device": "CPU", "ov_config": EXACT, **options}))
        made[-1].ask(*asked, **{"max_new_tokens": 12, **sampling})
        return made[-1].history[-1]

    yield answer
    for widget in made:
        widget.close()


def run(code):
    """What a cell's widget remembers, run where nothing else is."""
    names = {}
    exec(compile(code, "cell", "exec"), names)
    (exchange,) = names["widget"].history
    names["widget"].close()
    return exchange


def assert_same(found, wanted):
    assert found.result.token_ids == wanted.result.token_ids
    assert found.result.text == wanted.result.text
    assert found.prompt == wanted.prompt
    assert (found.instruction, found.context) == (wanted.instruction, wanted.context)


@pytest.mark.parametrize(
    ("options", "asked", "sampling"),
    [
        ({}, ("Who is Dolly?",), {"temperature": 1.5, "top_k": 40, "repetition_penalty": 1.2}),
        ({}, ("Who is Dolly?",), {"temperature": 0}),
        ({}, ("What is his name?", "His name is Tom.\nHe is a cat."), {"seed": 2**32 - 1}),
        ({}, (HOSTILE, HOSTILE), {"temperature": 1.1}),
        ({}, ('"""', "'''\\"), {}),
        ({}, ("tab\tform feed\f\r\nnul\0 end ", "\u202e\u2028 \N{SHEEP}\n"), {}),
        ({}, ('ends in a backslash\\\n"', "\n\n%%bash\n!ls\n"), {}),
        ({"template": OWN}, ("Who is Dolly?", "A text."), {}),
        ({"template": PLAIN}, ("Once there was",), {"temperature": 2}),
        ({"ov_config": {**EXACT, "INFERENCE_NUM_THREADS": 1}}, ("Who is Dolly?",), {}),
        ({"prompt_lookup": True}, ("Who is Dolly?", "A text."), {"temperature": 0}),
        ({"draft": "demo"}, ("Who is Dolly?",), {"temperature": 0}),
    ],
)
def test_the_code_gives_the_same_answer(ask, options, asked, sampling):
    exchange = ask(options, *asked, **sampling)
    assert_same(run(as_code(exchange)), exchange)


def test_the_code_runs_by_itself_in_a_new_process(ask):
    exchange = ask({}, HOSTILE, "A context.", temperature=1.3)
    code = f"{as_code(exchange)}\nprint(ascii(widget.history[-1].result.token_ids))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.strip() == repr(exchange.result.token_ids)


def test_a_what_if_answer_begins_as_it_did():
    with_what_if = DollyWidget(device="CPU", max_new_tokens=12, seed=3)
    result = with_what_if.ask("Who is Dolly?")
    with_what_if.regenerate_from(2, result.token_ids[0]).wait(LIMIT_S)
    exchange = with_what_if.history[-1]
    with_what_if.close()
    code = as_code(exchange)
    assert f"prefix_ids={exchange.result.token_ids[:3]!r}," in code
    found = run(code)
    assert_same(found, exchange)
    assert found.result.prefix_tokens == 3


def test_a_directory_is_named_as_it_was_given(ask, demo_dir, tmp_path, monkeypatch):
    (tmp_path / "my-int4").symlink_to(demo_dir)
    monkeypatch.chdir(tmp_path)
    exchange = ask({"model": "my-int4", "weight_format": "int4"}, "Who is Dolly?")
    code = as_code(exchange)
    assert 'DollyWidget("my-int4", device="CPU", ' in code
    assert_same(run(code), exchange)


def test_a_converted_int4_model_is_found_again_in_its_format(ask, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("DOLLY_WIDGET_CACHE", str(tmp_path))
    model = checkpoint("dolly")
    exchange = ask({"model": model, "weight_format": WeightFormat("int4", group_size=32)}, "Who is Dolly?")
    code = as_code(exchange)
    assert 'weight_format="int4-g32"' in code
    assert "revision" not in code
    assert_same(run(code), exchange)
    assert len(list((tmp_path / "models").glob("[!.]*"))) == 1  # it was not converted again


def test_a_stopped_answer_is_stopped_at_the_same_token(ask):
    exchange = ask({}, "Write a story about a cat.", max_new_tokens=40, temperature=0)
    ids = exchange.result.token_ids[:5]
    stopped = replace(exchange, result=replace(exchange.result, token_ids=ids, finish_reason="cancelled"))
    code = as_code(stopped)
    assert "# The answer was stopped after this many tokens; max_new_tokens was 40." in code
    assert run(code).result.token_ids == ids


# What the cell says


def test_the_cell_reads_well():
    exchange = answered(
        setup=EngineSetup("databricks/dolly-v2-3b", "a" * 40, "int4", "CPU"),
        context="One.\nTwo.",
        stop=("\n\n",),
    )
    assert (
        as_code(exchange)
        == f'''from dolly_widget import DollyWidget

# The prompt template is the model's own: 'dolly'
widget = DollyWidget(
    "databricks/dolly-v2-3b",
    revision="{"a" * 40}",
    weight_format="int4",
    device="CPU",
)
widget.ask(
    "Who is Dolly?",
    context="""One.
Two.""",
    max_new_tokens=256,
    temperature=0.8,
    top_p=0.92,
    top_k=0,
    min_p=0.0,
    repetition_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
    stop=('\\n\\n',),
    seed=7,
)
widget
'''
    )


@pytest.mark.parametrize("exchange", [each for each in all_kinds() if each.setup])
def test_every_argument_is_a_literal_that_is_what_it_was(exchange):
    class Widget:
        def __init__(self, model, **options):
            made.append((model, options))

        def ask(self, instruction, **asked):
            made.append((instruction, asked))

    made = []
    imported, *body = ast.parse(as_code(exchange)).body
    names = {}
    exec(compile(ast.Module([imported], []), "cell", "exec"), names)
    exec(compile(ast.Module(body, []), "cell", "exec"), {**names, "DollyWidget": Widget})
    (model, options), (instruction, asked) = made
    assert EngineSetup(model, **options) == exchange.setup
    assert options["device"] == exchange.setup.device  # named even where it is the default
    assert (instruction, asked.pop("context", "")) == (exchange.instruction, exchange.context)
    assert asked.pop("seed", "greedy") == ("greedy" if exchange.params.is_greedy else exchange.result.seed)
    assert asked.pop("prefix_ids", ()) == exchange.result.token_ids[: exchange.result.prefix_tokens]
    assert recorded(asked) == exchange.params


@pytest.mark.parametrize(
    "text", ["a\n   \nb", "a\n    b\n  \n", "a \n b", "\n \n", "  \na", "a\n\t\nb", "a\n\u3000\nb"]
)
def test_lines_of_spaces_are_kept(text):
    code = TransformerManager().transform_cell(as_code(answered(text, context=text, stop=(text,))))
    (call,) = [
        each for each in ast.walk(ast.parse(code)) if isinstance(each, ast.Call) and "ask" in ast.unparse(each.func)
    ]
    found = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
    assert (ast.literal_eval(call.args[0]), found["context"], found["stop"]) == (text, text, (text,))


def test_a_notebook_takes_the_cell_as_it_is():
    for exchange in all_kinds():
        code = as_code(replace(exchange, instruction=f"{exchange.instruction}\n%%bash\n!ls\n>>> x\n?y"))
        assert TransformerManager().transform_cell(code) == code


def test_known_templates_are_named_unless_they_are_the_model_s_own():
    for name, template in (("DOLLY", DOLLY), ("PLAIN", PLAIN)):
        code = as_code(answered(setup=EngineSetup("demo", template=template)))
        assert code.startswith(f"from dolly_widget import {', '.join(sorted(['DollyWidget', name]))}\n")
        assert f"template={name})" in code
    assert "emplate=" not in as_code(answered())


def test_names_from_elsewhere_cannot_leave_their_comment():
    code = as_code(answered(setup=EngineSetup("x\nimport os"), template_name="x\nimport os"))
    assert [type(node).__name__ for node in ast.parse(code).body] == ["ImportFrom", "Assign", "Expr", "Expr"]


def test_earlier_turns_of_a_chat_are_given():
    turns = (Turn("Hi", "", 'Say "hello"'), Turn(HOSTILE, HOSTILE, "b"))
    (call,) = [
        node
        for node in ast.walk(ast.parse(as_code(answered(turns=turns))))
        if isinstance(node, ast.keyword) and node.arg == "turns"
    ]
    assert ast.literal_eval(call.value) == list(map(tuple, turns))
    assert "turns" not in as_code(answered())


def test_a_given_engine_is_asked_for_and_then_the_code_runs():
    widget = DollyWidget(ScriptedEngine(["one ", "two"]))
    widget.ask("Count.")
    code = as_code(widget.history[-1])
    widget.close()
    assert "# The engine cannot be named in code: replace `engine`" in code
    names = {"engine": ScriptedEngine(["one ", "two"])}
    exec(code, names)
    assert names["widget"].response == "one two"
    names["widget"].close()
