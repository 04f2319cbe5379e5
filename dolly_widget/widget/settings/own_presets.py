"""A user's own presets: one small file of names and sampling settings, in the directory of their configuration.

``presets.json`` there is ``{"kind": "dolly_widget.presets", "version": 1, "presets": {NAME: {SETTING: VALUE, …}}}``; it
can be copied to another machine. What is read is untrusted. Knows no controls.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from dolly_widget.runtime import write_whole
from dolly_widget.sampling import PRESETS, SETTINGS, SamplingParams
from dolly_widget.text import read_json, visible

KIND, VERSION = "dolly_widget.presets", 1
MOST = 50
"""Presets in a file."""
LONGEST_NAME = 40
_MOST_BYTES = 256 * 1024
_LOCK_S = 5

Values = Mapping[str, Any]
"""Settings by name; those that are missing stay as they are. The seed is none of them."""
SAVED = tuple(field.name for field in fields(SamplingParams) if field.name != "seed")


def presets_file() -> Path:
    """The file: in ``DOLLY_WIDGET_CONFIG``, or where the system keeps a user's configuration."""
    import platformdirs

    chosen = os.environ.get("DOLLY_WIDGET_CONFIG")
    try:
        place = Path(chosen).expanduser() if chosen else platformdirs.user_config_path("dolly-widget", False)
    except RuntimeError as exc:  # "~nobody"
        raise ValueError("There is no home directory for presets: set DOLLY_WIDGET_CONFIG to a directory.") from exc
    return place.absolute() / "presets.json"


def read() -> dict[str, Values]:
    """All presets by name; none where there is no file. Raises ValueError for one that is damaged or not readable."""
    path = presets_file()
    try:
        return _checked(read_json(path, _MOST_BYTES))
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise ValueError(f"{path} cannot be read ({exc.strerror}): see its permissions, or move it away.") from exc
    except (ValueError, TypeError) as exc:
        reason = visible(str(exc)[:200].rstrip("."))
        raise ValueError(f"{path} is no file of presets ({reason}): correct it, or move it away.") from exc


def find(name: str) -> Values:
    """The settings of a preset, a user's own or one of ``PRESETS``. Raises ValueError for a name that there is not."""
    if name in PRESETS:
        return PRESETS[name].values
    own = read()
    if name not in own:
        raise ValueError(f"There is no preset {name!r}: choose one of {', '.join((*PRESETS, *own))}.")
    return own[name]


def save(name: str, params: SamplingParams) -> str:
    """Keep ``params``, without the seed, under a name, in the place of what it was; return the name as it is kept.

    Raises ValueError for a name that cannot be, for too many of them, or where the file cannot be changed.
    """
    name = checked_name(name)

    def add(presets: dict[str, Values]) -> None:
        if name not in presets and len(presets) >= MOST:
            raise ValueError(f"There are {MOST} presets already: delete one first.")
        presets[name] = {key: getattr(params, key) for key in SAVED}

    _change(add)
    return name


def delete(name: str) -> None:
    """Forget a preset. Raises ValueError where there is none of that name, or the file cannot be changed."""

    def remove(presets: dict[str, Values]) -> None:
        if presets.pop(name, None) is None:
            raise ValueError(f"There is no preset {name!r} of your own.")

    _change(remove)


def checked_name(name: str) -> str:
    """A name as it is kept. Raises ValueError for one that is empty, too long, taken, or cannot be seen."""
    name = " ".join(name.split())
    if not name:
        raise ValueError("Write a name for these settings first.")
    if len(name) > LONGEST_NAME or visible(name) != name:
        raise ValueError(f"A preset's name has at most {LONGEST_NAME} letters, all of which can be seen: shorten it.")
    if name.casefold() in PRESETS:
        raise ValueError(f"{name!r} is one of the presets that are built in: choose another name.")
    return name


def _change(change: Callable[[dict[str, Values]], None]) -> None:
    """Read the file, change what is in it, and put that in its place, one process after the other."""
    from filelock import FileLock, Timeout

    path = presets_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=_LOCK_S):
            presets = read()  # another notebook may have written meanwhile
            change(presets)
            _write(path, presets)
    except Timeout as exc:
        raise ValueError(f"{path} is being changed by another program: try again in a moment.") from exc
    except OSError as exc:
        raise ValueError(f"{path} cannot be written ({exc.strerror or exc}): see its permissions.") from exc


def _write(path: Path, presets: Mapping[str, Values]) -> None:
    data = {"kind": KIND, "version": VERSION, "presets": presets}
    write_whole(path, json.dumps(data, indent=1) + "\n")


def _checked(data: Any) -> dict[str, Values]:
    if not isinstance(data, dict) or data.get("kind") != KIND or not isinstance(data.get("presets"), dict):
        raise ValueError("it holds something else")
    if data.get("version") != VERSION:
        raise ValueError("another version of dolly-widget wrote it")
    presets = data["presets"]
    if len(presets) > MOST:
        raise ValueError(f"it holds more than {MOST}")
    return {checked_name(name): _checked_values(values) for name, values in presets.items()}


def _checked_values(values: Any) -> Values:
    if not isinstance(values, dict) or not set(values) <= set(SAVED):
        raise ValueError("a preset holds more than sampling settings")
    return {key: SETTINGS[key].checked(key, value) for key, value in values.items()}
