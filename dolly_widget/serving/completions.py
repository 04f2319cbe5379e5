"""``/v1/completions``: what follows a text, or tokens. The client's text is its own, control tokens included.

Source: https://platform.openai.com/docs/api-reference/completions, and vLLM's further fields.
"""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.types import ASGIApp

from dolly_widget.sampling import SamplingParams, with_changes
from dolly_widget.serving.answering import answered
from dolly_widget.serving.body import Body, checked_ids
from dolly_widget.serving.failures import as_refusals, refused
from dolly_widget.serving.lengths import check_bytes
from dolly_widget.serving.line import Place
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
from dolly_widget.serving.writing import Order, Plain
from dolly_widget.text import Prompt, Segment, encodable

_NEW_TOKENS = 16
_NOT_HERE = ("suffix",)


async def completions(request: Request) -> ASGIApp:
    """Answer a request."""
    return await answered(request, _read, _prepare)


class _Asked(NamedTuple):
    """A request, its fields checked, its texts not yet encoded."""

    prompts: Sequence[str | tuple[int, ...]]
    new_tokens: int
    """Or WHAT_FITS."""
    drawing: Drawing
    n: int
    streaming: Streaming
    logprobs: int | None
    has_echo: bool
    keeps_special: bool

    @property
    def answers(self) -> int:
        """How many there are to be."""
        return len(self.prompts) * self.n


def _read(body: Body, service: Service) -> _Asked:
    refuse_unsupported(body, *_NOT_HERE)
    has_echo = body.flag("echo")
    new_tokens = read_new_tokens(body, "max_tokens", least=0 if has_echo else 1)
    new_tokens = _NEW_TOKENS if new_tokens is None else new_tokens
    asked = _Asked(
        _prompts(body, service),
        new_tokens,
        read_drawing(body, service, new_tokens),
        read_count(body, service),
        read_streaming(body),
        check_logprobs(body.whole("logprobs", 0, MOST_LOGPROBS), service),
        has_echo,
        not body.flag("skip_special_tokens", True),
    )
    if (best_of := body.whole("best_of", 1, 1000)) is not None and best_of != asked.n:
        raise refused("best_of is not supported by this server: leave it out.", "best_of")
    if asked.answers > service.limits.largest_request:
        most = service.limits.largest_request
        raise refused(f"This request has {asked.answers} answers, prompts times n: ask for at most {most}.", "n")
    return asked


def _prompts(body: Body, service: Service) -> Sequence[str | tuple[int, ...]]:
    """The prompts, as texts or as tokens. Raises ApiError for anything else."""
    given, most = body.get("prompt"), service.limits.largest_request
    wrong = body.wrong("prompt", f"a text, a list of token ids, or a list of at most {most} of either")
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list) or not given:
        raise wrong
    if isinstance(given[0], int):
        return [checked_ids(given, service.model.vocab_size, "prompt")]
    if len(given) > most:
        raise wrong
    if all(isinstance(each, str) for each in given):
        return given
    if all(isinstance(each, list) for each in given):
        return [checked_ids(each, service.model.vocab_size, "prompt") for each in given]
    raise wrong


