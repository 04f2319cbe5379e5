"""Preparing a model for `ask` and `convert`: the options that both have, and progress on stderr meanwhile."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from dolly_widget.cli.command import Stopped
from dolly_widget.cli.terminal import shown_progress
from dolly_widget.models import NAMES, WeightFormat


def add_format_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--weight-format`` and ``--revision``."""
    parser.add_argument(
        "--weight-format",
        choices=NAMES,
        default=WeightFormat().name,
        help=f"how a conversion stores the weights (default: {WeightFormat().name})",
    )
    parser.add_argument("--revision", metavar="REV", help="branch, tag or commit of the model (default: main)")


def prepare(work: Callable[..., Path], stop: threading.Event) -> Path:
    """Return the directory that ``work(on_progress=, stop=)`` makes, its progress shown on stderr; raises Stopped."""
    from dolly_widget.errors import ModelError

    try:
        with shown_progress(sys.stderr) as on_progress:
            return work(on_progress=on_progress, stop=stop)
    except ModelError as exc:
        if stop.is_set():
            raise Stopped("Stopped: the models that you have are as they were.") from exc
        raise
