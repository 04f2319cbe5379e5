"""``dolly-widget ask``: one answer, streamed to stdout. Answering is the engines' business, on a Job."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from dolly_widget.cli.command import Command, CommandError, in_options, option
from dolly_widget.cli.interruptible import finish
from dolly_widget.cli.preparing import add_setup_arguments, prepare, setup_from
from dolly_widget.cli.terminal import printable
from dolly_widget.errors import EngineError

if TYPE_CHECKING:
    from dolly_widget.engines import GenerationResult


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("instruction", metavar="INSTRUCTION", help='what to do, for example "Who is Dolly?"')
    parser.add_argument("--context", metavar="TEXT", default="", help="text to work on; - reads it from stdin")
    add_setup_arguments(parser)
    _add_sampling_arguments(parser)
    parser.add_argument(
        "--stats",
        action=argparse.BooleanOptionalAction,
        help="print speed, seed and why the answer ended on stderr (default: only in a terminal)",
    )


def _add_sampling_arguments(parser: argparse.ArgumentParser) -> None:
    from dolly_widget.sampling import SETTINGS, Texts, option_help

    for name, setting in SETTINGS.items():
        add = partial(parser.add_argument, option(name), metavar=setting.metavar, help=option_help(name))
        if isinstance(setting, Texts):
            add(action="append")
        else:
            # A float for all: SamplingParams knows which must be whole, and says so.
            add(type=float)  # what is not given is the model's own


def _given_settings(args: argparse.Namespace) -> dict[str, Any]:
    """The sampling settings that were given, checked."""
    from dolly_widget.sampling import DEFAULTS, SETTINGS, Texts, with_changes

    given = {name: value for name in SETTINGS if (value := getattr(args, name)) is not None}
    texts = {name: setting for name, setting in SETTINGS.items() if isinstance(setting, Texts) and name in given}
    given |= {name: setting.read(name, given[name]) for name, setting in texts.items()}
    with _fields_as_options():
        with_changes(DEFAULTS, given)
    return given


def _ask(args: argparse.Namespace) -> int:
    given = _given_settings(args)
    _replace_unknown_characters(sys.stdin, sys.stdout)
    question = _question(args)
    if args.model == "demo" and sys.stderr.isatty():
        print(
            "(demonstration model: small and fast, but knows little; choose another one with --model)", file=sys.stderr
        )
    result, code = finish(lambda stop: _answer(args, question, given, stop))
    print(flush=True)
    _say_what_was_thought(result)
    if args.stats or (args.stats is None and sys.stderr.isatty()):
        print(result.statistics, file=sys.stderr)
    return code


def _say_what_was_thought(result: GenerationResult) -> None:
    """The reasoning is no part of the answer, which may be piped: how long it was, or that nothing came after it."""
    if result.reasoning and not result.text:
        print(f"{result.thought}, and ended before the answer: allow more with --max-new-tokens", file=sys.stderr)
    elif result.reasoning and sys.stderr.isatty():
        print(result.thought, file=sys.stderr)


@contextlib.contextmanager
def _fields_as_options() -> Iterator[None]:
    """Let errors about the sampling name the options that the user typed, not the Python fields."""
    from dolly_widget.sampling import SETTINGS

    try:
        yield
    except ValueError as exc:
        raise CommandError(in_options(exc, SETTINGS)) from exc


def _replace_unknown_characters(*streams: Any) -> None:
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _question(args: argparse.Namespace) -> tuple[str, str]:
    if not args.instruction.strip():
        raise CommandError('The instruction is empty: ask something, for example dolly-widget ask "Who is Dolly?".')
    return args.instruction, sys.stdin.read() if args.context == "-" else args.context


def _answer(
    args: argparse.Namespace, question: tuple[str, str], given: Mapping[str, Any], stop: threading.Event
) -> GenerationResult:
    from dolly_widget.engines import start_engine
    from dolly_widget.sampling import with_changes

    setup = setup_from(args)  # a mistake is reported before a model is converted for minutes
    prepared = prepare(setup.prepare, stop)
    params = with_changes(prepared.model.sampling, given)
    try:
        with contextlib.closing(start_engine(setup, prepared)) as engine:
            prompt = engine.template.render(*question)
            with _fields_as_options():
                return engine.generate(prompt, params, on_text=_show, stop=stop)
    except EngineError as exc:
        raise CommandError(str(exc)) from exc


def _show(piece: str) -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        piece = printable(piece)
    print(piece, end="", flush=True)


COMMAND = Command("ask", "Answer one instruction in the terminal.", _add_arguments, _ask)
