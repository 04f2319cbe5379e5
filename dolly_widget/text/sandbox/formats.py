"""``%`` and ``str.format`` for templates: no wide fields, and no attributes."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

from dolly_widget.text.sandbox.bounds import BoundsError
from dolly_widget.text.sandbox.traced import concat, plain, some_writer, text_of, written_by

_PERCENT = re.compile(r"%(?:\((?P<key>[^()]*)\))?(?P<flags>[-#0 +]*\d*(?:\.\d*)?)(?P<kind>[a-zA-Z%])")
_WIDE = re.compile(r"\d{4}|\*")


def percent(text: str, values: Any) -> str:
    """``text % values``. Raises ValueError and TypeError as that does."""
    parts, position, used = [], 0, 0
    each = values if isinstance(values, tuple) else (values,)
    for found in _PERCENT.finditer(plain(text)):
        parts.append(text[position : found.start()])
        position = found.end()
        if found["kind"] == "%":
            parts.append("%")
        elif found["key"] is not None:
            parts.append(_converted(found, values[found["key"]]))
        elif used < len(each):
            parts.append(_converted(found, each[used]))
            used += 1
        else:
            raise TypeError("not enough arguments for format string")
    parts.append(text[position:])
    if "%" in re.sub(_PERCENT, "", plain(text)):
        raise ValueError("unsupported format string")
    if used < len(each) and not isinstance(values, dict):
        raise TypeError("not all arguments converted during string formatting")
    return concat(parts)


def _converted(found: re.Match[str], value: Any) -> str:
    if found["kind"] == "s" and not found["flags"]:
        return text_of(value)
    _require_narrow(found["flags"])
    return written_by(f"%{found['flags']}{found['kind']}" % (value,), some_writer(value))


def format_text(text: str, *args: Any, **kwargs: Any) -> str:
    """``text.format(*args, **kwargs)``. Raises ValueError, IndexError and KeyError as that does."""
    parts, place, writer = [], 0, some_writer(text)
    for literal, name, spec, conversion in Formatter().parse(plain(text)):
        parts.append(literal)
        if name is None:
            continue
        if not name:
            name, place = str(place), place + 1
        if not re.fullmatch(r"\w+", name):
            raise BoundsError(f"uses an unsafe field, {{{name}}}")
        parts.append(_formatted(args[int(name)] if name.isdecimal() else kwargs[name], spec or "", conversion))
    result = concat(parts)
    return written_by(plain(result), writer) if writer else result


def _formatted(value: Any, spec: str, conversion: str | None) -> str:
    if not spec and conversion in (None, "s"):
        return text_of(value)
    if "{" in spec:
        raise BoundsError("uses an unsafe field within another")
    _require_narrow(spec)
    shown = ascii(value) if conversion == "a" else repr(value) if conversion == "r" else value
    return written_by(format(plain(shown) if isinstance(shown, str) else shown, spec), some_writer(value))


def _require_narrow(spec: str) -> None:
    if _WIDE.search(spec):
        raise BoundsError("makes too large a value")
