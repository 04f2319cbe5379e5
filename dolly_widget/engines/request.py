"""One of many answers that are asked for at once: a value."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from dolly_widget.engines.answer import Endings, OnText, ignore_text
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt
from dolly_widget.text.shapes import Shape


@dataclass(frozen=True)
class GenerationRequest:
    """What ``Engine.generate`` is called with, as a value."""

    prompt: Prompt
    params: SamplingParams = field(default_factory=SamplingParams)
    shape: Shape | None = None
    """What the answer has to be; None: any text."""
    prefix_ids: tuple[int, ...] = ()
    """The answer's first tokens."""
    on_text: OnText = ignore_text
    """Gets the pieces of the text as they come, on the thread that takes the results."""
    stop: threading.Event | None = None
    """Ends this answer alone."""
    endings: Endings | None = None
    """What ends it; None: what its model, its template and ``params.stop`` say."""
    prefix_text: str = ""
    """The answer's beginning, where its tokens are not known: see ``ContinuesText``."""
