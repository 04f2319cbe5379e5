"""``/v1/chat/completions``: an answer to messages, which become a prompt by the model's own template.

What a message says is text, and never a control token. Source: https://platform.openai.com/docs/api-reference/chat.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.types import ASGIApp

from dolly_widget.sampling import with_changes
from dolly_widget.serving.answering import answered
from dolly_widget.serving.body import Body
from dolly_widget.serving.failures import as_refusals, refused
from dolly_widget.serving.lengths import check_bytes
from dolly_widget.serving.line import Place
from dolly_widget.serving.messages import Chat, read_messages
from dolly_widget.serving.reply import Answer, Answers, Part
from dolly_widget.serving.sampling_fields import (
    MOST_LOGPROBS,
    WHAT_FITS,
    Drawing,
    Streaming,
    check_logprobs,
    read_count,
    read_drawing,
    read_new_tokens,
    read_shape,
    read_streaming,
    refuse_unsupported,
)
from dolly_widget.serving.scoring import Scored, token_text
from dolly_widget.serving.service import LONGEST_ANSWER, Service
from dolly_widget.serving.writing import Order
from dolly_widget.text import Prompt, render

_NOT_HERE = ("tools", "functions", "audio", "prediction")


async def chat_completions(request: Request) -> ASGIApp:
    """Answer a request."""
    return await answered(request, _read, _prepare)


class _Asked(NamedTuple):
    """A request, its fields checked, its messages not yet rendered."""

    chat: Chat
    new_tokens: int | None
    """None: as many as fit, within reason; or WHAT_FITS."""
    drawing: Drawing
    n: int
    streaming: Streaming
    logprobs: int | None

    @property
    def answers(self) -> int:
        """How many there are to be."""
        return self.n


def _read(body: Body, service: Service) -> _Asked:
    chat = read_messages(body)
    refuse_unsupported(body, *_NOT_HERE)
    new_tokens = read_new_tokens(body, "max_completion_tokens", "max_tokens")
    top = body.whole("top_logprobs", 0, MOST_LOGPROBS)
    wants_logprobs = body.flag("logprobs")
    if top is not None and not wants_logprobs:
        raise refused("top_logprobs goes with logprobs: true alone.", "top_logprobs")
    return _Asked(
        chat,
        new_tokens,
        read_drawing(body, service, new_tokens or 1),
        read_count(body, service),
        read_streaming(body),
        check_logprobs((top or 0) if wants_logprobs else None, service),
    )


def _prepare(asked: _Asked, body: Body, service: Service, places: Sequence[Place]) -> tuple[Answers, _Form]:
    """Render and encode the messages. On a thread of its own: a template may take a while."""
    shape = read_shape(body)
    chat = asked.chat
    check_bytes(service, chat.texts, "messages")
    try:
        rendered = render(service.engine.template, chat.question, "", chat.turns, chat.system)
    except ValueError as exc:
        raise refused(str(exc), "messages") from None
    prompt = Prompt(rendered, rendered.adds_special_tokens, service.model.encode(rendered))
    prompt_ids = prompt.token_ids or ()
    room = service.longest - len(prompt_ids)
    new_tokens = asked.new_tokens
    if new_tokens is None or new_tokens == WHAT_FITS:
        new_tokens = max(1, min(room, service.limits.chat_tokens if new_tokens is None else LONGEST_ANSWER))
    service.check_length(prompt_ids, new_tokens)
    if shape is not None:
        with as_refusals():
            service.check_shape(asked.drawing.params)
    answers = []
    for index, place in enumerate(places):
        params = with_changes(asked.drawing.of_choice(index), {"max_new_tokens": new_tokens})
        order = Order(prompt, params, asked.drawing.ends, shape)
        answers.append(Answer(service, order, place, logprobs=asked.logprobs))
    return Answers(answers, len(prompt_ids)), _Form(service, prompt, body)


class _Form:
    """See ``Form``."""

    def __init__(self, service: Service, prompt: Prompt, body: Body) -> None:
        self._service, self._prompt = service, prompt
        self._has_ids, self._as_ids = body.flag("return_token_ids"), body.flag("return_tokens_as_token_ids")
        self._id, self._created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())

    def chunk(self, index: int, part: Part) -> dict[str, Any]:
        delta: dict[str, Any] = {"role": "assistant", "content": ""} if part.is_first else {}
        if part.piece.text:
            delta["content"] = part.piece.text
        if part.piece.reasoning:
            delta["reasoning_content"] = part.piece.reasoning
        return self._completion("chat.completion.chunk", [self._choice(index, part, {"delta": delta})])

    def last_chunk(self, usage: dict[str, Any]) -> dict[str, Any]:
        return {**self._completion("chat.completion.chunk", []), "usage": usage}

    def whole(self, parts: Sequence[Part], usage: dict[str, Any]) -> dict[str, Any]:
        choices = [self._choice(index, part, {"message": _message(part)}) for index, part in enumerate(parts)]
        return {**self._completion("chat.completion", choices), "usage": usage}

    def _completion(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id, "object": kind, "created": self._created, "model": self._service.name, "choices": choices
        }  # fmt: skip

    def _choice(self, index: int, part: Part, said: dict[str, Any]) -> dict[str, Any]:
        logprobs = None if part.scored is None else {"content": [self._token(each) for each in part.scored]}
        choice = {"index": index, **said, "logprobs": logprobs, "finish_reason": part.finish_reason}
        if self._has_ids:
            choice["token_ids"] = list(part.piece.token_ids)
            if part.is_first:
                choice["prompt_token_ids"] = list(self._prompt.token_ids or ())
        return choice

    def _token(self, scored: Scored) -> dict[str, Any]:
        best = [self._described(token_id, logprob) for token_id, logprob in scored.best]
        return {**self._described(scored.token_id, scored.logprob), "top_logprobs": best}

    def _described(self, token_id: int, logprob: float | None) -> dict[str, Any]:
        text = token_text(self._service, token_id)
        exact = self._service.model.tokenizer.token_bytes(token_id)
        return {
            "token": token_text(self._service, token_id, as_id=self._as_ids),
            "logprob": logprob,
            "bytes": list(text.encode() if exact is None else exact),
        }


def _message(part: Part) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": part.piece.text, "refusal": None}
    if part.piece.reasoning:
        message["reasoning_content"] = part.piece.reasoning
    return message
