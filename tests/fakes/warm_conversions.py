"""Conversions one after another in one process: a child for each would import PyTorch anew, which takes longest."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from dolly_widget.models.conversion import child, worker
from dolly_widget.models.weight_format import WeightFormat


@contextmanager
def converting():
    """Yield ``convert(directory, weight_format)``: the model's directory in the store, and the reports that it gave."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_be_quiet) as pool:
        yield lambda *arguments: pool.submit(_convert, *arguments).result()


def _be_quiet():
    os.environ.update(worker.QUIET)


def _convert(directory, weight_format):
    reports = []
    return child.prepare(str(directory), WeightFormat.of(weight_format), "main", reports.append), reports
