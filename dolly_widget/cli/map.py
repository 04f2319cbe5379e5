"""``dolly-widget map``: a table's file in, the same with a column of answers out. Answering is batch's business."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.cli.ask import tell_about_demo
from dolly_widget.cli.command import Command, CommandError, Stopped, in_options
from dolly_widget.cli.interruptible import finish
from dolly_widget.cli.preparing import add_setup_arguments, prepare, setup_from
from dolly_widget.cli.sampling_options import add_sampling_arguments, fields_as_options, given_settings
from dolly_widget.cli.terminal import tell
from dolly_widget.errors import EngineError, error_text

if TYPE_CHECKING:
    from dolly_widget.batch import Question, RowResult
    from dolly_widget.batch.table_files import TableFile
    from dolly_widget.text.shapes import Shape

_EPILOG = """\
INSTRUCTION and --context name columns in braces: {text} stands for a row's
text in the column "text"; {{ and }} are braces. A row without a value there is
not asked.

The output has the columns of the input, and
  NAME              the answer (--into NAME)
  NAME_probability  with --choices: how likely the model took that choice
  NAME_error        why there is no answer

Finished rows are kept beside the output, in OUT.rows, until all are done: after
Ctrl+C, a full disk or a power failure, the same command goes on from there. Row
n is drawn with the seed plus n.

A spreadsheet takes a text that begins with = + - @, a tab or a carriage return
for a formula, and runs it when the file is opened. --escape-formulas puts an
apostrophe before such texts, in all columns.

examples:
  dolly-widget map reviews.csv --instruction "Is this positive? {text}" \\
      --choices positive,negative --into label --out labelled.csv
  dolly-widget map letters.jsonl --instruction "Who wrote this?" \\
      --context "{letter}" --out names.parquet --model smollm2
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("table", metavar="TABLE", type=Path, help="a .csv, .tsv, .jsonl or .parquet file, in UTF-8")
    parser.add_argument("--instruction", metavar="TEXT", required=True, help='such as "Is this positive? {text}"')
    parser.add_argument("--context", metavar="TEXT", default="", help='text to work on, such as "{letter}"')
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the new file, of any of these kinds")
    parser.add_argument("--into", metavar="NAME", default="answer", help="the column of the answers (default: answer)")
    parser.add_argument("--choices", metavar="A,B,…", help="the answer is one of these, separated by commas")
    parser.add_argument("--at-once", metavar="N", type=int, help="most rows at a time (default: what memory allows)")
    parser.add_argument(
        "--ray", metavar="N", type=int, nargs="?", const=True, default=False,
        help="have a Ray cluster do the work, with N workers (default: one for each machine)",
    )  # fmt: skip
    parser.add_argument("--escape-formulas", action="store_true", help="make texts safe for spreadsheets: see below")
    add_setup_arguments(parser)
    add_sampling_arguments(parser)


def _map(args: argparse.Namespace) -> int:
    given, shape = given_settings(args), _shape(args.choices)
    if args.at_once is not None and args.at_once < 1:
        raise CommandError(f"--at-once must be 1 or more, not {args.at_once}.")
    table, columns, questions = _read(args)
    setup = setup_from(args)
    kept_path = args.out.with_name(f"{args.out.name}.rows")
    tell_about_demo(args.model)

    def work(stop: threading.Event) -> list[RowResult]:
        from dolly_widget.batch import ask_questions

        prepare(setup.prepare, stop)
        with fields_as_options():
            return ask_questions(
                questions,
                stop,
                model=setup,
                answer=shape,
                resume=kept_path,
                at_once=args.at_once,
                ray=args.ray,
                **given,
            )

    try:
        results, _ = finish(work)
    except EngineError as exc:
        raise CommandError(str(exc)) from exc
    if len(results) < len(questions):
        raise Stopped(
            f"Stopped: {len(results):,} of {len(questions):,} rows are kept in {kept_path}; "
            "the same command goes on from there."
        )
    try:
        _write(args, table, columns, results)
    except Exception as exc:  # a library's own, too: the answers are there, and are to be found
        raise CommandError(
            f"{args.out} could not be written: {_reason(exc)}. All answers are kept in {kept_path}: the same command "
            "asks nothing again; for another --out FILE, rename it to FILE.rows first."
        ) from exc
    _discard(kept_path)
    _tell_errors(results, args.into)
    return 0


def _read(args: argparse.Namespace) -> tuple[TableFile, list[str], list[Question]]:
    """The table, its columns, and the question of each row. Raises ValueError or CommandError for a mistake."""
    from dolly_widget.batch import FieldTemplate
    from dolly_widget.batch.columns import check_names
    from dolly_widget.batch.fields import questions_of_rows
    from dolly_widget.batch.table_files import TableFile, check_writable

    if args.out.exists():
        raise CommandError(f"{args.out} is there already: give another --out, or delete it first.")
    check_writable(args.out)
    table = TableFile(args.table)
    columns = table.columns()
    try:
        check_names(columns, args.into)
    except ValueError as exc:
        raise CommandError(in_options(exc, ("into",))) from exc
    templates = FieldTemplate(args.instruction), FieldTemplate(args.context)
    return table, columns, questions_of_rows(table.rows(), columns, *templates)


def _shape(typed: str | None) -> Shape | None:
    """The choices as a shape. Raises CommandError for an empty one, ValueError for what is none otherwise."""
    if typed is None:
        return None
    from dolly_widget.text.shapes import shape_of

    choices = [choice.strip() for choice in typed.split(",")]
    if not all(choices):
        raise CommandError(f"--choices {typed!r} has an empty choice: write them like positive,negative.")
    return shape_of(choices)


def _write(args: argparse.Namespace, table: TableFile, columns: list[str], results: list[RowResult]) -> None:
    """Write the table with the answers. The input is read once more, so that it need not be held."""
    from dolly_widget.batch.columns import answer_columns
    from dolly_widget.batch.table_files import write_table

    new = answer_columns(results, args.into)

    def rows() -> Iterator[dict[str, Any]]:
        for row, *values in zip(table.rows(), *new.values(), strict=True):
            yield {**row, **dict(zip(new, values, strict=True))}

    write_table(args.out, [*columns, *new], rows(), escapes_formulas=args.escape_formulas)


def _reason(exc: Exception) -> str:
    text = exc.strerror if isinstance(exc, OSError) and exc.strerror else error_text(exc)
    return " ".join(text.split()).rstrip(".")


def _discard(kept_path: Path) -> None:
    from dolly_widget.batch.kept_rows import forget

    with contextlib.suppress(OSError):
        forget(kept_path)


def _tell_errors(results: list[RowResult], into: str) -> None:
    count = sum(1 for each in results if each.error)
    if count:
        first = next(each for each in results if each.error)
        said = f"{count:,} of {len(results):,} rows have no answer: see the column {into}_error. "
        tell(f"{said}The first is row {first.row + 1:,}: {first.error}", sys.stderr)


COMMAND = Command("map", "Ask the same question about each row of a table.", _add_arguments, _map)
