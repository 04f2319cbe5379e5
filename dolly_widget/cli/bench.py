"""``dolly-widget bench``: which model runs how fast here. Measuring is the business of `dolly_widget.bench`."""

from __future__ import annotations

import argparse
import json
import math
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from itertools import groupby, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dolly_widget.cli.command import EXIT_MISTAKE, Command, CommandError, in_options
from dolly_widget.cli.interruptible import Abandoned, finish
from dolly_widget.cli.preparing import prepare
from dolly_widget.cli.terminal import printable
from dolly_widget.weight_format import NAMES, WeightFormat

if TYPE_CHECKING:
    from dolly_widget.bench import Measurement
    from dolly_widget.model_info import ModelInfo

T = TypeVar("T")

_SUMMARY = "Measure how fast models run on this machine."
_DESCRIPTION = """\
Measure how fast models run on this machine: every model, in every weight
format, on every device, with every engine that you name. Each is loaded, and
asked made-up prompts of each length, in turns. Figures are medians over the
rounds; for good ones, leave the machine alone meanwhile.

A model that is not here yet is downloaded and converted first. Ctrl+C stops,
and shows what was measured so far.
"""
_EPILOG = """\
what the columns say:
  weights       what most weights are stored in: INT8 is a byte each
  load          until the model has given its first token of all
  first token   from a new prompt to the first token of its answer
  shared start  the same, where only the last words of the prompt are new
  per token     for each token after the first
  memory        what loading and answering added to the process's own

examples:
  dolly-widget bench
  dolly-widget bench databricks/dolly-v2-3b --weight-format int8 int4
  dolly-widget bench ./my-model --device CPU GPU --prompt-tokens 32 512 1500
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        help="'demo', a model id of the Hugging Face hub, or a directory; before the options (default: demo)",
    )
    several = partial(parser.add_argument, nargs="+", action="extend")
    several("--device", metavar="D", help="AUTO, CPU, GPU, NPU or the like (default: each that is here)")
    several("--weight-format", choices=NAMES, help=f"what to convert to (default: {WeightFormat().name})")
    several("--engine", choices=("genai", "optimum"), help="what runs the models (default: genai)")
    several("--prompt-tokens", metavar="N", type=int, help="lengths of the prompts (default: 32 512)")
    parser.add_argument("--new-tokens", metavar="N", type=int, default=64, help="length of the answers (default: 64)")
    parser.add_argument("--rounds", metavar="N", type=int, default=3, help="how often each is asked (default: 3)")
    parser.add_argument("--json", action="store_true", help="print an array with all figures, in seconds and bytes")


def _bench(args: argparse.Namespace) -> int:
    from dolly_widget.devices import available_devices, check_device

    args.prompt_tokens = args.prompt_tokens or [32, 512]
    _check_counts(args)
    args.device = [check_device(each) for each in args.device or available_devices()]
    measured: list[Measurement] = []
    try:
        is_whole, code = finish(lambda stop: _measure_all(args, measured, stop))
    except Abandoned:
        _show_stopped(measured, args.json)
        raise
    if code:
        _show_stopped(measured, args.json)
    else:
        _show(measured, args.json)
    return code or (0 if is_whole else EXIT_MISTAKE)


def _check_counts(args: argparse.Namespace) -> None:
    """Let errors name the options that the user typed, not the Python arguments."""
    from dolly_widget.bench import check_counts

    try:
        check_counts(args.prompt_tokens, args.new_tokens, args.rounds)
    except ValueError as exc:
        message = str(exc).replace("prompt_lengths", "prompt_tokens")
        raise CommandError(in_options(message, ("prompt_tokens", "new_tokens", "rounds"))) from exc


def _measure_all(args: argparse.Namespace, measured: list[Measurement], stop: threading.Event) -> bool:
    """Fill ``measured``. False where something could not be measured; stderr has been told why."""
    from dolly_widget.model_info import ModelInfo

    # All are prepared first: a mistake in the last name is found before anything is measured for minutes.
    infos = [ModelInfo(model_dir) for model_dir in _model_dirs(args, stop)]
    is_whole = True
    for info, device, engine in product(infos, _each(args.device), _each(args.engine or ["genai"])):
        if not stop.is_set():
            is_whole &= _measure(info, {"device": device, "engine": engine}, args, measured, stop)
    return is_whole


def _model_dirs(args: argparse.Namespace, stop: threading.Event) -> list[Path]:
    """Where the models are, each once: OpenVINO files have the format that they have, whatever is asked for."""
    from dolly_widget.models import resolve

    wanted = product(args.models or ["demo"], args.weight_format or [WeightFormat().name])
    return _each([prepare(partial(resolve, *each), stop) for each in wanted])


def _each(values: Sequence[T]) -> list[T]:
    return list(dict.fromkeys(values))


def _measure(
    info: ModelInfo, where: dict[str, Any], args: argparse.Namespace, measured: list[Measurement], stop: threading.Event
) -> bool:
    from dolly_widget import bench
    from dolly_widget.engines import EngineError

    name = printable(", ".join([f"{info.name} {info.precision}", *where.values()]))
    if sys.stderr.isatty():
        _tell(f"{name} …")
    # Where none fits, measuring says why.
    lengths = bench.fitting(info.model_dir, args.prompt_tokens, args.new_tokens) or args.prompt_tokens
    for length in set(args.prompt_tokens).difference(lengths):
        more = f"{args.new_tokens:,} more would pass its {info.max_positions:,} positions"
        _tell(f"{name}: no prompts of {length:,} tokens: {more}.")
    given = {"new_tokens": args.new_tokens, "rounds": args.rounds, "on_measured": measured.append, "stop": stop}
    try:
        bench.measure(info.model_dir, prompt_lengths=lengths, **where, **given)
    except (EngineError, ValueError, OSError) as exc:  # the others may do
        _tell(f"dolly-widget: {name}: {exc}")
        return False
    return True


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show_stopped(measured: Sequence[Measurement], as_json: bool) -> None:
    _tell("Stopped: this is what was measured so far." if measured else "Stopped: nothing was measured so far.")
    _show(measured, as_json)


def _show(measured: Sequence[Measurement], as_json: bool) -> None:
    from dolly_widget.bench import table

    if as_json:
        print(json.dumps([_fields(each) for each in measured], indent=2), flush=True)
    elif measured:
        lines = [table(measured), "", *_remarks(measured)]
        print(printable("\n".join(lines).rstrip()), flush=True)


def _fields(measurement: Measurement) -> dict[str, Any]:
    """The measurement for JSON, which has no NaN."""
    fields = {**asdict(measurement), "tokens_per_s": measurement.tokens_per_s}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in fields.items()}


def _remarks(measured: Sequence[Measurement]) -> list[str]:
    """What is to be said below the table."""
    remarks = []
    if all(each.model == "demo" for each in measured):
        remarks.append("The demonstration model is tiny: these figures say nothing about a large one.")
    # The longest prompt of each that was loaded: what comes last, and is the hardest.
    longest = {_setup(each): each for each in sorted(measured, key=lambda each: each.prompt_tokens)}
    for model, group in groupby(sorted(longest.values(), key=lambda each: each.model), key=lambda each: each.model):
        choices = list(group)
        if len(choices) > 1:
            remarks.append(_fastest(model, choices))
    return remarks


def _setup(measurement: Measurement) -> tuple[str, str, str, str]:
    return measurement.model, measurement.precision, measurement.device, measurement.engine


def _fastest(model: str, choices: Sequence[Measurement]) -> str:
    best = max(choices, key=lambda each: (not math.isnan(each.tokens_per_s), each.tokens_per_s))
    speed = f"{best.tokens_per_s:,.{0 if best.tokens_per_s >= 100 else 1}f} tokens/s"
    return (
        f"The fastest here for {model}: {best.precision} on {best.device} with {best.engine}, "
        f"{speed} after a prompt of {best.prompt_tokens:,} tokens."
    )


COMMAND = Command("bench", _SUMMARY, _add_arguments, _bench)
