"""From a request to its reply, for every route that answers one: places in the line, work on the reading thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from starlette.requests import Request
from starlette.types import ASGIApp

from dolly_widget.serving.body import Body, read_body
from dolly_widget.serving.line import Place
from dolly_widget.serving.reply import Answers, Form, StreamedReply, unless_gone, whole_reply
from dolly_widget.serving.sampling_fields import Streaming
from dolly_widget.serving.service import Service


class Asked(Protocol):
    """A request whose fields are checked."""

    @property
    def answers(self) -> int:
        """How many there are to be."""
        ...

    @property
    def streaming(self) -> Streaming:
        """Whether, and how, it is streamed."""
        ...


_A = TypeVar("_A", bound=Asked)
Prepare = Callable[[_A, Body, Service, Sequence[Place]], tuple[Answers, Form]]


async def answered(request: Request, read: Callable[[Body, Service], _A], prepare: Prepare[_A]) -> ASGIApp:
    """The reply. ``read`` checks the fields; ``prepare`` encodes the prompts, on a thread of its own."""
    service: Service = request.app.state.service
    body = await read_body(request, service.limits)
    service.check_model(body)
    asked = read(body, service)
    places = service.line.join(asked.answers)
    try:
        work = service.reading.do(lambda stop: prepare(asked, body, service, places))
        answers, form = await unless_gone(request.receive, work)
    except BaseException:
        for place in places:
            place.leave()
        raise
    if asked.streaming.is_on:
        return StreamedReply(answers, form, has_usage=asked.streaming.has_usage)
    return await whole_reply(answers, form, request.receive)
