"""``dolly-widget bench``: which model runs how fast here. Measuring is the business of `dolly_widget.bench`."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dolly_widget.cli.command import EXIT_MISTAKE, Command, CommandError, in_options
from dolly_widget.cli.interruptible import Abandoned, finish
from dolly_widget.cli.preparing import add_setup_arguments, prepare
from dolly_widget.cli.terminal import printable, shown_progress
from dolly_widget.models import NAMES, Model, WeightFormat
from dolly_widget.runtime import OnProgress, Progress

if TYPE_CHECKING:
    from dolly_widget.bench import Measurement
    from dolly_widget.engines import EngineSetup
    from dolly_widget.models import ModelInfo

T = TypeVar("T")

_SUMMARY = "Measure how fast models run on this machine."
_DESCRIPTION = """\
Measure how fast models run on this machine: every model, in every weight
format, on every device, with every engine that you name. Each is loaded and
given made-up prompts of each length in turn. Figures are medians over the
rounds; for reliable ones, leave the machine idle during the run.

Models that are not on this machine yet are downloaded and converted first.
Ctrl+C stops the run and shows what was measured so far.
"""
_EPILOG = """\
columns:
  weights       how most weights are stored: INT8 is one byte each
  load          time until the model has produced its very first token
  first token   time from a new prompt to the first token of its answer
  shared start  the same, if only the last words of the prompt are new
  per token     time per token after the first, median of the answers
  p95           95 % of these tokens took no longer than this
  floor         time to read all weights from memory once, by the bandwidth
                measured between the rounds: no token can be faster. It
                covers the weights only: the key-value cache comes on top.
  of limit      how close the time per token is to the floor: 100 % has
                reached it. More than that means that the memory was busier
                while its bandwidth was measured.
  tokens per s  tokens per second after the first
  memory        memory that loading and answering added to the process

A dash means that there is no such figure: devices other than the CPU have no
floor, nor do models that fit into the processor's cache. The last line says
what to use: the fastest per token after the longest prompt. Fewer bits are
faster but less exact; if they gain less than 3 %, it recommends more bits.

examples:
  dolly-widget bench
  dolly-widget bench databricks/dolly-v2-3b --weight-format int8 int4
  dolly-widget bench ./my-model --device CPU GPU --prompt-tokens 32 --plot bench.png
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from dolly_widget.bench import PROMPT_LENGTHS
    from dolly_widget.engines import LOCAL_ENGINES

    lengths = " ".join(map(str, PROMPT_LENGTHS))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        help="'demo', 'smollm2', a model id of the Hugging Face hub, or a directory; put models before options "
        "(default: demo)",
    )
    several = partial(parser.add_argument, nargs="+", action="extend")
    several("--device", metavar="D", help="AUTO, CPU, GPU, NPU or the like (default: all available)")
    several("--weight-format", choices=NAMES, help=f"weight formats to convert to (default: {WeightFormat().name})")
    several("--engine", choices=LOCAL_ENGINES, help="engines to run the models with (default: genai)")
    add_setup_arguments(parser, "prompt_lookup", "draft")
    several("--prompt-tokens", metavar="N", type=int, help=f"prompt lengths in tokens (default: {lengths})")
    parser.add_argument("--new-tokens", metavar="N", type=int, default=64, help="answer length in tokens (default: 64)")
    parser.add_argument("--rounds", metavar="N", type=int, default=3, help="number of rounds (default: 3)")
    parser.add_argument("--json", action="store_true", help="print all figures as a JSON array, in seconds and bytes")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="plot the times per token to a .png or .svg file")


def _bench(args: argparse.Namespace) -> int:
    from dolly_widget.bench import PROMPT_LENGTHS
    from dolly_widget.runtime import available_devices, check_device

    args.prompt_tokens = args.prompt_tokens or list(PROMPT_LENGTHS)
    _check_counts(args)
    _check_plot(args.plot)
    args.device = [check_device(each) for each in args.device or available_devices()]
    measured: list[Measurement] = []
    try:
        with _stderr_progress() as on_progress:
            is_whole, code = finish(lambda stop: _measure_all(args, measured, on_progress, stop))
    except Abandoned:
        _show_stopped(measured, args)
        raise
    if code:
        _show_stopped(measured, args)
    else:
        is_whole &= _show(measured, args)
    return code or (0 if is_whole else EXIT_MISTAKE)


def _check_counts(args: argparse.Namespace) -> None:
    """Let errors name the options that the user typed, not the Python arguments."""
    from dolly_widget.bench import check_counts

    try:
        check_counts(args.prompt_tokens, args.new_tokens, args.rounds)
    except ValueError as exc:
        message = str(exc).replace("prompt_lengths", "prompt_tokens")
        raise CommandError(in_options(message, ("prompt_tokens", "new_tokens", "rounds"))) from exc


def _check_plot(path: Path | None) -> None:
    """Find out before anything is measured for minutes."""
    from dolly_widget.bench import check_plot

    try:
        if path:
            check_plot(path)
    except ValueError as exc:
        raise CommandError(f"--plot: {exc}") from exc


@contextlib.contextmanager
def _stderr_progress() -> Iterator[OnProgress]:
    """Yield what reports on stderr: progress in a terminal; elsewhere only messages."""
    if not sys.stderr.isatty():
        yield _print_message
        return
    with shown_progress(sys.stderr) as on_progress:
        yield on_progress


def _print_message(progress: Progress) -> None:
    if progress.message:
        _print_line(printable(progress.message))


@dataclass(frozen=True)
class _Plan:
    """What one call measures."""

    setup: EngineSetup
    info: ModelInfo
    lengths: Sequence[int]
    answers: int

    @property
    def name(self) -> str:
        return ", ".join([f"{self.info.name} {self.info.precision}", self.setup.device, self.setup.engine])


