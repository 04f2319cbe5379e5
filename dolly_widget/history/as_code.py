"""An exchange as a cell of Python that asks the same again. Runs nothing.

Every text goes in as a literal of Python, whatever is in it: a history may come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from dolly_widget.engines import EngineSetup, GenerationResult
from dolly_widget.history.exchange import Exchange
from dolly_widget.text import DOLLY, PLAIN, SERVER_TEMPLATE, PromptTemplate

_NAMED_TEMPLATES = {"DOLLY": DOLLY, "PLAIN": PLAIN, "SERVER_TEMPLATE": SERVER_TEMPLATE}
_LINE_CHARS = 100
_UNKNOWN = """\
# The engine cannot be named in code: replace `engine` with it, or with the name of a model and its template."""


def as_code(exchange: Exchange) -> str:
    """The source of a cell that makes the widget of ``exchange`` and asks the same again, with the same seed.

    Model, revision, weight format, device, properties, template, settings and seed are named. Where the engine was a
    given object, the code asks for it. The answer has the same tokens in full precision (the OpenVINO property
    ``EXECUTION_MODE_HINT="ACCURACY"``); in the faster arithmetic, a near tie can fall the other way.
    """
    setup = exchange.setup
    template = None if setup is None else setup.template
    parts = [*_imports(template), ""]
    parts += [_UNKNOWN, "widget = DollyWidget(engine)"] if setup is None else _widget(setup, exchange.template_name)
    parts += [*_remark(exchange), _call("widget.ask", [*_asked(exchange)]), "widget"]
    return "\n".join(parts) + "\n"


def _imports(template: PromptTemplate | None) -> list[str]:
    name = "" if template is None else _name_of(template) or type(template).__name__
    return [f"from dolly_widget import {', '.join(sorted(filter(None, ['DollyWidget', name])))}"]


def _name_of(template: PromptTemplate) -> str:
    """What a known template is called in Python; "" for another one."""
    return next((name for name, each in _NAMED_TEMPLATES.items() if each == template), "")


def _widget(setup: EngineSetup, template_name: str) -> Iterator[str]:
    if setup.template is None and template_name:
        yield f"# The prompt template is the model's own: {template_name!r}"
    arguments = [_literal(setup.model)]
    for field in fields(setup)[1:]:
        value = getattr(setup, field.name)
        if field.name in ("device", "engine") and setup.server is not None:
            continue  # the URL says it
        if value != field.default or field.name == "device":
            arguments.append(f"{field.name}={_argument(value)}")
    yield _call("widget = DollyWidget", arguments)


def _argument(value: Any) -> str:
    if isinstance(value, PromptTemplate):
        return _template(value)
    if isinstance(value, tuple):  # OpenVINO's properties
        return repr(dict(value))
    return repr(value) if isinstance(value, bool) else _literal(str(value))


def _template(template: PromptTemplate) -> str:
    if name := _name_of(template):
        return name
    given = {field.name: getattr(template, field.name) for field in fields(template)}
    defaults = {field.name: field.default for field in fields(template) if field.default is not MISSING}
    arguments = [f"{key}={_literal(value)}" for key, value in given.items() if value != defaults.get(key, MISSING)]
    return _call(type(template).__name__, arguments, depth=1)


def _asked(exchange: Exchange) -> Iterator[str]:
    """The arguments of ``ask``."""
    result = exchange.result
    yield _literal(exchange.instruction)
    if exchange.context:
        yield f"context={_literal(exchange.context)}"
    if exchange.system:
        yield f"system={_literal(exchange.system)}"
    if exchange.turns:
        turns = "".join(f"\n        ({', '.join(map(_literal, turn))})," for turn in exchange.turns)
        yield f"turns=[{turns}\n    ]"
    if exchange.answer is not None and (shape := _shape(exchange.answer.source)):
        yield f"answer={shape}"
    if result.prefix_tokens:
        yield f"prefix_ids={result.token_ids[: result.prefix_tokens]!r}"
    for field in fields(exchange.params):
        if field.name == "seed" and exchange.params.is_greedy:
            continue  # nothing is drawn
        yield f"{field.name}={_setting(exchange, field.name)!r}"


def _shape(source: Any) -> str:
    """What was given as ``answer=``, in Python; "" where only its own name could say it."""
    if source in (bool, int, float):
        return str(source.__name__)
    if isinstance(source, dict):
        return repr(source)
    is_plain = isinstance(source, list | tuple) and all(type(each) in (str, int, float, bool) for each in source)
    return repr(list(source)) if is_plain else ""


def _setting(exchange: Exchange, name: str) -> Any:
    """A sampling setting as it was; the seed that was drawn, and as many tokens as came before it was stopped."""
    result = exchange.result
    if name == "max_new_tokens" and _was_cut(result):
        return len(result.token_ids)
    return result.seed if name == "seed" else getattr(exchange.params, name)


def _was_cut(result: GenerationResult) -> bool:
    return result.finish_reason == "cancelled" and bool(result.token_ids)


def _remark(exchange: Exchange) -> list[str]:
    """What to know about an answer that was stopped, or whose shape the code does not name."""
    if exchange.answer is not None and not _shape(exchange.answer.source):
        return ["# The answer had a shape that this code does not name: add it as answer=…"]
    if _was_cut(exchange.result):
        return [
            f"# The answer was stopped after this many tokens; max_new_tokens was {exchange.params.max_new_tokens}."
        ]
    return ["# The answer was stopped before its first token."] if exchange.result.finish_reason == "cancelled" else []


def _call(name: str, arguments: list[str], depth: int = 0) -> str:
    """A call in one line, or with a line for each argument."""
    line = f"{name}({', '.join(arguments)})"
    if len(line) <= _LINE_CHARS and "\n" not in line:
        return line
    indent = "    " * depth
    lines = "".join(f"{indent}    {argument},\n" for argument in arguments)
    return f"{name}(\n{lines}{indent})"


def _stays(line: str) -> bool:
    """Whether a line of a cell's source stays as it is: IPython removes spaces of lines that are nothing else."""
    return line.isprintable() and not line.endswith(" ")


def _literal(value: Any) -> str:
    """Python for a value: a text of several lines between triple quotes where that is exact, else as ``repr`` does."""
    if not isinstance(value, str):
        return repr(value)
    is_simple = not any(mark in value for mark in '"\\')
    if is_simple and "\n" in value and all(map(_stays, value.split("\n"))):
        return f'"""{value}"""'
    return f'"{value}"' if is_simple and value.isprintable() else repr(value)
