"""Why OpenVINO or a library around it failed, in words for a reader: no C++ files, no wall of text."""

from __future__ import annotations

import re

_MEMORY = re.compile(
    r"bad_alloc|(cannot|can't) allocate memory|failed to map segment|out of (gpu resources|memory)"
    r"|OUT_OF_(RESOURCES|(HOST_|DEVICE_)?MEMORY)",
    re.IGNORECASE,
)
_MISSING_LIBRARY = re.compile(r"([^\s\"/\\]+): cannot open shared object file")
_BROKEN_LIBRARY = re.compile(r'Cannot load library "(?:[^"]*[/\\])?([^"/\\]+)"')
# What xgrammar begins with, the grammars' library: "[18:52:45] /…/regex_converter.cc:75: ".
_PLACE = re.compile(r"^\[[\d:]+\] \S+:\d+: ")
_LONGEST = 300


def explain(exc: BaseException, advice: str) -> str:
    """Return "reason; advice." for a library's exception. Lack of memory and a missing driver have their own advice."""
    text = str(exc)
    if isinstance(exc, MemoryError) or _MEMORY.search(text):
        return "there is not enough memory; free some, or choose a smaller model or weight format."
    if library := _MISSING_LIBRARY.search(text) or _BROKEN_LIBRARY.search(text):
        return f"the library {library[1]} is missing or broken; install the device's driver, or choose another device."
    return f"{reason(exc)}; {advice}."


def reason(exc: BaseException) -> str:
    """Return what a message says in its first sentence, without a full stop."""
    lines = [_PLACE.sub("", line.strip()) for line in str(exc).splitlines()]
    plain = [line for line in lines if re.search(r"\w", line) and not _is_trace(line)]
    if not plain:
        return "no reason was given"
    # OpenVINO says where first and what last; the others say what first.
    says = plain[-1] if any(map(_is_trace, lines)) else plain[0]
    says = re.split(r"\.(?:\s|Please|$)", re.sub(r"\bov::(\w+::)*", "", says))[0].rstrip(" .!;:")
    return says if len(says) <= _LONGEST else f"{says[:_LONGEST].rstrip()}…"


def _is_trace(line: str) -> bool:
    return line.startswith(("Exception from", "Check '")) or ".cpp" in line
