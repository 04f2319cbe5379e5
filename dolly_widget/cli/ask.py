"""``dolly-widget ask``: one answer, streamed to stdout. Answering is the engines' business, on a Job."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from dolly_widget.cli.answer_view import AnswerView, answer_view
from dolly_widget.cli.command import Command, CommandError
from dolly_widget.cli.interruptible import Abandoned, finish
from dolly_widget.cli.piped import is_piped, read_stdin, replace_unknown_characters
from dolly_widget.cli.preparing import add_setup_arguments, prepare, setup_from, started
from dolly_widget.cli.sampling_options import add_sampling_arguments, fields_as_options, given_settings
from dolly_widget.cli.terminal import tell
from dolly_widget.errors import EngineError, IncompleteAnswerError
from dolly_widget.text import render

if TYPE_CHECKING:
    from dolly_widget.engines import EngineSetup, GenerationResult
    from dolly_widget.engines.model_engine import ModelEngine
    from dolly_widget.sampling import SamplingParams

_EXAMPLE = 'dolly-widget ask "Who is Dolly?"'
_EPILOG = """\
A terminal shows the answer as formatted Markdown, in colours. Anything else
gets its plain text, and so does a terminal where the environment variable
NO_COLOR is set. Ctrl+C stops the answer and keeps the text so far.

--json prints one object:
  instruction, context, system, answer
  reasoning       what a model that thinks wrote before it; often empty
  finish_reason   "stop": the model ended it; "length": at --max-new-tokens;
                  "cancelled": by Ctrl+C
  model, device, settings (an object), seed (null for a greedy answer)
  prompt_tokens, new_tokens
  ttft_s, tokens_per_s   seconds to the first token, tokens per second after
                  it; null where there is no such figure

examples:
  dolly-widget ask "Who is Dolly?"
  echo "Who is Dolly?" | dolly-widget ask
  cat article.txt | dolly-widget ask "Summarise this" --context -
  dolly-widget ask "Who is Dolly?" --json | jq -r .answer
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "instruction",
        metavar="INSTRUCTION",
        nargs="?",
        help='what to do, for example "Who is Dolly?"; - reads it from stdin, and in a pipe it can be left out',
    )
    parser.add_argument("--context", metavar="TEXT", default="", help="text to work on; - reads it from stdin")
    add_system_argument(parser)
    add_setup_arguments(parser)
    add_sampling_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object when the answer is there: see below")
    parser.add_argument(
        "--stats",
        action=argparse.BooleanOptionalAction,
        help="print speed, seed and why the answer ended on stderr (default: only in a terminal)",
    )


def _ask(args: argparse.Namespace) -> int:
    given = given_settings(args)
    replace_unknown_characters(sys.stdout)
    question = _question(args)
    tell_about_demo(args.model)
    answered = _answered if args.json else _shown
    (result, _, error), code = answered(args, question, given)
    tell_what_was_thought(result)
    tell_notes(result)
    if args.stats or (args.stats is None and sys.stderr.isatty()):
        tell(result.statistics, sys.stderr)
    if error:
        raise CommandError(error)
    return code


