"""``dolly-widget convert``: a model is downloaded or converted into the store, with progress."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dolly_widget.cli.command import Command, CommandError, in_options
from dolly_widget.cli.interruptible import finish
from dolly_widget.cli.preparing import add_setup_arguments, prepare
from dolly_widget.cli.terminal import printable, tell
from dolly_widget.models import WeightFormat

_SUMMARY = "Download a model and convert it to OpenVINO, ready for the widget."
_DESCRIPTION = """\
Download a model and convert it to OpenVINO, ready for the widget.

A PyTorch checkpoint is downloaded, exported to OpenVINO and compressed, which
takes minutes and needs the optimum extra:
  python -m pip install "dolly-widget[optimum]"
A repository that holds OpenVINO files already, such as those of the OpenVINO
organisation on the hub, is only downloaded: that needs no extra, and its
weights keep their format.

Some types of models are exported with another version of transformers than
the installed one. You are told before the download; --install-exporter then
adds that version to the cache, and your environment stays as it is.

The result goes to the store, a folder in your cache directory; the environment
variable DOLLY_WIDGET_CACHE names another one. `dolly-widget models` lists,
checks and removes what is there. Before the work starts, you are told how much
disk and memory it needs and how much is free. Ctrl+C stops it at any time: the
store never holds a half-converted model.

Code that comes with a model is never run. Pickled checkpoints are read by
PyTorch's weights-only loader, and you are told that the file is a pickle.

Only the directory of the model goes to stdout; everything else to stderr.
"""
_EPILOG = """\
weight formats (none needs calibration data):
  fp16  2 bytes per weight: as published, the largest
  int8  1 byte per weight, with a scale for each row
  int4  half a byte per weight, with a scale for each group; the embedding and
        the output layer are int8: the smallest, and the least exact

examples:
  dolly-widget convert databricks/dolly-v2-3b
  dolly-widget convert databricks/dolly-v2-3b --weight-format int4
  dolly-widget convert OpenVINO/dolly-v2-3b-int8-ov       # only downloads
  dolly-widget convert ./my-checkpoint --weight-format fp16
  dolly-widget ask "Hello" --model "$(dolly-widget convert ./my-checkpoint)"
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "model", metavar="MODEL", help="a model id of the Hugging Face hub, or a directory with a checkpoint"
    )
    add_setup_arguments(parser, "weight_format", "revision")
    parser.add_argument(
        "--group-size",
        metavar="N",
        type=int,
        help="int4: how many weights share a scale, a power of two, or -1 for a whole row (default: 128)",
    )
    parser.add_argument(
        "--ratio", metavar="R", type=float, help="int4: share of the layers that are int4, the rest int8 (default: 1)"
    )
    parser.add_argument(
        "--install-exporter",
        action="store_true",
        help="add the version of transformers that the model's type is exported with to the cache, where it is needed",
    )


def _convert(args: argparse.Namespace) -> int:
    from dolly_widget.engines import is_server

    if is_server(args.model):
        raise CommandError("A server's model runs there: convert a checkpoint, or a model of the hub.")
    weight_format = _weight_format(args)
    options = {"install_exporter": True} if args.install_exporter else {}
    work = partial(_maker(args.model), args.model, weight_format, args.revision, **options)
    model_dir, code = finish(lambda stop: prepare(work, stop))
    path = str(model_dir)
    print(printable(path) if sys.stdout.isatty() else path, flush=True)
    tell(_usage(args, weight_format, model_dir), sys.stderr)
    return code


def _maker(model: str) -> Callable[..., Path]:
    """What makes ``model``: for one of the hub, that which asks for its newest commit, whatever the store has."""
    from dolly_widget import models
    from dolly_widget.models.hub import client

    is_here = model == "demo" or Path(model).expanduser().exists()
    return models.convert if client.is_model_id(model.partition(":")[0]) and not is_here else models.resolve


def _weight_format(args: argparse.Namespace) -> WeightFormat:
    given = {name: value for name in ("group_size", "ratio") if (value := getattr(args, name)) is not None}
    try:
        return WeightFormat(args.weight_format, **given)
    except ValueError as exc:
        raise CommandError(in_options(exc, ("group_size", "ratio"))) from exc


def _usage(args: argparse.Namespace, weight_format: WeightFormat, model_dir: Path) -> str:
    """How to run what was made: by its name, where the name alone leads there from anywhere; by its directory else."""
    is_here = args.model != "demo" and Path(args.model).expanduser().exists()
    has_name = not (is_here or args.revision) and str(weight_format) == args.weight_format
    is_usual = not has_name or weight_format == WeightFormat()
    model = args.model if has_name else str(model_dir)
    python = json.dumps(model, ensure_ascii=False) + ("" if is_usual else f', weight_format="{weight_format}"')
    shell = shlex.quote(model) + ("" if is_usual else f" --weight-format {weight_format}")
    return f'In a notebook:  DollyWidget({python})\nIn a terminal:  dolly-widget ask "Who is Dolly?" --model {shell}'


COMMAND = Command("convert", _SUMMARY, _add_arguments, _convert)
