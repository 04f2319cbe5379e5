"""Whose turn it is: so many answers run, so many wait, the first to come is the first served. Knows no engine.

One that would not fit into memory beside those that run waits, and so do all behind it. One that is written holds up
nobody, but stays until its reply has been sent. It lives on the event loop alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from dolly_widget.serving.failures import ApiError
from dolly_widget.serving.limits import RETRY_S, Limits


def draining() -> ApiError:
    """An answer that was cut off."""
    return ApiError(503, "This server is shutting down, and the answer is not whole.", code="draining")


class Line:
    """The places of a server."""

    def __init__(self, limits: Limits, fits: Callable[[int], bool] = lambda tokens: True) -> None:
        self._limits, self._fits = limits, fits
        self.running = self.unsent = self._reserved = 0
        self._waiting: deque[Place] = deque()
        self.is_draining = False
        """Whether no request is taken any more."""

    @property
    def waiting(self) -> int:
        """Number of answers that wait."""
        return len(self._waiting)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done, and nothing to be sent."""
        return not (self.running or self._waiting or self.unsent)

    def join(self, count: int) -> list[Place]:
        """Places for the answers of one request. Raises ApiError: 503 while draining, 429 without room for them all."""
        if self.is_draining:
            headers = {"Retry-After": str(RETRY_S), "Connection": "close"}
            raise ApiError(503, "This server is shutting down: ask another one.", code="draining", headers=headers)
        if not self._takes(count):
            message = f"This server is busy: {self.waiting} answers wait already. Ask again later."
            raise ApiError(429, message, code="queue_full", headers={"Retry-After": str(RETRY_S)})
        places = [Place(self) for _ in range(count)]
        self._waiting.extend(places)
        return places

    def stop(self) -> None:
        """Have nobody wait for a turn any more."""
        for place in list(self._waiting):
            place.written()

    def _takes(self, count: int) -> bool:
        most, more = self._limits.max_running + self._limits.max_waiting, self._limits.max_running
        to_do = self.running + self.waiting + count
        # A client asks again the moment it has its answer, before that counts as sent: hence a few more.
        return to_do <= most and to_do + self.unsent <= most + more

    def _written(self, place: Place) -> None:
        if place.turn.is_set():
            self.running -= 1
            self._reserved -= place.tokens
        else:
            self._waiting.remove(place)
        self.unsent += 1
        self._move_up()

    def _sent(self) -> None:
        self.unsent -= 1

    def _move_up(self) -> None:
        while self._waiting and self._has_room(self._waiting[0]):
            place = self._waiting.popleft()
            self.running += 1
            self._reserved += place.tokens
            place.turn.set()

    def _has_room(self, place: Place) -> bool:
        if not place.is_ready or self.running >= self._limits.max_running:
            return False
        return self.running == 0 or self._fits(self._reserved + place.tokens)


class Place:
    """One answer's place, until ``leave``."""

    def __init__(self, line: Line) -> None:
        self._line: Line | None = line
        self._is_written = False
        self.is_ready, self.tokens = False, 0
        self.turn = asyncio.Event()
        """Set when the answer may be written, or when there is nothing more to wait for: see ``is_over``."""

    @property
    def is_over(self) -> bool:
        """Whether there is no turn any more."""
        return self._is_written or self._line is None

    def ready(self, tokens: int) -> None:
        """Have it take its turn when that comes: its text can become so many tokens long."""
        self.is_ready, self.tokens = True, tokens
        if self._line is not None:
            self._line._move_up()

    def written(self) -> None:
        """Let the next one write; the reply is yet to be sent. Safe twice."""
        if self._line is not None and not self._is_written:
            self._is_written = True
            self._line._written(self)
            self.turn.set()  # whoever waits for it is told that it will not come

    def leave(self) -> None:
        """Make room: the reply has been sent, or there is none. Safe twice."""
        self.written()
        line, self._line = self._line, None
        if line is not None:
            line._sent()
