"""A question as it is asked: a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Turn


@dataclass(frozen=True)
class Asked:
    """What an answer is asked for with."""

    instruction: str
    context: str
    params: SamplingParams
    turns: tuple[Turn, ...] = ()
    """What was said before."""
    prefix_ids: tuple[int, ...] = ()
    """The answer's first tokens."""
    model_dir: Path | None = None
    """Of the model that ``prefix_ids`` are of; None: of whichever runs."""
    is_chat: bool = False
    """Whether ``turns`` are what the chat holds: a model without a chat template is not told of them."""
