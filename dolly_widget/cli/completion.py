"""Completion in the shell, by argcomplete: commands, options, and the names of models. Nothing is fetched for it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MODELS = ("model", "models", "draft")
_IN_STORE = ("names",)


def complete(parser: argparse.ArgumentParser) -> None:
    """Print what may follow on the line that the shell has told in the environment, and end the process."""
    import argcomplete
    from argcomplete.completers import FilesCompleter, SuppressCompleter

    files = FilesCompleter()
    for action in _actions(parser):
        if action.dest in _MODELS:
            action.completer = lambda prefix, **_: [*_starting(prefix, _models()), *files(prefix)]  # type: ignore[attr-defined]
        elif action.dest in _IN_STORE:
            action.completer = lambda prefix, **_: _starting(prefix, _in_store())  # type: ignore[attr-defined]
        elif action.type is Path:
            action.completer = files  # type: ignore[attr-defined]
    # A file's name is no instruction.
    argcomplete.autocomplete(parser, always_complete_options="long", default_completer=SuppressCompleter())


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser, and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)


def _models() -> list[str]:
    from dolly_widget.models import KNOWN_MODELS, store

    return [*KNOWN_MODELS, *(entry.model_id for entry in store.entries())]


def _in_store() -> list[str]:
    from dolly_widget.models import store

    return [entry.name for entry in store.entries()]


def _starting(prefix: str, names: list[str]) -> list[Any]:
    return sorted({name for name in names if name.startswith(prefix)})
