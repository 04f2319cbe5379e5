"""What a subcommand is, how it says that something is wrong, and the exit codes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

# Something was found wrong that the command was asked to look for.
EXIT_FOUND = 1
EXIT_MISTAKE = 2
# As a shell reports a command that these signals ended: 128 + SIGINT, 128 + SIGPIPE.
EXIT_INTERRUPTED = 130
EXIT_CLOSED_PIPE = 141


class CommandError(Exception):
    """A sentence for the user, who can do something about it."""

    exit_code = EXIT_MISTAKE


class Stopped(CommandError):
    """The user stopped it with Ctrl+C; the sentence says what came of that."""

    exit_code = EXIT_INTERRUPTED


class Command(NamedTuple):
    """A subcommand. ``add_arguments`` is called only when it is the one asked for, and may import what it needs."""

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def option(field: str) -> str:
    """The option that sets a Python field: ``--top-k`` for ``top_k``."""
    return "--" + field.replace("_", "-")


def in_options(message: object, fields: Iterable[str]) -> str:
    """Return a message about Python fields with the names that they have as options."""
    return re.sub(rf"\b({'|'.join(fields)})\b", lambda match: option(match[0]), str(message))
