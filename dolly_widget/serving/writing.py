"""One answer that an engine writes on a Job, as the event loop sees it. Knows no HTTP.

What comes is kept in one piece until it is fetched: a slow reader holds up nobody, and what waits for it is no more
than its answer.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dolly_widget.engines import Endings, Engine, GenerationResult, Listener
from dolly_widget.errors import IncompleteAnswerError
from dolly_widget.runtime import Job
from dolly_widget.sampling import SamplingParams
from dolly_widget.serving.line import Place, draining
from dolly_widget.serving.side_thread import tell
from dolly_widget.text import Prompt, TextStream, Tokenizer
from dolly_widget.text.shapes.shape import Shape


class Piece(NamedTuple):
    """What has come of an answer since it was last asked for."""

    text: str = ""
    reasoning: str = ""
    token_ids: tuple[int, ...] = ()


NOTHING = Piece()


def joined(pieces: Sequence[Piece]) -> Piece:
    """All of them in one."""
    ids = tuple(token_id for piece in pieces for token_id in piece.token_ids)
    return Piece("".join(piece.text for piece in pieces), "".join(piece.reasoning for piece in pieces), ids)


Take = Callable[[Piece], None]


class Spoken:
    """An answer as the engine tells it: without control tokens, its reasoning apart, no white space at its end."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._held: list[Piece] = []
        self.listener = Listener(
            lambda text: self._held.append(Piece(text=text)),
            lambda reasoning: self._held.append(Piece(reasoning=reasoning)),
            on_ids=self._step,
        )

    def _step(self, token_ids: Sequence[int]) -> None:
        held, self._held = self._held, []
        self._take(joined([*held, Piece(token_ids=tuple(token_ids))]))

    def finish(self) -> None:
        """Hand over what came after the last token."""
        self._step(())


class Plain:
    """An answer as its tokens spell it, reasoning and all white space included, up to what ends it."""

    def __init__(self, take: Take, tokenizer: Tokenizer, ends: Endings, *, keeps_special: bool) -> None:
        self._take, self._tokenizer, self._end_ids, self._keeps_special = take, tokenizer, ends.ids, keeps_special
        self._text = TextStream(tokenizer, ends.texts, keeps_space=True)
        self.listener = Listener(_ignore, _ignore, on_ids=self._step)

    def _step(self, token_ids: Sequence[int]) -> None:
        text = "".join(self._push(token_id) for token_id in token_ids if token_id not in self._end_ids)
        self._take(Piece(text, token_ids=tuple(token_ids)))

    def _push(self, token_id: int) -> str:
        if not (self._keeps_special and self._tokenizer.is_special(token_id)) or self._text.is_stopped:
            return self._text.push([token_id])
        held, self._text = self._text.flush(), self._text.fresh()
        return held + self._tokenizer.token_text(token_id)

    def finish(self) -> None:
        """Hand over what was held back."""
        self._take(Piece(self._text.flush()))


def _ignore(piece: str) -> None:
    return


class Order(NamedTuple):
    """An answer that is to be written."""

    prompt: Prompt
    """Its ids are known."""
    params: SamplingParams
    ends: Endings | None = None
    shape: Shape | None = None
    teller: Callable[[Take], Spoken | Plain] = Spoken

    @property
    def prompt_ids(self) -> tuple[int, ...]:
        """The prompt's tokens."""
        return self.prompt.token_ids or ()

    @property
    def most_tokens(self) -> int:
        """How long its whole text can become."""
        return len(self.prompt_ids) + self.params.max_new_tokens


class Writing:
    """An order in its place, from its wait to its end. It lives on the event loop; ``leave`` it when it is read."""

    result: GenerationResult | None = None
    ttft_s: float | None = None
    """Seconds from the order to the first token."""

    def __init__(self, engine: Engine, order: Order, place: Place, at_end: Callable[[Writing], None]) -> None:
        self.order = order
        self._engine, self._place, self._at_end = engine, place, at_end
        self._loop, self._changed = asyncio.get_running_loop(), asyncio.Event()
        self._since_s, self._lock = time.perf_counter(), threading.Lock()
        self._pending: list[Piece] = []
        self._job: Job[None] | None = None
        self._is_over = self._is_left = False
        self._error: Exception | None = None

    async def next(self) -> Piece | None:
        """What has come since; waits for it, and for its turn. None at the end. Raises what became of it instead."""
        if self._job is None:
            await self._place.turn.wait()
            if not self._is_over:
                self._job = Job(self._work, name="dolly-serve")
        while True:
            self._changed.clear()
            is_over = self._is_over
            with self._lock:
                pending, self._pending = self._pending, []
            if pending:
                return joined(pending)
            if is_over:
                self._finish()
                return None
            await self._changed.wait()

    def stop(self) -> None:
        """End it within a step. Safe at any time, any number of times."""
        if self._job is None:
            self._is_over = True
            self._place.written()
        else:
            self._job.stop()

    def leave(self) -> None:
        """Nobody reads it any more: end it, and have its place when it has ended. Safe twice."""
        self._is_left = True
        self.stop()
        if self._is_over:
            self._place.leave()

    def _finish(self) -> None:
        if self._error is not None:
            raise self._error
        if self.result is None or self.result.finish_reason == "cancelled":
            raise draining()

    # On the job's thread

    def _work(self, stop: threading.Event) -> None:
        try:
            self.result = self._answer(stop)
        except IncompleteAnswerError as exc:
            self.result = exc.result
        except Exception as exc:  # raised again where it is read
            self._error = exc
        finally:
            tell(self._loop, self._end)

    def _answer(self, stop: threading.Event) -> GenerationResult:
        order = self.order
        teller = order.teller(self._take)
        more: dict[str, Any] = {"endings": order.ends, "answer": order.shape}
        given = {name: value for name, value in more.items() if value is not None}
        try:
            return self._engine.generate(order.prompt, order.params, on_text=teller.listener, stop=stop, **given)
        finally:
            teller.finish()

    def _take(self, piece: Piece) -> None:
        if piece == NOTHING:
            return
        if self.ttft_s is None:
            self.ttft_s = time.perf_counter() - self._since_s
        with self._lock:
            self._pending.append(piece)
            is_first = len(self._pending) == 1
        if is_first:
            tell(self._loop, self._changed.set)

    # On the event loop again

    def _end(self) -> None:
        self._is_over = True
        if self._is_left:
            self._place.leave()
        else:
            self._place.written()
        self._changed.set()
        self._at_end(self)
