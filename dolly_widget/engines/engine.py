"""What an engine is, as protocols: the one that all have, and small ones for what only some can do."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from dolly_widget.engines.result import GenerationResult
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt, PromptTemplate


@runtime_checkable
class Engine(Protocol):
    """A loaded model on a device. Callers on several threads take turns."""

    model_dir: Path
    device: str
    template: PromptTemplate

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = ...,
        stop: threading.Event | None = None,
        prefix_ids: Sequence[int] = (),
    ) -> GenerationResult:
        """Answer ``prompt``; blocks. ``on_text`` gets each piece of text as it comes, on some thread.

        ``prefix_ids`` are the answer's first tokens, which count towards ``max_new_tokens``: it goes on from there, and
        its text begins with theirs. Setting ``stop`` ends the answer after the current step, with what there is. An
        exception out of ``on_text`` ends it too and comes out here. Raises PromptTooLongError before anything runs,
        ValueError for an id that is not in the vocabulary, EngineError where the device fails, RuntimeError where it is
        called from its own ``on_text``.
        """
        ...

    def close(self) -> None:
        """Cancel what runs, and free the model. Safe to call twice; ``generate`` then raises EngineError."""
        ...


@runtime_checkable
class TellsOfClosing(Protocol):
    """An engine that can be told what else to free with it."""

    def when_closed(self, free: Callable[[], None]) -> None:
        """Have ``free`` called by ``close``; at once where the engine is closed already."""
        ...


def can_go_on(engine: object) -> bool:
    """Whether ``engine`` takes an answer's beginning, ``prefix_ids``: engines of others may not."""
    taken = inspect.signature(engine.generate).parameters if isinstance(engine, Engine) else {}
    return "prefix_ids" in taken or any(each.kind is each.VAR_KEYWORD for each in taken.values())