def _measure_all(
    args: argparse.Namespace, measured: list[Measurement], on_progress: OnProgress, stop: threading.Event
) -> bool:
    """Fill ``measured``. False where something could not be measured; ``on_progress`` got the reason."""
    # All are prepared first: a mistake in the last name is found before anything is measured for minutes.
    combinations = product(_models(args, stop), _each(args.device), _each(args.engine or ["genai"]))
    plans = [_plan(*each, args) for each in combinations]
    is_whole, done, total = True, 0, sum(plan.answers for plan in plans)
    for plan in plans:
        if not stop.is_set():
            part = partial(_report_part, on_progress, plan, done / total, plan.answers / total)
            is_whole &= _measure(plan, args, measured, part, stop)
        done += plan.answers
    return is_whole


def _plan(model: tuple[EngineSetup, Model], device: str, engine: str, args: argparse.Namespace) -> _Plan:
    """Skip, with a message, the lengths that a model has no positions for; if all are, measuring says why."""
    from dolly_widget.bench import answers_planned, fitting

    setup, info = replace(model[0], device=device, engine=engine), model[1].info
    lengths = fitting(info, args.prompt_tokens, args.new_tokens) or args.prompt_tokens
    plan = _Plan(setup, info, lengths, answers_planned(lengths, args.rounds))
    for length in _each(args.prompt_tokens):
        if length not in lengths:
            more = f"{args.new_tokens:,} more would exceed its {info.max_positions:,} positions"
            _print_line(printable(f"{plan.name}: prompts of {length:,} tokens are skipped: {more}."))
    return plan


def _report_part(on_progress: OnProgress, plan: _Plan, start: float, share: float, progress: Progress) -> None:
    """Report ``progress`` as a share of all that is planned."""
    fraction = start + share * (progress.fraction or 0)
    on_progress(replace(progress, fraction=fraction, subject=f"{plan.name}, {progress.subject}"))


def _models(args: argparse.Namespace, stop: threading.Event) -> list[tuple[EngineSetup, Model]]:
    """The models, each once: OpenVINO files have the format that they have, whatever is asked for."""
    from dolly_widget.engines import EngineSetup

    found: dict[Path, tuple[EngineSetup, Model]] = {}
    for model, weight_format in product(args.models or ["demo"], args.weight_format or [WeightFormat()]):
        setup = EngineSetup(model, weight_format=weight_format, prompt_lookup=args.prompt_lookup, draft=args.draft)
        setup.refuse_server()
        opened = prepare(setup.prepare, stop).here()
        found.setdefault(opened.directory, (setup, opened))
    return list(found.values())


def _each(values: Sequence[T]) -> list[T]:
    return list(dict.fromkeys(values))


def _measure(
    plan: _Plan, args: argparse.Namespace, measured: list[Measurement], on_progress: OnProgress, stop: threading.Event
) -> bool:
    from dolly_widget.bench import measuring
    from dolly_widget.errors import EngineError

    given: dict[str, Any] = {
        "prompt_lengths": plan.lengths,
        "new_tokens": args.new_tokens,
        "rounds": args.rounds,
        "on_measured": measured.append,
        "stop": stop,
    }
    try:
        measuring.measure(plan.setup, **given, on_progress=on_progress)
    except (EngineError, ValueError, OSError) as exc:  # the others may do
        on_progress(Progress("measure", message=f"dolly-widget: {plan.name}: {exc}"))
        return False
    return True


def _print_line(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show_stopped(measured: Sequence[Measurement], args: argparse.Namespace) -> None:
    _print_line(
        "Stopped: these are the measurements so far." if measured else "Stopped: nothing has been measured yet."
    )
    _show(measured, args)


def _show(measured: Sequence[Measurement], args: argparse.Namespace) -> bool:
    """False where the picture could not be drawn; the reason is on stderr."""
    from dolly_widget.bench.table import table

    is_drawn = not (args.plot and measured) or _draw(measured, args.plot)
    if args.json:
        print(json.dumps([_fields(each) for each in measured], indent=2), flush=True)
    elif measured:
        print(printable("\n".join([table(measured), "", *_remarks(measured)]).rstrip()), flush=True)
    return is_drawn


def _draw(measured: Sequence[Measurement], path: Path) -> bool:
    from dolly_widget.bench import save_plot

    try:
        save_plot(measured, path)
    except OSError as exc:  # the figures are shown even so
        _print_line(printable(f"dolly-widget: {path} could not be written: {exc.strerror or exc}."))
        return False
    return True


def _fields(measurement: Measurement) -> dict[str, Any]:
    """The measurement for JSON, which has no NaN."""
    derived = {name: getattr(measurement, name) for name in ("tokens_per_s", "floor_s", "floor_share")}
    fields = {**asdict(measurement), **derived}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in fields.items()}


def _remarks(measured: Sequence[Measurement]) -> list[str]:
    """The lines below the table; the last one recommends what to use."""
    from dolly_widget.bench.advice import advice

    remarks = []
    if all(each.model == "demo" for each in measured):
        remarks.append("The demonstration model is tiny: these figures say nothing about a large one.")
    bandwidths = [each.bandwidth_bytes_per_s / 1e9 for each in measured if not math.isnan(each.bandwidth_bytes_per_s)]
    if bandwidths:
        low, high = (f"{end(bandwidths):.0f}" for end in (min, max))
        remarks.append(f"Memory bandwidth during the run: {low if low == high else f'{low} to {high}'} GB/s.")
    return [*remarks, *advice(measured)]


COMMAND = Command("bench", _SUMMARY, _add_arguments, _bench)
