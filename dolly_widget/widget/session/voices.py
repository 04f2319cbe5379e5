"""What an engine tells while it writes an answer, or several at once, and who hears it. Starts no thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from dolly_widget.engines import Listener
from dolly_widget.runtime import Worker
from dolly_widget.widget.session.pace import Pace
from dolly_widget.widget.session.publisher import Publisher


class Voice(Listener):
    """An answer's ``on_text``: ``on_text`` and ``on_reasoning`` get the whole text so far, 20 times a second."""

    def __init__(
        self,
        worker: Worker,
        on_text: Callable[[str], None],
        on_reasoning: Callable[[str], None],
        on_count: Callable[[int], None],
        on_note: Callable[[str], None],
    ) -> None:
        self._text, self._thinking, self._worker = Publisher(on_text), Publisher(on_reasoning), worker
        super().__init__(self._push, self._thinking.push, on_count, on_note)

    def _push(self, piece: str) -> None:
        with self._worker.adopts_current_thread():  # an observer may close the widget, on the engine's own thread
            self._thinking.flush()
            self._text.push(piece)

    def flush(self) -> None:
        """Show what was not shown yet of the text."""
        self._text.flush()


@dataclass(frozen=True)
class Voices:
    """Who hears what is written."""

    text: Callable[[str], None]
    """Gets the text so far, of the only answer."""
    reasoning: Callable[[str], None]
    sample: Callable[[int, str, str], None]
    """Gets the place of one of several answers, "text" or "reasoning", and that so far."""
    pace: Callable[[int, float], None]
    """Gets how many tokens there are so far, of all answers, and how many come in a second."""
    note: Callable[[str], None]
    """Gets what holds up an answer, in a sentence; "" when it goes on."""

    def of(self, count: int, worker: Worker) -> list[Voice]:
        """A voice for each of so many answers."""
        pace = Pace(self.pace)
        if count == 1:
            return [Voice(worker, self.text, self.reasoning, pace, self.note)]
        tokens = [0] * count

        def on_count(place: int, now: int) -> None:
            tokens[place] = now
            pace(sum(tokens))

        def voice(place: int) -> Voice:
            text, reasoning = (partial(self.sample, place, name) for name in ("text", "reasoning"))
            return Voice(worker, text, reasoning, partial(on_count, place), self.note)

        return [voice(place) for place in range(count)]
