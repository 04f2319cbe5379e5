"""What a run has to do: a value. Knows no engine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from dolly_widget.batch.questions import Question
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.shapes import Shape


@dataclass(frozen=True)
class Work:
    """What is to be answered, and how."""

    questions: Sequence[Question]
    params: SamplingParams
    """With a seed."""
    shape: Shape | None
    stop: threading.Event
    at_once: int | None
