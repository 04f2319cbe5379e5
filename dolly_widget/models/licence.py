"""The licence that a model's publisher states: read from what somebody else wrote, in one short line. Judges none."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path
from typing import Any

from dolly_widget.models.catalogue import CATALOGUE, catalogued
from dolly_widget.models.entry import LICENCE, Entry

_MAX_CHARS = 60
_MAX_LICENCES = 3
_MAX_CARD_CHARS = 1 << 16
_OTHER = "other"
# The hub writes them in small letters.
_SPELT = {model.licence.lower(): model.licence for model in CATALOGUE}
# A line of a card's metadata, as the hub writes them: https://huggingface.co/docs/hub/model-cards.
_FIELD = re.compile(r"(license|license_name):\s*(\S.*)")


def licence_of(entry: Entry) -> str:
    """The licence of a stored model: the catalogue's word, or else its publisher's; "" if neither names one."""
    known = catalogued(entry.model_id)
    return known.licence if known else stated(entry.manifest.get(LICENCE))


def stated(licence: Any, name: Any = None) -> str:
    """What metadata gives as a licence, one or a list of them; "" for what is none. ``name`` is that of an "other"."""
    if licence == _OTHER and isinstance(name, str) and name.strip():
        return stated(name)
    if isinstance(licence, list):
        return stated(", ".join(each for each in licence[:_MAX_LICENCES] if isinstance(each, str)))
    if not isinstance(licence, str):
        return ""
    line = " ".join(licence[: 2 * _MAX_CHARS].split())
    return _SPELT.get(line, line) if len(line) <= _MAX_CHARS else f"{line[: _MAX_CHARS - 1]}…"


def of_card(path: Path) -> str:
    """The licence in the metadata at the top of a model card, a README.md; "" where there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            first, *lines = file.read(_MAX_CARD_CHARS).splitlines() or [""]
    except (OSError, ValueError):
        return ""
    if first.strip() != "---":
        return ""
    # Not a YAML parser, whose references can grow without a bound.
    found = (_FIELD.fullmatch(line.rstrip()) for line in takewhile(lambda line: line.strip() != "---", lines))
    fields = {field[1]: field[2].strip("\"' ") for field in found if field}
    return stated(fields.get("license"), fields.get("license_name"))
