"""What a session reports, as one value. Knows none of its listeners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dolly_widget.history import Exchange
from dolly_widget.runtime import Progress
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.edits import Edit


@dataclass(frozen=True)
class Events:
    """Called on whichever thread it happens on, the worker's most of the time, under the session's lock."""

    changed: Callable[[str, Any], None]
    """A text of the session, by name, and what it is now: "status", "error", "progress", "response", "device"."""
    begun: Callable[[Asked], None]
    """A question was taken."""
    paced: Callable[[int, float], None]
    """How many tokens the answer has so far, and how many come in a second."""
    held_up: Callable[[str], None]
    """What holds up the answer, in a sentence; "" when it goes on."""
    sample_changed: Callable[[int, str, str], None]
    """The place of one of several answers that are written at once, "text" or "reasoning", and that so far."""
    sample_ended: Callable[[int, Exchange | Exception, Edit | None], None]
    """The place of one of several answers, which failed or is one of the exchanges, and the edit that added it there.

    None: it is the last of them.
    """
    answered: Callable[[], None]
    """What was asked is answered: one or several exchanges were added."""
    edited: Callable[[Edit], None]
    """An exchange was deleted, put back, or labelled."""
    shown: Callable[[Exchange], None]
    """A finished answer is the one that is shown now."""
    emptied: Callable[[], None]
    """No answer is shown any longer, and the chat is over."""
    broken_off: Callable[[Asked], None]
    """An answer ended in an error, which is reported next; ``response`` is the text so far."""
    answer_failed: Callable[[BaseException], None]
    """An answer failed, and not because its model could not be loaded."""
    error_cleared: Callable[[], None]
    """The last error no longer holds."""
    preparing: Callable[[Progress | None, tuple[str, ...]], None]
    """How far a model is, and all messages so far; None while it is compiled."""
    loaded: Callable[[], None]
    """A model runs, or the previous one runs again."""
    load_failed: Callable[[BaseException, bool], None]
    """A model could not be loaded, and whether that was because it was stopped."""
