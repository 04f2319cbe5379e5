"""One answer while it is written: takes ids, passes text on, keeps the times, says when to stop. Knows no library."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from dolly_widget.engines.result import GenerationResult
from dolly_widget.models import Model
from dolly_widget.text import PromptTemplate, ReasoningSplitter, TextStream

OnText = Callable[[str], None]
"""Gets the pieces of an answer; a ``Listener`` gets those of the reasoning too."""


def ignore_text(piece: str) -> None:
    """Do nothing with a piece of text."""


def ignore_count(count: int) -> None:
    """Do nothing with a number of tokens."""


def ignore_ids(token_ids: Sequence[int]) -> None:
    """Do nothing with ids."""


def ignore_note(note: str) -> None:
    """Do nothing with a note."""


class Listener:
    """An ``on_text`` that also gets the reasoning: its pieces go to ``reasoning``, before those of the answer.

    ``on_count`` gets the number of new tokens so far, after each step; ``on_note`` a sentence on what holds up the
    answer, "" when it goes on; ``on_ids`` the ids of each step, after their text. Any other ``on_text`` gets the answer
    alone.
    """

    def __init__(
        self,
        on_text: OnText,
        reasoning: Callable[[str], None],
        on_count: Callable[[int], None] = ignore_count,
        on_note: Callable[[str], None] = ignore_note,
        on_ids: Callable[[Sequence[int]], None] = ignore_ids,
    ) -> None:
        self._on_text, self.reasoning, self.on_count, self.on_note = on_text, reasoning, on_count, on_note
        self.on_ids = on_ids

    def __call__(self, piece: str) -> None:
        """Take a piece of the answer."""
        self._on_text(piece)


def reasoning_of(on_text: OnText) -> Callable[[str], None]:
    """What gets the pieces of the reasoning."""
    return getattr(on_text, "reasoning", ignore_text)


def count_of(on_text: OnText) -> Callable[[int], None]:
    """What gets the number of tokens."""
    return getattr(on_text, "on_count", ignore_count)


def note_of(on_text: OnText) -> Callable[[str], None]:
    """What gets the notes."""
    return getattr(on_text, "on_note", ignore_note)


def ids_of(on_text: OnText) -> Callable[[Sequence[int]], None]:
    """What gets the ids."""
    return getattr(on_text, "on_ids", ignore_ids)


class Endings(NamedTuple):
    """What ends an answer."""

    ids: frozenset[int]
    texts: tuple[str, ...]
    """Those that are no single token, and so must be watched for in the text."""


def endings(model: Model, template: PromptTemplate, stop: Iterable[str] = ()) -> Endings:
    """What ends an answer of ``model``: by its files, by ``template``, and by the texts ``stop`` of a user."""
    ids = {text: model.tokenizer.special_id(text) for text in (*template.stop, *stop)}
    end_ids = {token_id for token_id in ids.values() if token_id is not None} | model.end_ids
    return Endings(frozenset(end_ids), tuple(text for text, token_id in ids.items() if token_id is None))


class Answer:
    """Takes the ids of one answer as they come: passes text on, keeps the times, and says when to stop."""

    def __init__(
        self,
        text: TextStream,
        on_text: OnText,
        cancels: Sequence[threading.Event],
        prefix_ids: Sequence[int] = (),
        end_ids: frozenset[int] = frozenset(),
        splitter: ReasoningSplitter | None = None,
        marks: Mapping[int, str] | None = None,
    ) -> None:
        self.end_ids = end_ids
        """Ids that end an answer."""
        self._text = text
        self._splitter, self._marks = splitter or ReasoningSplitter(), marks or {}
        self._reasoning_tokens, self._reasoning_s = 0, math.nan
        self._on_text = on_text
        self._cancels = cancels
        self._prefix = list(prefix_ids)
        self._ids: list[int] = []
        self._started = math.nan
        self._times: list[float] = []
        self._callback_s = 0.0
        self._is_cut = False
        self.error: BaseException | None = None
        self.shortfall = ""
        """Why it cannot go on although it has not ended: "" where it can."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the caller asked to stop, the engine is being closed, or ``cancel`` was called."""
        return self._is_cut or any(event.is_set() for event in self._cancels)

    def cancel(self) -> None:
        """Have it end where it is, and say so. Safe from any thread."""
        self._is_cut = True

    @property
    def is_stopped(self) -> bool:
        """Whether a stop string was reached."""
        return self._text.is_stopped

    @property
    def should_continue(self) -> bool:
        """Whether the engine should make more tokens."""
        return not (self.error or self.is_stopped or self.is_cancelled)

    @property
    def token_ids(self) -> list[int]:
        """Ids so far, those that were given first."""
        return [*self._prefix, *self._ids]

    @property
    def new_tokens(self) -> int:
        """Number of ids so far, without those that were given first."""
        return len(self._ids)

    def start(self) -> None:
        """Pass on the text that was given, and note when the work on the prompt begins."""
        if self._prefix:
            self._read(self._prefix)
        self._started = time.perf_counter()

    def step(self, at_s: float | None = None) -> None:
        """Note when a forward pass had ended, by ``time.perf_counter``: now, unless it was ``at_s``."""
        self._times.append(time.perf_counter() if at_s is None else at_s)

    def retime(self, ttft_s: float, times_s: Sequence[float]) -> None:
        """Take the library's times in place of those noted: time to first token, and when each pass had ended.

        Where it has none, those noted stay.
        """
        if not times_s:
            return
        count = min(len(self._times), len(times_s))
        self._times = [self._started + ttft_s + time_s - times_s[0] for time_s in times_s[:count]]

    def write(self, token_ids: list[int]) -> None:
        """Take further ids. Raises nothing that ``on_text`` raised: that is kept for ``finish``."""
        self._ids += token_ids
        # An end is no text, whether or not the tokenizer's files call it a control token.
        self._read([token_id for token_id in token_ids if token_id not in self.end_ids])
        if not self.error:
            self._call(lambda: count_of(self._on_text)(len(self._ids)))
        if not self.error:
            self._call(lambda: ids_of(self._on_text)(token_ids))

    def note(self, sentence: str) -> None:
        """Tell the reader what holds up the answer, "" when it goes on."""
        if not self.error:
            self._call(lambda: note_of(self._on_text)(sentence))

    def _read(self, token_ids: Sequence[int]) -> None:
        was_answering = self._splitter.is_answering
        if was_answering or not any(token_id in self._marks for token_id in token_ids):
            self._pass_on(self._text.push(token_ids))
        else:
            for token_id in token_ids:
                self._read_mark(token_id)
        if not was_answering and self._splitter.reasoning:
            self._reasoning_tokens = len(self.token_ids)
            self._reasoning_s = time.perf_counter() - self._started

    def _read_mark(self, token_id: int) -> None:
        """A special token that ends a stretch of the text, and has a meaning of its own."""
        if token_id not in self._marks or self._splitter.is_answering:
            self._pass_on(self._text.push([token_id]))
            return
        self._pass_on(self._text.flush())
        self._text = self._text.fresh()
        self._pass_on(self._marks[token_id])

    def _pass_on(self, piece: str) -> None:
        self._tell(*self._splitter.push(piece))

    def _tell(self, reasoning: str, piece: str) -> None:
        if reasoning and not self.error:
            self._call(lambda: reasoning_of(self._on_text)(reasoning))
        if piece and not self.error:
            self._call(lambda: self._on_text(piece))

    def _call(self, tell: Callable[[], None]) -> None:
        started = time.perf_counter()
        try:
            tell()
        except BaseException as exc:  # out of a library's callback it would end the process
            self.error = exc
        self._callback_s += time.perf_counter() - started

    def finish(self) -> None:
        """Pass on what was held back; raise what ``on_text`` raised."""
        self._pass_on(self._text.flush())
        self._tell(*self._splitter.flush())
        self._on_text = ignore_text  # which holds the engine, and the library may hold us for longer
        if self.error:
            raise self.error

    def has_ended(self, max_new_tokens: int) -> bool:
        """Whether there is nothing more to come."""
        return self.is_at_end or len(self.token_ids) >= max_new_tokens

    @property
    def is_at_end(self) -> bool:
        """Whether a stop string was reached, or an id that ends an answer."""
        ids = self.token_ids
        return self.is_stopped or bool(ids and ids[-1] in self.end_ids)

    def finish_reason(self, max_new_tokens: int) -> str:
        """Return why the answer ended, see ``GenerationResult``."""
        # From the ids: after a cancel, GenAI's own finish reason is now NONE and now STOP.
        if self.is_at_end:
            return "stop"
        if len(self.token_ids) >= max_new_tokens:
            return "length"
        if self.is_cancelled:
            return "cancelled"
        return "length" if self.shortfall else "stop"

    def result(self, prompt_tokens: int, finish_reason: str, seed: int, is_greedy: bool = False) -> GenerationResult:
        """Return the answer and how it came about."""
        times, count = self._times, self.new_tokens
        # Where on_text takes longer than the library, which does not wait for it, that is the pace of the answer.
        rest_s = max(times[-1] - times[0], self._callback_s) if times else math.nan
        return GenerationResult(
            text=self._splitter.text.rstrip(),
            token_ids=tuple(self.token_ids),
            prompt_tokens=prompt_tokens,
            finish_reason=finish_reason,
            seed=seed,
            ttft_s=times[0] - self._started if times else math.nan,
            tpot_s=rest_s / (count - 1) if count > 1 else math.nan,
            prefix_tokens=len(self._prefix),
            reasoning=self._splitter.reasoning,
            reasoning_tokens=self._reasoning_tokens,
            reasoning_s=self._reasoning_s,
            is_greedy=is_greedy,
            pass_s=tuple(later - earlier for earlier, later in itertools.pairwise(times)),
        )
