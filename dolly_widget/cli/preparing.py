"""What several commands do with a model: the options that say which, and progress on stderr while it is prepared."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from dolly_widget.cli.command import CommandError, Stopped, in_options, option
from dolly_widget.cli.terminal import shown_meanwhile, shown_progress
from dolly_widget.errors import EngineError

if TYPE_CHECKING:
    from dolly_widget.engines import EngineSetup, Prepared
    from dolly_widget.engines.model_engine import ModelEngine

T = TypeVar("T")
# The fields that sentences of a setup name as such; "device" is a word as well.
_IN_SENTENCES = ("prompt_lookup", "draft", "(?<=not take )device", "revision", "^tokenizer")


def add_setup_arguments(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add the options of these fields of ``EngineSetup``; of all that can be typed if no name is given."""
    from dolly_widget.engines import LOCAL_ENGINES, TYPED_FIELDS
    from dolly_widget.models import NAMES

    choices = {"weight_format": NAMES, "engine": LOCAL_ENGINES}
    for name in names or TYPED_FIELDS:
        described = TYPED_FIELDS[name]
        if described.default is False:
            parser.add_argument(option(name), action="store_true", help=described.metadata["help"])
            continue
        default = None if described.default is None else str(described.default)
        text = described.metadata["help"] + (f" (default: {default})" if default else "")
        if name in choices:
            parser.add_argument(option(name), choices=choices[name], default=default, help=text)
        else:
            parser.add_argument(option(name), metavar=described.metadata["metavar"], default=default, help=text)


def setup_from(args: argparse.Namespace) -> EngineSetup:
    """The setup that was asked for. Raises CommandError for a device that is not here, or that cannot do it."""
    from dolly_widget.engines import TYPED_FIELDS, EngineSetup

    try:
        return EngineSetup(**{name: getattr(args, name) for name in TYPED_FIELDS if hasattr(args, name)}).checked()
    except ValueError as exc:
        raise CommandError(in_options(exc, _IN_SENTENCES)) from exc


def prepare(work: Callable[..., T], stop: threading.Event) -> T:
    """Return what ``work(on_progress=, stop=)`` makes, its progress shown on stderr. Raises Stopped, CommandError."""
    from dolly_widget.errors import ModelError

    try:
        with shown_progress(sys.stderr) as on_progress:
            return work(on_progress=on_progress, stop=stop)
    except ModelError as exc:
        if stop.is_set():
            raise Stopped("Stopped: your models are unchanged.") from exc
        raise
    except EngineError as exc:  # a server that cannot be reached
        raise CommandError(str(exc)) from exc


def started(setup: EngineSetup, prepared: Prepared) -> ModelEngine:
    """The engine of a setup whose models are prepared; a terminal is told that it takes a while. CommandError."""
    from dolly_widget.engines import start_engine

    try:
        with shown_meanwhile(f"Loading {setup.name}…", sys.stderr):
            return start_engine(setup, prepared)
    except EngineError as exc:
        raise CommandError(str(exc)) from exc
