"""One answer that a pipeline writes beside others, as its reader sees it. Knows no library."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dolly_widget.engines.answer import Answer
from dolly_widget.engines.continuation import Continuation
from dolly_widget.runtime import INTERRUPT_S


def _do_nothing() -> None:
    return


class Running:
    """Ids to go on from, and where the ids that follow are put. Its reader may ask it to end at any time."""

    handle: Any = None
    """The library's; the pipeline's alone."""

    def __init__(
        self, text: Continuation, answer: Answer, inbox: Inbox, at_end: Callable[[], None] = _do_nothing
    ) -> None:
        self.text, self.end_ids = text, answer.end_ids
        self._answer, self._inbox, self._at_end = answer, inbox, at_end
        self._is_cancelled = False

    @property
    def most_tokens(self) -> int:
        """How long the whole text can become."""
        return len(self.text.ids) + self.text.params.max_new_tokens

    @property
    def is_unwanted(self) -> bool:
        """Whether it is to end with this step."""
        return self._is_cancelled or self._answer.is_cancelled

    def cancel(self) -> None:
        """Have it end with this step. Safe at any time."""
        self._is_cancelled = True

    def cut_off(self) -> None:
        """Have it end with this step, and its answer say that it was cancelled. Safe at any time."""
        self._answer.cancel()

    def tell(self, ids: Sequence[int], at_s: float) -> None:
        """What a step made, and when (``time.perf_counter``)."""
        self._inbox.put(News(self, ids, at_s))

    def end(self, error: BaseException | None = None) -> None:
        """There is no more to come. Its reader may come for it much later: ``at_end`` is called here and now."""
        self._at_end()
        self._inbox.put(News(self, (), 0.0, True, error))


class News(NamedTuple):
    """What has become of a running answer."""

    running: Running
    ids: Sequence[int]
    at_s: float
    is_end: bool = False
    error: BaseException | None = None


class Inbox:
    """The news of one reader's answers, in the order in which they came."""

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()

    def put(self, news: News) -> None:
        """Add to it, from any thread."""
        self._news.put(news)

    def get(self) -> News:
        """Wait for the next one. An interrupt ends the wait."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._news.get(timeout=INTERRUPT_S)
