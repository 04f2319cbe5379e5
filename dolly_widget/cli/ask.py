"""``dolly-widget ask``: one answer, streamed to stdout. Answering is the engines' business, on a Job."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

from dolly_widget.cli.command import Command, CommandError, in_options, option
from dolly_widget.cli.interruptible import finish
from dolly_widget.cli.preparing import add_format_arguments, prepare
from dolly_widget.cli.terminal import printable

if TYPE_CHECKING:
    from dolly_widget.engines import GenerationResult
    from dolly_widget.sampling import SamplingParams

_SAMPLING_HELP = {
    "max_new_tokens": ("N", "most tokens of the answer"),
    "temperature": ("T", "0 always takes the most probable token; higher is more varied"),
    "top_p": ("P", "draw from the most probable tokens that reach this probability together; 1 is off"),
    "top_k": ("K", "draw from this many of the most probable tokens; 0 is off"),
    "repetition_penalty": ("R", "above 1, tokens already there become less probable; 1 is off"),
    "seed": ("SEED", "equal seeds give equal answers"),
}
_MODEL_HELP = (
    "'demo'; a model id of the Hugging Face hub, such as databricks/dolly-v2-3b, which is downloaded and converted "
    "when it is first used; or a directory of OpenVINO files or of a checkpoint (default: demo)"
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("instruction", metavar="INSTRUCTION", help='what to do, for example "Who is Dolly?"')
    parser.add_argument("--context", metavar="TEXT", default="", help="text to work on; - reads it from stdin")
    parser.add_argument("--model", default="demo", help=_MODEL_HELP)
    add_format_arguments(parser)
    parser.add_argument("--device", default="AUTO", help="AUTO, CPU, GPU, NPU or the like (default: AUTO)")
    parser.add_argument(
        "--engine",
        choices=("genai", "optimum"),
        default="genai",
        help="what runs the model: OpenVINO GenAI, or Optimum Intel, which wants the optimum extra (default: genai)",
    )
    _add_sampling_arguments(parser)
    parser.add_argument(
        "--stats",
        action=argparse.BooleanOptionalAction,
        help="a line on stderr with speed, seed and why the answer ended (default: only in a terminal)",
    )


def _add_sampling_arguments(parser: argparse.ArgumentParser) -> None:
    from dolly_widget.sampling import SamplingParams

    for field in fields(SamplingParams):
        metavar, text = _SAMPLING_HELP[field.name]
        default = "a fresh one" if field.default is None else field.default
        # A float for all: SamplingParams knows which must be whole, and says so.
        parser.add_argument(
            option(field.name), metavar=metavar, type=float, default=field.default, help=f"{text} (default: {default})"
        )


def _ask(args: argparse.Namespace) -> int:
    from dolly_widget.sampling import SamplingParams

    with _fields_as_options():
        params = SamplingParams(**{field.name: getattr(args, field.name) for field in fields(SamplingParams)})
    _replace_unknown_characters(sys.stdin, sys.stdout)
    question = _question(args)
    if args.model == "demo" and sys.stderr.isatty():
        print("(demonstration model: quick, small and knows little; --model runs another)", file=sys.stderr)
    result, code = finish(lambda stop: _answer(args, question, params, stop))
    print(flush=True)
    if args.stats or (args.stats is None and sys.stderr.isatty()):
        print(result.statistics, file=sys.stderr)
    return code


@contextlib.contextmanager
def _fields_as_options() -> Iterator[None]:
    """Let errors about the sampling name the options that the user typed, not the Python fields."""
    try:
        yield
    except ValueError as exc:
        raise CommandError(in_options(exc, _SAMPLING_HELP)) from exc


def _replace_unknown_characters(*streams: Any) -> None:
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _question(args: argparse.Namespace) -> tuple[str, str]:
    if not args.instruction.strip():
        raise CommandError('The instruction is empty: ask something, for example dolly-widget ask "Who is Dolly?".')
    return args.instruction, sys.stdin.read() if args.context == "-" else args.context


def _answer(
    args: argparse.Namespace, question: tuple[str, str], params: SamplingParams, stop: threading.Event
) -> GenerationResult:
    from dolly_widget import engines, models
    from dolly_widget.runtime import devices

    devices.check_device(args.device)  # before a model is converted for minutes
    model_dir = prepare(partial(models.resolve, args.model, args.weight_format, args.revision), stop)
    try:
        with contextlib.closing(engines.load_engine(model_dir, device=args.device, engine=args.engine)) as engine:
            prompt = engine.template.render(*question)
            with _fields_as_options():
                return engine.generate(prompt, params, on_text=_show, stop=stop)
    except engines.EngineError as exc:
        raise CommandError(str(exc)) from exc


def _show(piece: str) -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        piece = printable(piece)
    print(piece, end="", flush=True)


COMMAND = Command("ask", "Answer one instruction here, streaming.", _add_arguments, _ask)
