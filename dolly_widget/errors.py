"""The errors that a user is told about: one sentence with what is wrong and what to do. Imports nothing of ours."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from typing import Any


class ModelError(ValueError):
    """A model that is missing or incomplete. The message says what to do."""


class ModelChoiceError(ModelError):
    """A name that stands for several models. The message lists some of them, and says how to name one."""

    def __init__(self, message: str, model: str, choices: Iterable[tuple[str, int]], separator: str = ":") -> None:
        self.model = model
        """The name that was given, without a file."""
        self.choices = tuple((str(file), int(size)) for file, size in choices)
        """What to choose from: files and the bytes of each, or a server's models and 0. ``name_of`` names one."""
        self.separator = separator
        """What stands between the name and a choice: ":" before a file, "#" before a model of a server."""
        super().__init__(message)

    @property
    def is_server(self) -> bool:
        """Whether the choice is among the models of a server."""
        return self.separator == "#"

    def name_of(self, choice: str) -> str:
        """The whole name of a choice, which loads it."""
        return f"{self.model}{self.separator}{choice}"


def release_frames(exc: BaseException | None) -> None:
    """Free what the local variables of an error's traceback hold, which may be a whole model."""
    while exc is not None:
        traceback.clear_frames(exc.__traceback__)
        exc = exc.__cause__ or exc.__context__


class EngineError(RuntimeError):
    """A model could not be loaded or run. The message says why, and what to do; the cause is kept."""


class PromptTooLongError(ValueError):
    """A prompt that leaves too little room, or none, for the answer. Nothing was run."""

    def __init__(self, prompt_tokens: int, max_new_tokens: int, max_positions: int) -> None:
        self.prompt_tokens = prompt_tokens
        self.max_new_tokens = max_new_tokens
        self.max_positions = max_positions
        self.largest_max_new_tokens = max(0, max_positions - prompt_tokens)
        """Largest ``max_new_tokens`` that fits; 0 where the prompt alone is too long."""
        surplus = prompt_tokens + max_new_tokens - max_positions
        advice = "shorten the text, or allow fewer new tokens" if self.largest_max_new_tokens else "shorten the text"
        super().__init__(f"{surplus:,} {'token' if surplus == 1 else 'tokens'} too long for this model: {advice}.")


class IncompleteAnswerError(ValueError):
    """An answer that ended before it was whole: it lacks its shape, or its server went away.

    ``text`` is what there is of it.
    """

    def __init__(self, message: str, result: Any) -> None:
        self.result = result
        """The ``GenerationResult``: its text, tokens and figures, without a value."""
        self.text: str = result.text
        super().__init__(message)


# A mistake or a missing part: one sentence. Anything else is a bug, and shown with its traceback.
EXPECTED_ERRORS = (ValueError, TypeError, OSError, ImportError, EngineError)


def error_text(exc: BaseException) -> str:
    """The message of an expected error; for a bug, that it is one."""
    if isinstance(exc, EXPECTED_ERRORS):
        return str(exc)
    return f"Internal error in dolly_widget ({type(exc).__name__}: {exc}): this is a bug, please report it."
