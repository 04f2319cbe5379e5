"""The ``dolly-widget`` command: answers, models and measurements in a terminal, or the widget in a browser.

Owns the parser and what becomes of errors. Each subcommand has a file of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from dolly_widget import __version__
from dolly_widget.cli import app, ask, bench, chat, convert, lab, map, models, serve
from dolly_widget.cli.command import EXIT_CLOSED_PIPE, EXIT_INTERRUPTED, EXIT_MISTAKE, CommandError
from dolly_widget.cli.completion import complete
from dolly_widget.cli.interruptible import Abandoned
from dolly_widget.cli.lab import copy_tutorials
from dolly_widget.cli.parser import Parser
from dolly_widget.cli.terminal import tell

__all__ = ["COMMANDS", "copy_tutorials", "main"]

COMMANDS = tuple(each.COMMAND for each in (lab, app, ask, chat, map, convert, models, bench, serve))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the process's own) and return the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    if "_ARGCOMPLETE" in os.environ:
        complete(_parser(os.environ.get("COMP_LINE", "").split()))
    try:
        return _run(argv)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Abandoned:
        print(flush=True)
        os._exit(EXIT_INTERRUPTED)  # the usual way out can abort with a core dump while OpenVINO is at work
    except BrokenPipeError:
        _discard_stdout()
        return EXIT_CLOSED_PIPE
    except (CommandError, ValueError, OSError) as exc:
        tell(f"dolly-widget: {_sentence(exc)}", sys.stderr)
        _discard_stdout()  # it may be what failed, on a full disk
        return exc.exit_code if isinstance(exc, CommandError) else EXIT_MISTAKE


def _run(argv: list[str]) -> int:
    parser = _parser(argv)
    args = parser.parse_args(argv)
    if args.run is None:
        parser.print_help()
        return EXIT_MISTAKE
    return int(args.run(args))


def _parser(argv: list[str]) -> argparse.ArgumentParser:
    parser = Parser(
        prog="dolly-widget", description="Run a language model with OpenVINO, in a notebook or in the terminal."
    )
    parser.add_argument("--version", action="version", version=f"dolly-widget {__version__}")
    parser.set_defaults(run=None)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.summary, description=command.summary)
        subparser.set_defaults(run=command.run)
        if command.name in argv:
            command.add_arguments(subparser)
    return parser


def _sentence(exc: Exception) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return f"{exc.strerror}: {exc.filename}" if exc.filename is not None else f"{exc.strerror}."
    return str(exc)


def _discard_stdout() -> None:
    """Point stdout at nothing: Python would try once more to write what could not be written, and complain."""
    with contextlib.suppress(AttributeError, ValueError, OSError):  # no real file behind it: nothing to do
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
