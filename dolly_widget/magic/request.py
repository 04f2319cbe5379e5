"""What is typed after ``%dolly`` becomes a Request. Pure: texts and variables in, values out."""

from __future__ import annotations

import csv
import difflib
import keyword
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dolly_widget.engines import TYPED_FIELDS, EngineSetup
from dolly_widget.sampling import DEFAULTS, SETTINGS, with_changes
from dolly_widget.text import encodable, read_file
from dolly_widget.text.shapes import Shape, shape_of


class DollyError(Exception):
    """A sentence for the user, who can do something about it; shown without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return [str(self)]


@dataclass(frozen=True)
class Request:
    """What to ask, of which model, and where the answer goes."""

    instruction: str
    context: str
    system: str
    """The system prompt; "" is the template's own."""
    sampling: Mapping[str, Any]
    """The sampling settings that were typed; the others are the model's own."""
    setup: EngineSetup
    shape: Shape | None
    """What the answer has to be; None: any text."""
    output: str
    """Name of the variable that gets the answer; may be empty."""


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


_OPTIONS = {_option(name): name for name in (*TYPED_FIELDS, "context", "system", "choices", "output", *SETTINGS)}
_OPTIONS["-o"] = "output"
# Options that take no value.
_FLAGS = {name for name, described in TYPED_FIELDS.items() if described.default is False}
# A dash and a word, and all the rest; a value, in quotes or up to the next space, and all the rest.
_NEXT_OPTION = re.compile(r"(-[^\s=]*)(?:\s+|=|$)(.*)", re.DOTALL)
_VALUE = re.compile(r"""("[^"]*"(?!\S)|'[^']*'(?!\S)|\S*)\s*(.*)""", re.DOTALL)
_FIELD = re.compile(r"\{(\{[^\W\d]\w*\})\}|\{([^\W\d]\w*)\}")


def read_request(line: str, cell: str | None, names: Mapping[str, Any]) -> Request:
    """What the user typed. Raises DollyError for a mistake in it."""
    values, rest = _split(line)
    if cell is not None and rest:
        raise DollyError(f"{rest!r} is not an option: write the instruction below the %%dolly line.")
    given = {name: [_fill(value, names) for value in each] for name, each in values.items()}
    instruction = _fill((rest if cell is None else cell).strip(), names)
    if not instruction.strip():
        raise DollyError("The instruction is empty: ask something, for example %dolly Who is Dolly?")
    output = _name(given.get("output", [""])[-1])
    if output and (not output.isidentifier() or keyword.iskeyword(output)):
        raise DollyError(f"{output!r} cannot be the name of a variable: choose a name for -o, such as answer.")
    try:
        sampling = {name: setting.read(name, given[name]) for name, setting in SETTINGS.items() if name in given}
        with_changes(DEFAULTS, sampling)
        typed: dict[str, Any] = {name: name in _FLAGS or given[name][-1] for name in TYPED_FIELDS if name in given}
        setup = EngineSetup(**typed)
        shape = shape_of(_choices(values["choices"][-1], names)) if "choices" in given else None
    except ValueError as exc:
        raise DollyError(in_options(exc)) from exc
    context = _context(_look_up(given["context"][-1], names)) if "context" in given else ""
    system = given.get("system", [""])[-1]
    return Request(encodable(instruction), encodable(context), encodable(system), sampling, setup, shape, output)


def _choices(text: str, names: Mapping[str, Any]) -> list[str]:
    """The choices of a list that is named, or those of a text: between commas, in quotes where one holds a comma."""
    field = _FIELD.fullmatch(text)
    value = _look_up(field[2], names, is_field=True) if field and field[2] else None
    if isinstance(value, list | tuple):
        return list(value)
    try:
        rows = list(csv.reader([_fill(text, names)], skipinitialspace=True))
    except csv.Error as exc:
        raise ValueError("The choices have a line break: give them in one line, with commas between them.") from exc
    return [choice.strip() for choice in rows[0]] if rows else []


def _context(value: Any) -> str:
    """The text of a variable, or of the file that a Path names."""
    try:
        return read_file(value) if isinstance(value, Path) else str(value)
    except ValueError as exc:
        raise DollyError(str(exc)) from exc


def _split(line: str) -> tuple[dict[str, list[str]], str]:
    """The options that a line begins with, by the names of their fields, and the rest of it, untouched."""
    values: dict[str, list[str]] = {}
    rest = line.strip()
    while match := _NEXT_OPTION.match(rest):
        word, after = match.groups()
        if word == "--":
            return values, rest[2:].strip()
        if word not in _OPTIONS:
            similar = difflib.get_close_matches(word, _OPTIONS, 1)
            hint = f" (similar: {similar[0]})" if similar else ""
            raise DollyError(
                f"There is no option {word}{hint}: see %dolly?, or write -- before an instruction that begins with a "
                "dash."
            )
        value = ""
        if _OPTIONS[word] not in _FLAGS:
            value, after = _value(word, after)
        values.setdefault(_OPTIONS[word], []).append(value)
        rest = after
    return values, rest


def _value(word: str, text: str) -> tuple[str, str]:
    """The value of an option that ``text`` begins with, and the rest."""
    match = _VALUE.match(text)
    assert match  # it matches any text
    value, rest = match.groups()
    if not value or value.startswith("--"):
        raise DollyError(f"{word} needs a value: see %dolly?")
    is_quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
    return value[1:-1] if is_quoted else value, rest


def _fill(text: str, names: Mapping[str, Any]) -> str:
    """``text`` with the variables that it names in braces. What comes in for them is not looked at again."""
    return _FIELD.sub(lambda match: match[1] or str(_look_up(match[2], names, is_field=True)), text)


def _name(name: str) -> str:
    """The name under which Python keeps what is called ``name`` in the source (its reference, Identifiers)."""
    return unicodedata.normalize("NFKC", name)


def _look_up(name: str, names: Mapping[str, Any], is_field: bool = False) -> Any:
    name = _name(name)
    if name in names:
        return names[name]
    literal = f", or write {{{{{name}}}}} for a literal {{{name}}}" if is_field else ""
    raise DollyError(f"There is no variable {name!r}: set it first{literal}.")


def in_options(message: object) -> str:
    """A message about Python fields with the names that they have as options."""
    return re.sub(rf"\b({'|'.join(SETTINGS)})\b", lambda match: _option(match[0]), str(message))
