"""The rows of a table, answered by the workers of a Ray cluster. Knows neither tables nor files.

Ray runs a block of rows again where a worker has died, and hands each block on once. What is finished is kept on this
side, in the file of ``resume``: that is why a run may begin without a cluster and go on with one, and why no storage
that all machines see is needed.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from dolly_widget.batch.questions import Question
from dolly_widget.batch.result import RowResult
from dolly_widget.batch.running import answer_rows, refused
from dolly_widget.batch.work import Work
from dolly_widget.engines import EngineSetup, load_engine
from dolly_widget.errors import EngineError
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.shapes import Shape

_MOST_ROWS = 64
"""Of a block: what a worker that dies has to do again."""
_BLOCKS_EACH = 4
"""For each worker, at least: no worker is idle while another still has much to do."""


def answer_on_cluster(setup: EngineSetup, work: Work, rows: Sequence[int], workers: int | None) -> Iterator[RowResult]:
    """Answer ``rows`` with so many workers (None: one for each machine), and yield each result when it is there.

    Takes the cluster that Ray is connected to, or that ``RAY_ADDRESS`` names; otherwise starts one on this machine, and
    ends it. Raises ValueError for fewer than one worker, EngineError where Ray is missing, or ends the run.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"ray must be True, or a number of workers from 1, not {workers}.")
    ray = _ray()
    missing = set(rows)
    for row in rows:
        if isinstance(question := work.questions[row], ValueError):
            missing.discard(row)
            yield refused(question, row, work.params)
    if not missing:
        return
    with _connected(ray):
        for line in _lines(ray, setup, work, sorted(missing), workers):
            if work.stop.is_set():
                return
            result = RowResult.from_line(line, work.shape)
            missing.discard(result.row)
            yield result
    if missing:
        raise EngineError(f"The cluster left {len(missing):,} rows without a result: run it again, with resume.")


def _lines(ray: Any, setup: EngineSetup, work: Work, rows: Sequence[int], workers: int | None) -> Iterator[str]:
    """The lines of the results, in whatever order."""
    machines = sum(node["Alive"] for node in ray.nodes())
    count = workers or machines
    processors = max(1, int(ray.cluster_resources().get("CPU", 1)) // max(count, machines))
    blocks = ray.data.from_arrow([_table(work, block) for block in _blocks(rows, count)])
    blocks.context.enable_progress_bars = False
    answered = blocks.map_batches(
        RowWorker,
        fn_constructor_args=(setup.with_threads(processors), work.params, work.shape, work.at_once),
        batch_size=None,  # a block at a time
        concurrency=min(count, blocks.num_blocks()),
        num_cpus=processors,
    )
    try:
        for block in answered.iter_batches(batch_size=None):
            yield from block["line"].tolist()
    except ray.exceptions.RayError as exc:
        raise EngineError(f"The cluster could not go on: {_reason(exc)}. Run it again, with resume.") from exc


class RowWorker:
    """What Ray runs on its workers: an engine, and blocks of rows to answer with it."""

    def __init__(self, setup: EngineSetup, params: SamplingParams, shape: Shape | None, at_once: int | None) -> None:
        self._engine = load_engine(setup)
        self._params, self._shape, self._at_once = params, shape, at_once

    def __call__(self, block: dict[str, Any]) -> dict[str, Any]:
        """The lines of the results of a block of questions."""
        asked = zip(block["instruction"].tolist(), block["context"].tolist(), strict=True)
        questions: dict[int, Question] = dict(zip(block["row"].tolist(), asked, strict=True))
        results = answer_rows(self._engine, questions, self._params, self._shape, rows=questions, at_once=self._at_once)
        return {"line": [result.to_line() for result in results]}


def _blocks(rows: Sequence[int], workers: int) -> list[Sequence[int]]:
    """``rows`` in pieces. Each becomes a block of Ray's: left to itself, it makes one of a small input."""
    size = min(_MOST_ROWS, max(1, -(-len(rows) // (workers * _BLOCKS_EACH))))
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _table(work: Work, rows: Sequence[int]) -> Any:
    import pyarrow

    instructions, contexts = zip(*(work.questions[row] for row in rows), strict=True)
    return pyarrow.table({"row": list(rows), "instruction": instructions, "context": contexts})


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported that nobody asked for
    try:
        import ray
        import ray.data
    except ImportError as exc:
        raise EngineError(
            'ray=True needs Ray Data: python -m pip install "dolly-widget[cluster]", and restart the kernel.'
        ) from exc
    return ray


@contextlib.contextmanager
def _connected(ray: Any) -> Iterator[None]:
    """A cluster; one that was started for it is ended afterwards."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as exc:  # Ray raises Exception itself where a node does not start in time
        raise EngineError(f"Ray could not start, or connect: {_reason(exc)}.") from exc
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()


def _reason(exc: Exception) -> str:
    """The last line of Ray's account, which is the error's own message."""
    lines = [line.strip() for line in str(getattr(exc, "cause", None) or exc).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(exc).__name__
