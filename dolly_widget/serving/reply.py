"""Answers become a response, whole or in pieces, for as long as the client is there. Knows no field of a request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dolly_widget.serving.body import Gone
from dolly_widget.serving.failures import as_refusals, failure_of
from dolly_widget.serving.line import Place, draining
from dolly_widget.serving.scoring import Scored, scores
from dolly_widget.serving.service import Service
from dolly_widget.serving.writing import NOTHING, Order, Piece, Writing, joined

T = TypeVar("T")
_SILENCE_S = 15.0
"""A stream says that it is still there: proxies close one that says nothing."""


class Part(NamedTuple):
    """A stretch of one answer."""

    piece: Piece = NOTHING
    scored: Sequence[Scored] | None = None
    """Of the piece's tokens; None where nobody asked."""
    finish_reason: str | None = None
    """At its end."""
    is_first: bool = False


class Form(Protocol):
    """How a route writes its answers as JSON."""

    def chunk(self, index: int, part: Part) -> dict[str, Any]:
        """A piece of the stream."""
        ...

    def last_chunk(self, usage: dict[str, Any]) -> dict[str, Any]:
        """The piece that has the use of tokens alone."""
        ...

    def whole(self, parts: Sequence[Part], usage: dict[str, Any]) -> dict[str, Any]:
        """All answers at once."""
        ...


class Answer:
    """One answer of a request: an order in its place, what is said before it, and how many likelier tokens to give."""

    def __init__(
        self, service: Service, order: Order, place: Place, *, echo: str | None = None, logprobs: int | None = None
    ) -> None:
        self._service, self._order, self._place = service, order, place
        self._echo, self._logprobs = echo, logprobs
        self._writing: Writing | None = None
        self._writes = True

    @classmethod
    def of_prompt(cls, service: Service, order: Order, place: Place, echo: str, logprobs: int | None) -> Answer:
        """One that is its prompt, and no token more."""
        answer = cls(service, order, place, echo=echo, logprobs=logprobs)
        answer._writes = False
        return answer

    @property
    def new_tokens(self) -> int:
        """Number of tokens that were written."""
        result = self._writing.result if self._writing else None
        return result.new_tokens if result else 0

    @property
    def reasoning_tokens(self) -> int:
        """How many of them are reasoning."""
        result = self._writing.result if self._writing else None
        return result.reasoning_tokens if result else 0

    def begin(self) -> None:
        """Have it written when its turn comes."""
        if self._writes:
            self._writing = self._service.write(self._order, self._place)
        self._place.ready(self._order.most_tokens if self._writes else 0)

    async def parts(self) -> AsyncIterator[Part]:
        """It, stretch by stretch as it comes."""
        before, is_first = list(self._order.prompt_ids), True
        if self._echo is not None:
            await self._turn()
            yield await self._scored((), Piece(self._echo, token_ids=self._order.prompt_ids), is_first=True)
            is_first = False
        while (piece := await self._next()) is not None:
            yield await self._scored(before, piece, is_first=is_first)
            before += piece.token_ids
            is_first = False
        yield Part(finish_reason=self._finish_reason, is_first=is_first)

    async def whole(self) -> Part:
        """It, at its end."""
        pieces = []
        if self._echo is not None:
            await self._turn()
            pieces.append(Piece(self._echo, token_ids=self._order.prompt_ids))
        while (piece := await self._next()) is not None:
            pieces.append(piece)
        before = () if self._echo is not None else self._order.prompt_ids
        part = await self._scored(before, joined(pieces), is_first=True)
        return part._replace(finish_reason=self._finish_reason)

    def leave(self) -> None:
        """It has been sent, or nobody reads it: end it, if it has not ended."""
        if self._writing is not None:
            self._service.forget(self._writing)
        else:
            self._place.leave()

    async def _turn(self) -> None:
        await self._place.turn.wait()
        if self._place.is_over:
            raise draining()

    async def _next(self) -> Piece | None:
        with as_refusals():
            return await self._writing.next() if self._writing else None

    async def _scored(self, before: Sequence[int], piece: Piece, *, is_first: bool) -> Part:
        if self._logprobs is None:
            return Part(piece, is_first=is_first)
        with as_refusals():
            scored = await scores(self._service, before, piece.token_ids, self._logprobs)
        return Part(piece, scored, is_first=is_first)

    @property
    def _finish_reason(self) -> str:
        result = self._writing.result if self._writing else None
        return result.finish_reason if result else "length"


