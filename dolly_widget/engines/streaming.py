"""An answer as something to loop over, for scripts and plain cells. Knows engines by their protocol only."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator
from typing import Any

from dolly_widget.engines.engine import Engine
from dolly_widget.engines.result import GenerationResult
from dolly_widget.runtime import INTERRUPT_S, Job
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt


def stream(
    engine: Engine, prompt: Prompt, params: SamplingParams, **arguments: Any
) -> Generator[str, None, GenerationResult]:
    """Yield the pieces of an answer as they come; the result is what the generator returns (``yield from``).

    Further arguments are the engine's own, as in its ``generate``. Interrupting the loop stops the answer after the
    current token, and so does leaving it, once the generator is freed; if it has a name, ``close()`` it. Raises what
    ``Engine.generate`` raises, after the pieces that came before. Not for use within ``on_text``.
    """
    arrived: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def work(stop: threading.Event) -> GenerationResult:
        try:
            return engine.generate(prompt, params, on_text=arrived.put, stop=stop, **arguments)
        finally:
            arrived.put(None)  # whatever happened: the reader would wait for ever

    job = Job(work, name="dolly-answer")
    try:
        while (piece := _next(arrived)) is not None:
            yield piece
    except BaseException:
        job.stop()  # without waiting: the garbage collector may run this, on any thread
        raise
    return job.wait()


def _next(arrived: queue.SimpleQueue[str | None]) -> str | None:
    while True:
        with contextlib.suppress(queue.Empty):
            return arrived.get(timeout=INTERRUPT_S)
