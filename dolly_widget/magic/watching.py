"""Waiting for an answer that is made on a job: showing how it goes, and ending it where the user interrupts."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dolly_widget.engines import GenerationResult
from dolly_widget.errors import ModelError
from dolly_widget.magic.views import THINKING, WRITING, View
from dolly_widget.runtime import Job, Progress
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import encodable

SHOW_INTERVAL_S = 0.05
STOP_TIMEOUT_S = 3.0
"""How long an interrupt waits for the end. Loading, and with some engines a long prompt, cannot be stopped midway."""


@dataclass
class Live:
    """What the job's thread tells, and the main thread shows."""

    doing: str
    """The step that it is at, in words."""
    model: str
    """What was asked for; then what the model that is there is called."""
    params: SamplingParams
    """What was typed and the project's defaults; then the model's own."""
    notes: list[str] = field(default_factory=list)
    """What is to be known of preparing the model: what it needs, that a file is a pickle."""
    pieces: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    """The pieces of the reasoning before the answer."""
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def text(self) -> str:
        """The answer so far."""
        return encodable("".join(self.pieces))

    @property
    def reasoning(self) -> str:
        """What the model thought so far."""
        return encodable("".join(self.thoughts))

    @property
    def step(self) -> str:
        """What is being done, in words."""
        return THINKING if self.thoughts and not self.pieces else self.doing

    def hold_up(self, note: str) -> None:
        """What holds up the answer, in a sentence; "" when it goes on."""
        self.doing = note or WRITING

    def report(self, progress: Progress) -> None:
        """An OnProgress. What is said beside the figures stays."""
        if progress.message and progress.message not in self.notes:
            self.notes.append(progress.message)
        self.doing = str(replace(progress, message=""))


@contextlib.contextmanager
def catch_interrupts() -> Iterator[list[float]]:
    """Yield the times of the interrupts so far, which meanwhile raise nothing: KeyboardInterrupt may come anywhere."""
    times: list[float] = []
    if threading.current_thread() is not threading.main_thread():
        yield times  # a subshell's: signals never reach it
        return
    before = signal.signal(signal.SIGINT, lambda *_: times.append(time.monotonic()))
    try:
        yield times
    finally:
        signal.signal(signal.SIGINT, before)


def watch(job: Job[GenerationResult], live: Live, view: View, interrupts: list[float]) -> None:
    """Show how it goes, until the end, or until an interrupt has waited for it long enough, or comes again."""
    while True:
        if interrupts:
            job.stop()
        view.show(live.text, "Stopping…" if interrupts else live.step, live.notes)
        if live.ended.wait(SHOW_INTERVAL_S):
            return
        if interrupts and (len(interrupts) > 1 or time.monotonic() - interrupts[0] > STOP_TIMEOUT_S):
            return


def outcome(
    job: Job[GenerationResult], live: Live, is_interrupted: bool
) -> tuple[GenerationResult | None, BaseException | None]:
    """The result, whole or what an interrupt left of it; or what went wrong instead."""
    if live.ended.is_set():
        try:
            return job.wait(), None
        except BaseException as exc:  # it is raised again when the text is safe
            if not (is_interrupted and isinstance(exc, ModelError)):
                return None, exc
    seed, reasoning = live.params.seed or 0, live.reasoning
    left = GenerationResult(live.text.rstrip(), (), 0, "cancelled", seed, math.nan, math.nan, reasoning=reasoning)
    return left, None