def _prepare(asked: _Asked, body: Body, service: Service, places: Sequence[Place]) -> tuple[Answers, _Form]:
    """Encode the prompts. On a thread of its own: a long text takes a while."""
    shape = read_shape(body)
    adds = body.flag("add_special_tokens", True)
    for given in asked.prompts:
        if isinstance(given, str):
            check_bytes(service, [given], "prompt")
    prompts = [_encoded(service, each, adds) for each in asked.prompts]
    counts = [_new_tokens(asked, prompt, service) for prompt in prompts]
    if shape is not None:
        with as_refusals():
            service.check_shape(asked.drawing.params)
    tokenizer, ends = service.model.tokenizer, asked.drawing.ends
    teller = functools.partial(Plain, tokenizer=tokenizer, ends=ends, keeps_special=asked.keeps_special)

    def order(prompt: Prompt, params: SamplingParams) -> Order:
        return Order(prompt, params, ends, shape, teller)

    answers = []
    for index, place in enumerate(places):
        prompt = prompts[index // asked.n]
        drawn = asked.drawing.of_choice(index % asked.n)
        wanted = order(prompt, with_changes(drawn, {"max_new_tokens": max(1, counts[index // asked.n])}))
        echo = _spelled(service, prompt) if asked.has_echo else None
        if echo is not None and not asked.new_tokens:
            answers.append(Answer.of_prompt(service, wanted, place, echo, asked.logprobs))
        else:
            answers.append(Answer(service, wanted, place, echo=echo, logprobs=asked.logprobs))
    read = sum(len(prompt.token_ids or ()) for prompt in prompts)
    form = _Form(service, [prompts[index // asked.n] for index in range(len(places))], body)
    return Answers(answers, read), form


def _new_tokens(asked: _Asked, prompt: Prompt, service: Service) -> int:
    """How many there may be after a prompt. Raises ApiError where it leaves no room for them, or is empty."""
    ids, wanted = prompt.token_ids or (), asked.new_tokens
    if wanted == WHAT_FITS:
        wanted = max(1, min(LONGEST_ANSWER, service.longest - len(ids)))
    service.check_length(ids, wanted)
    return wanted


def _encoded(service: Service, given: str | tuple[int, ...], adds_special_tokens: bool) -> Prompt:
    """A prompt whose ids are known. Control tokens of a text count: it is the client's own, and no user's."""
    if isinstance(given, tuple):
        return Prompt(token_ids=given)
    segments = [Segment(given, is_template=True)]
    ids = service.model.encode(Prompt(segments, adds_special_tokens))
    return Prompt(segments, adds_special_tokens, ids)


def _spelled(service: Service, prompt: Prompt) -> str:
    """The text of a prompt, for a client that wants to have it back."""
    return encodable(str(prompt)) or service.model.tokenizer.decode(prompt.token_ids or ())


class _Form:
    """See ``Form``."""

    def __init__(self, service: Service, prompts: Sequence[Prompt], body: Body) -> None:
        self._service, self._prompts = service, prompts
        self._has_ids = body.flag("return_token_ids")
        self._has_logprobs = body.get("logprobs") is not None
        self._as_ids = body.flag("return_tokens_as_token_ids")
        self._id, self._created = f"cmpl-{secrets.token_hex(12)}", int(time.time())
        self._offsets = [0] * len(prompts)

    def chunk(self, index: int, part: Part) -> dict[str, Any]:
        return self._completion([self._choice(index, part)])

    def last_chunk(self, usage: dict[str, Any]) -> dict[str, Any]:
        return {**self._completion([]), "usage": usage}

    def whole(self, parts: Sequence[Part], usage: dict[str, Any]) -> dict[str, Any]:
        return {**self._completion([self._choice(index, part) for index, part in enumerate(parts)]), "usage": usage}

    def _completion(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        kind = "text_completion"
        return {
            "id": self._id, "object": kind, "created": self._created, "model": self._service.name, "choices": choices
        }  # fmt: skip

    def _choice(self, index: int, part: Part) -> dict[str, Any]:
        choice: dict[str, Any] = {
            "index": index,
            "text": part.piece.text,
            "logprobs": self._logprobs(index, part.scored) if self._has_logprobs else None,
            "finish_reason": part.finish_reason,
        }
        if self._has_ids:
            choice["token_ids"] = list(part.piece.token_ids)
            if part.is_first:
                choice["prompt_token_ids"] = list(self._prompts[index].token_ids or ())
        return choice

    def _logprobs(self, index: int, scored: Sequence[Scored] | None) -> dict[str, Any] | None:
        """In the form of completions, which is older than that of chats."""
        if scored is None:
            return None
        tokens = [self._token(each.token_id) for each in scored]
        offsets = []
        for each in scored:
            offsets.append(self._offsets[index])
            self._offsets[index] += len(token_text(self._service, each.token_id))
        return {
            "tokens": tokens,
            "token_logprobs": [each.logprob for each in scored],
            "top_logprobs": [self._top(each) for each in scored],
            "text_offset": offsets,
        }

    def _top(self, scored: Scored) -> dict[str, float] | None:
        """The likeliest tokens, and the one that is there."""
        if scored.logprob is None:
            return None
        top = {self._token(token_id): logprob for token_id, logprob in reversed(scored.best)}
        own = {self._token(scored.token_id): scored.logprob}
        return own | dict(reversed(top.items())) | own  # tokens of half a character are written alike

    def _token(self, token_id: int) -> str:
        return token_text(self._service, token_id, as_id=self._as_ids)
