"""What is typed after ``%dolly`` becomes a Request. Pure: texts and variables in, values out."""

from __future__ import annotations

import difflib
import keyword
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from dolly_widget.models import WeightFormat
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import encodable

_SAMPLING = tuple(each.name for each in fields(SamplingParams))


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
    params: SamplingParams
    model: str
    weight_format: WeightFormat
    device: str
    output: str
    """Name of the variable that gets the answer; may be empty."""

    @property
    def held_as(self) -> tuple[str, ...]:
        """What its model is kept under."""
        return (self.model, self.device, str(self.weight_format))


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


_OPTIONS = {_option(name): name for name in ("model", "weight_format", "device", "context", "output", *_SAMPLING)}
_OPTIONS["-o"] = "output"
# A dash and a word; its value, in quotes or up to the next space; and all the rest.
_NEXT_OPTION = re.compile(r"""(-[^\s=]*)(?:\s+|=|$)("[^"]*"(?!\S)|'[^']*'(?!\S)|\S*)\s*(.*)""", re.DOTALL)
_FIELD = re.compile(r"\{(\{[^\W\d]\w*\})\}|\{([^\W\d]\w*)\}")


def read_request(line: str, cell: str | None, names: Mapping[str, Any]) -> Request:
    """What the user typed. Raises DollyError for a mistake in it."""
    values, rest = _split(line)
    if cell is not None and rest:
        raise DollyError(f"{rest!r} is no option: write the instruction below the line of %%dolly.")
    given = {name: _fill(value, names) for name, value in values.items()}
    instruction = _fill((rest if cell is None else cell).strip(), names)
    if not instruction.strip():
        raise DollyError("The instruction is empty: ask something, for example %dolly Who is Dolly?")
    output = _name(given.get("output", ""))
    if output and (not output.isidentifier() or keyword.iskeyword(output)):
        raise DollyError(f"{output!r} cannot be the name of a variable: choose a name for -o, such as answer.")
    try:
        params = SamplingParams(**{name: _number(name, given[name]) for name in _SAMPLING if name in given})
        weight_format = WeightFormat.of(given.get("weight_format", "int8"))
    except ValueError as exc:
        raise DollyError(in_options(exc)) from exc
    context = str(_look_up(given["context"], names)) if "context" in given else ""
    model, device = given.get("model", "demo"), given.get("device", "AUTO")
    return Request(encodable(instruction), encodable(context), params, model, weight_format, device, output)


def _split(line: str) -> tuple[dict[str, str], str]:
    """The options that a line begins with, by the names of their fields, and the rest of it, untouched."""
    values: dict[str, str] = {}
    rest = line.strip()
    while match := _NEXT_OPTION.match(rest):
        word, value, after = match.groups()
        if word == "--":
            return values, rest[2:].strip()
        if word not in _OPTIONS:
            similar = difflib.get_close_matches(word, _OPTIONS, 1)
            hint = f" (similar: {similar[0]})" if similar else ""
            raise DollyError(f"There is no option {word}{hint}: see %dolly?, or write -- before text with a dash.")
        if not value or value.startswith("--"):
            raise DollyError(f"{word} needs a value: see %dolly?")
        is_quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
        values[_OPTIONS[word]] = value[1:-1] if is_quoted else value
        rest = after
    return values, rest


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
    literal = f", or write {{{{{name}}}}} for the text {{{name}}} itself" if is_field else ""
    raise DollyError(f"There is no variable {name!r}: set it first{literal}.")


def _number(name: str, value: str) -> Any:
    try:
        return float(value)  # for all: SamplingParams knows which must be whole, and says so
    except ValueError as exc:
        raise ValueError(f"{name} must be a number, not {value!r}.") from exc


def in_options(message: object) -> str:
    """A message about Python fields with the names that they have as options."""
    return re.sub(rf"\b({'|'.join(_SAMPLING)})\b", lambda match: _option(match[0]), str(message))
