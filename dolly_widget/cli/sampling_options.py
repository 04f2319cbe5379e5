"""The options of the sampling settings, made from their one declaration: a new setting has its option at once."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import Any

from dolly_widget.cli.command import CommandError, in_options, option
from dolly_widget.errors import PromptTooLongError


def add_sampling_arguments(parser: argparse.ArgumentParser) -> None:
    """Add an option for each field of ``SamplingParams``. What is not given is the model's own."""
    from dolly_widget.sampling import SETTINGS, option_help

    for name, setting in SETTINGS.items():
        # As text, and all that were given: the setting reads them, and says what is wrong in its own words.
        parser.add_argument(option(name), action="append", metavar=setting.metavar, help=option_help(name))


def given_settings(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given, each in its range. Raises CommandError that names option, value and range."""
    from dolly_widget.sampling import DEFAULTS, SETTINGS, with_changes

    typed = {name: value for name in SETTINGS if (value := getattr(args, name)) is not None}
    with fields_as_options():
        given = {name: SETTINGS[name].read(name, texts) for name, texts in typed.items()}
        with_changes(DEFAULTS, given)
    return given


@contextlib.contextmanager
def fields_as_options() -> Iterator[None]:
    """Let errors about the sampling name the options that the user typed, not the Python fields."""
    from dolly_widget.sampling import SETTINGS

    try:
        yield
    except PromptTooLongError as exc:
        most = exc.largest_max_new_tokens
        raise CommandError(f"{exc} It fits with {option('max_new_tokens')} {most}." if most else str(exc)) from exc
    except ValueError as exc:
        raise CommandError(in_options(exc, SETTINGS)) from exc