class Answers(NamedTuple):
    """All answers of a request."""

    answers: Sequence[Answer]
    prompt_tokens: int

    @property
    def usage(self) -> dict[str, Any]:
        """How many tokens were read and written so far."""
        new = sum(answer.new_tokens for answer in self.answers)
        thought = sum(answer.reasoning_tokens for answer in self.answers)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": new,
            "total_tokens": self.prompt_tokens + new,
            **({"completion_tokens_details": {"reasoning_tokens": thought}} if thought else {}),
        }

    def leave(self) -> None:
        """See ``Answer.leave``."""
        for answer in self.answers:
            answer.leave()


async def whole_reply(answers: Answers, form: Form, receive: Receive) -> ASGIApp:
    """The response with all answers, when they are there. Raises Gone where the client has left before."""
    try:
        for answer in answers.answers:
            answer.begin()
        parts = await unless_gone(receive, _all(answer.whole() for answer in answers.answers))
        return _Whole(JSONResponse(form.whole(parts, answers.usage)), answers)
    except BaseException:
        answers.leave()
        raise


async def _all(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What they return. Where one of them raises, the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


class _Whole:
    """The response that is all of the answers, which have their places until it has been sent."""

    def __init__(self, response: JSONResponse, answers: Answers) -> None:
        self._response, self._answers = response, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            await self._response(scope, receive, send)
        finally:
            self._answers.leave()


class StreamedReply:
    """The response that sends the answers' pieces as they come, as server-sent events.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html; the end, ``[DONE]``, is OpenAI's.
    """

    def __init__(self, answers: Answers, form: Form, *, has_usage: bool) -> None:
        self._answers, self._form, self._has_usage = answers, form, has_usage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            for answer in self._answers.answers:
                answer.begin()
            await unless_gone(receive, self._send_all(send))
        except Gone:
            return
        finally:
            self._answers.leave()

    async def _send_all(self, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-cache"),
            (b"x-accel-buffering", b"no"),  # nginx would keep the pieces back
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for event in _with_signs_of_life(self._events()):
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self) -> AsyncIterator[bytes]:
        more = {"usage": None} if self._has_usage else {}
        try:
            async for index, part in _merged([answer.parts() for answer in self._answers.answers]):
                yield _event({**self._form.chunk(index, part), **more})
        except Exception as exc:  # it has begun with 200: all that is left is to say so
            yield _event(failure_of(exc).body)
            return
        if self._has_usage:
            yield _event(self._form.last_chunk(self._answers.usage))
        yield b"data: [DONE]\n\n"


def _event(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return b"data: " + text.encode("utf-8", "replace") + b"\n\n"


async def _merged(streams: Sequence[AsyncIterator[Part]]) -> AsyncIterator[tuple[int, Part]]:
    """The parts of several answers, each with its index, as they come."""

    def following(index: int) -> asyncio.Task[Part]:
        return asyncio.ensure_future(_next(streams[index]))

    tasks = {following(index): index for index in range(len(streams))}
    try:
        while tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=tasks.__getitem__):
                index = tasks.pop(task)
                try:
                    part = task.result()
                except StopAsyncIteration:
                    continue
                yield index, part
                tasks[following(index)] = index
    finally:
        for task in tasks:
            task.cancel()


async def _next(stream: AsyncIterator[T]) -> T:
    return await stream.__anext__()


async def _with_signs_of_life(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The events, and comments where there is none for a while."""
    while True:
        following = asyncio.ensure_future(_next(events))
        try:
            while not (await asyncio.wait({following}, timeout=_SILENCE_S))[0]:
                yield b": still at it\n\n"
            yield following.result()
        except StopAsyncIteration:
            return
        finally:
            following.cancel()


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns, or raises. Raises Gone where the client leaves before; the work is cancelled then."""
    gone, task = asyncio.ensure_future(_disconnected(receive)), asyncio.ensure_future(work)
    try:
        await asyncio.wait({gone, task}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Gone
        return task.result()
    finally:
        gone.cancel()
        task.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