def add_system_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--system``."""
    parser.add_argument(
        "--system", metavar="TEXT", default="", help="system prompt, for a model whose chat template takes one"
    )


def tell_about_demo(model: str) -> None:
    """Say in a terminal what the demonstration model is, if it is the one."""
    if model == "demo" and sys.stderr.isatty():
        tell("(demonstration model: small and fast, but knows little; choose another one with --model)", sys.stderr)


def tell_what_was_thought(result: GenerationResult) -> None:
    """The reasoning is no part of the answer, which may be piped: how long it was, or that nothing came after it."""
    if result.reasoning and not result.text:
        tell(f"{result.thought}, and ended before the answer: allow more with --max-new-tokens", sys.stderr)
    elif result.reasoning and sys.stderr.isatty():
        tell(result.thought, sys.stderr)


def tell_notes(result: GenerationResult) -> None:
    """What is to be known of how an answer came about."""
    for note in result.notes:
        tell(note, sys.stderr)


def listener(view: AnswerView) -> Callable[[str], None]:
    """What hands a view the pieces of an answer, and of the reasoning before it."""
    from dolly_widget.engines import Listener

    return Listener(view.add, view.think)


def _question(args: argparse.Namespace) -> tuple[str, str]:
    """Instruction and context, from stdin where that was asked for."""
    reads_instruction = args.instruction == "-" or (args.instruction is None and is_piped() and args.context != "-")
    if reads_instruction and args.context == "-":
        raise CommandError("Instruction and context cannot both come from stdin: give one of them as an argument.")
    instruction = read_stdin("instruction").strip("\r\n") if reads_instruction else args.instruction or ""
    if not instruction.strip():
        raise CommandError(f"The instruction is empty: ask something, for example {_EXAMPLE}.")
    return instruction, read_stdin("context") if args.context == "-" else args.context


class _Answered(NamedTuple):
    """What came of a question."""

    result: GenerationResult
    facts: dict[str, Any]
    """What ``--json`` says of it."""
    error: str
    """Why it is not whole; "" where it is."""


def _shown(args: argparse.Namespace, question: tuple[str, str], given: Mapping[str, Any]) -> tuple[_Answered, int]:
    """Answer, with the text on stdout as it comes."""
    view = answer_view()
    try:
        answered, code = finish(lambda stop: _answer(args, question, given, stop, listener(view)))
    except Abandoned:
        raise  # it is still being written
    except BaseException:
        view.end(is_broken_off=True)
        raise
    view.end()
    return answered, code


def _answered(args: argparse.Namespace, question: tuple[str, str], given: Mapping[str, Any]) -> tuple[_Answered, int]:
    """Answer, and print all about it as JSON."""
    answered, code = finish(lambda stop: _answer(args, question, given, stop, lambda _: None))
    said = {"instruction": question[0], "context": question[1], "system": args.system, **answered.facts}
    print(json.dumps(said, indent=2), flush=True)  # in ASCII: a terminal obeys nothing of it
    return answered, code


def _answer(
    args: argparse.Namespace,
    question: tuple[str, str],
    given: Mapping[str, Any],
    stop: threading.Event,
    on_text: Callable[[str], None],
) -> _Answered:
    from dolly_widget.sampling import with_changes

    setup = setup_from(args)  # a mistake is reported before a model is converted for minutes
    prepared = prepare(setup.prepare, stop)
    params = with_changes(prepared.sampling, given)
    try:
        with contextlib.closing(started(setup, prepared)) as engine:
            prompt = render(engine.template, *question, system=args.system)
            error = ""
            with fields_as_options():
                try:
                    result = engine.generate(prompt, params, on_text=on_text, stop=stop)
                except IncompleteAnswerError as exc:  # its server went away
                    result, error = exc.result, str(exc)
            facts = _facts(result, params, _named(setup, engine), engine.device) if args.json else {}
            return _Answered(result, facts, error)
    except EngineError as exc:
        raise CommandError(str(exc)) from exc


def _named(setup: EngineSetup, engine: ModelEngine) -> str:
    """The model as it was asked for; a server's by its own name of it."""
    return setup.model if setup.server is None else engine.setup.model


def _facts(result: GenerationResult, params: SamplingParams, model: str, device: str) -> dict[str, Any]:
    """What ``--json`` says of an answer."""
    settings = asdict(params)
    del settings["seed"]  # the one that was used is the result's
    return {
        "answer": result.text,
        "reasoning": result.reasoning,
        "finish_reason": result.finish_reason,
        "notes": list(result.notes),
        "model": model,
        "device": device,
        "settings": settings,
        "seed": None if result.is_greedy else result.seed,
        "prompt_tokens": result.prompt_tokens,
        "new_tokens": result.new_tokens,
        "ttft_s": _finite(result.ttft_s),
        "tokens_per_s": _finite(result.tokens_per_s),
    }


def _finite(value: float) -> float | None:
    """A figure, or None for NaN, which JSON has not."""
    return value if math.isfinite(value) else None


COMMAND = Command("ask", "Answer one instruction in the terminal.", _add_arguments, _ask)
