"""The engine that asks a server: its answers are those of a local engine as far as the server lets them be.

Where a tokenizer is known here, ids go there and come back, and all that is made of ids is made here. Elsewhere, texts
do. See `writing` for one answer.
"""

from __future__ import annotations

import operator
import secrets
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from dolly_widget.engines.answer import Answer, OnText, endings, ignore_text
from dolly_widget.engines.many import Outcome
from dolly_widget.engines.remote import kinds, scoring
from dolly_widget.engines.remote.at_once import outcomes
from dolly_widget.engines.remote.habits import Habits
from dolly_widget.engines.remote.harmless import ControlTexts, note_of_broken
from dolly_widget.engines.remote.plain_answer import PlainAnswer
from dolly_widget.engines.remote.question import CHAT, COMPLETIONS, Question
from dolly_widget.engines.remote.server import Server
from dolly_widget.engines.remote.writing import IncompleteError, NoIdsError, Writer
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import GenerationResult
from dolly_widget.engines.setup import EngineSetup
from dolly_widget.engines.shaped import refuse_beside_shape, with_value
from dolly_widget.errors import EngineError, IncompleteAnswerError, PromptTooLongError
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import (
    SERVER,
    Message,
    Prompt,
    ReasoningSplitter,
    ServerPrompt,
    ServerTemplate,
    TextStream,
    mark_tokens,
    marks_of,
)
from dolly_widget.text.shapes import shape_of

MOST_AT_ONCE = 64
"""Answers that are asked for at the same time; further callers wait."""
_AT_ONCE = 8
_POLL_S = 0.02
# What a chat model writes itself before it answers, where its server does not tell it apart.
_WRITTEN_MARKS = "<think> [THINK] <seed:think>"


class _Opened(NamedTuple):
    """An answer that was asked for and checked."""

    answer: Answer
    question: Question
    prompt_tokens: int
    notes: tuple[str, ...]


class RemoteEngine:
    """A server's model. See ``Engine``, ``Continues``, ``Constrains``, ``AnswersMany`` and ``GivesLogprobs``.

    Callers on several threads are answered at the same time. ``model`` is what is known here of the model, None where
    that is nothing.
    """

    def __init__(self, setup: EngineSetup, server: Server) -> None:
        self.setup, self.server = replace(setup, model=str(server.name)), server
        self.model, self.device = server.model, server.host
        self.template = setup.template or (SERVER if self.model is None else self.model.template)
        self._habits = Habits(server)
        self._controls = ControlTexts(self.model, self.template)
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._closing = threading.Event()
        self._to_free: list[Callable[[], None]] = []
        self._freeing = threading.Lock()
        if self.model is not None:
            special_id = self.model.tokenizer.special_id
            self._marks = marks_of(getattr(self.template, "source", ""), special_id)
            self._mark_ids = mark_tokens(self._marks, special_id)
        else:
            self._marks = marks_of(getattr(self.template, "source", _WRITTEN_MARKS), lambda _: None)
            self._mark_ids = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.setup.name!r})"

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: OnText = ignore_text,
        stop: threading.Event | None = None,
        prefix_ids: Sequence[int] = (),
        prefix_text: str = "",
        answer: Any = None,
    ) -> GenerationResult:
        """See ``Engine.generate``, ``Continues``, ``ContinuesText`` and ``Constrains``.

        Beyond them, raises IncompleteAnswerError, where the server goes away in the midst of the answer and the rest
        cannot be asked for elsewhere.
        """
        shape = None if answer is None else shape_of(answer)
        return self.answer(
            GenerationRequest(prompt, params, shape, tuple(prefix_ids), on_text, stop, prefix_text=prefix_text)
        )

    def answer(
        self, request: GenerationRequest, *more_stops: threading.Event, is_patient: bool = False
    ) -> GenerationResult:
        """Do what ``generate`` does; ``is_patient`` waits for a server that has no room."""
        seed = secrets.randbits(32) if request.params.seed is None else request.params.seed
        in_words = False
        while True:
            opened = self._open(request, seed, more_stops, in_words=in_words)
            try:
                result = self._write(opened, request, is_patient)
            except NoIdsError as exc:  # learnt once, before anything was passed on
                if exc.is_refused:
                    in_words = True  # for this answer: what was refused may have been something else
                else:
                    self._habits.tells_ids = False
                continue
            if in_words and result.new_tokens:
                self._habits.takes_ids = False
            return result

    def generate_many(
        self, requests: Iterable[GenerationRequest], *, stop: threading.Event | None = None, at_once: int | None = None
    ) -> Iterator[Outcome]:
        """See ``AnswersMany``. Eight at once, unless told; they wait for a server that has no room."""
        write = partial(self.answer, is_patient=True)
        return outcomes(write, requests, stop or threading.Event(), min(at_once or _AT_ONCE, MOST_AT_ONCE))

    def check_beginning(self, token_ids: Sequence[int]) -> list[int]:
        """See ``Continues``. Raises ValueError where ids cannot be sent."""
        beginning = [operator.index(token_id) for token_id in token_ids]
        if beginning and (self.model is None or not (self._habits.takes_ids and self._habits.tells_ids)):
            raise ValueError(f"{self.device} takes no token ids, and so it cannot go on from a beginning: ask anew.")
        size = 0 if self.model is None else self.model.vocab_size
        for token_id in beginning:
            if not 0 <= token_id < size:
                raise ValueError(f"There is no token {token_id}: the model has {size:,} tokens, counted from 0.")
        return beginning

    def check_text(self) -> None:
        """See ``ContinuesText``."""
        if isinstance(self.template, ServerTemplate) and self.server.kind not in kinds.GO_ON_WITH_CHATS:
            raise ValueError(
                f"Whether {self.device} can go on with an answer of a chat is not known: ask anew, or pass template=…."
            )

    def check_shape(self, params: SamplingParams) -> None:
        """See ``Constrains``."""
        if not kinds.holds_shapes(self.server.kind):
            raise ValueError(
                f"Whether {self.device} can hold an answer to a shape is not known: answer= works with dolly-widget "
                "serve, vLLM and llama.cpp."
            )

    def check_logprobs(self) -> None:
        """See ``GivesLogprobs``."""
        scoring.check(self._habits, self.model)

    def logprobs_after(
        self, token_ids: Sequence[int], first: int, *, stop: threading.Event | None = None
    ) -> Generator[Mapping[int, float], None, None]:
        """See ``GivesLogprobs``."""
        self.check_logprobs()
        self._refuse_if_closed()
        cancels = [self._closing, *([stop] if stop else [])]
        return scoring.logprobs_after(
            self._habits, list(token_ids), first, lambda: any(each.is_set() for each in cancels)
        )

    def close(self) -> None:
        """See ``Engine.close``. Does not wait for those whose answers it ends."""
        with self._freeing:
            self._closing.set()
            to_free, self._to_free = self._to_free, []
        for free in to_free:
            free()

    def when_closed(self, free: Callable[[], None]) -> None:
        """See ``NotifiesOnClose``."""
        with self._freeing:
            if not self._closing.is_set():
                self._to_free.append(free)
                return
        free()

    def _refuse_if_closed(self) -> None:
        if self._closing.is_set():
            raise EngineError("This engine is closed: load the model again.")

    def _open(
        self, request: GenerationRequest, seed: int, more_stops: Sequence[threading.Event], *, in_words: bool = False
    ) -> _Opened:
        """Check what is asked for, and put it into the form in which it is sent."""
        self._refuse_if_closed()
        if request.shape is not None:
            self.check_shape(request.params)
            refuse_beside_shape(request.params, request.prefix_ids)
        prefix = self.check_beginning(request.prefix_ids)
        cancels = (*((request.stop,) if request.stop else ()), *more_stops, self._closing)
        if request.prefix_text:
            self.check_text()
        # In the midst of a shape, or of an answer, there is no reasoning, whatever the prompt leads to.
        is_plain = request.shape is None and not request.prefix_text
        splitter = ReasoningSplitter(self._marks, request.prompt) if is_plain else ReasoningSplitter()
        is_chat = isinstance(self.template, ServerTemplate) or isinstance(request.prompt, ServerPrompt)
        if is_chat:
            asked, notes = self._chat(request, seed)
        elif self.model is not None and self._habits.takes_ids and not in_words and not request.prefix_text:
            asked, notes = self._ids(request, seed, prefix), ()
        else:
            asked, notes = self._text(request, seed)
        answer: Answer
        if asked.has_ids and self._habits.tells_ids and self.model is not None:
            ends = endings(self.model, self.template, request.params.stop)
            text = TextStream(self.model.tokenizer, ends.texts)
            answer = Answer(text, request.on_text, cancels, prefix, ends.ids, splitter, self._mark_ids)
        else:
            texts = (*self.template.stop, *request.params.stop)
            answer = PlainAnswer(texts, request.on_text, cancels, asked.end_ids, splitter, request.prefix_text)
        return _Opened(answer, asked, len(asked.prompt) if asked.has_ids else 0, notes)

    def _ids(self, request: GenerationRequest, seed: int, prefix: Sequence[int]) -> Question:
        assert self.model is not None
        prompt_ids, params = self.model.encode(request.prompt), request.params
        longest, most = self.model.info.max_positions, max(len(prefix), params.max_new_tokens)
        if not prompt_ids:
            raise ValueError("The prompt is empty: give the model at least one token to continue from.")
        if longest is not None and len(prompt_ids) + most > longest:
            raise PromptTooLongError(len(prompt_ids), most, longest)
        ends = endings(self.model, self.template, params.stop)
        return Question(COMPLETIONS, tuple(prompt_ids), params, seed, ends.ids, ends.texts, request.shape)

    def _text(self, request: GenerationRequest, seed: int) -> tuple[Question, tuple[str, ...]]:
        text, found = self._controls.harmless(request.prompt)
        if not text:
            raise ValueError("The prompt is empty: give the model at least one character to continue from.")
        beginning, _ = self._controls.broken(request.prefix_text)
        return self._asked(COMPLETIONS, text + beginning, request, seed), _notes(found)

    def _chat(self, request: GenerationRequest, seed: int) -> tuple[Question, tuple[str, ...]]:
        prompt = request.prompt
        messages = prompt.messages if isinstance(prompt, ServerPrompt) else ()
        messages = messages or (Message("user", str(prompt)),)  # of a history: the roles are lost
        texts, found = self._controls.broken_texts([message.text for message in messages])
        chat = tuple(Message(message.role, text) for message, text in zip(messages, texts, strict=True))
        return self._asked(CHAT, chat, request, seed), _notes(found)

    def _asked(self, path: str, prompt: str | tuple[Message, ...], request: GenerationRequest, seed: int) -> Question:
        stop, adds = (*self.template.stop, *request.params.stop), request.prompt.adds_special_tokens
        adds = adds or self.server.kind not in (kinds.OURS, kinds.VLLM)
        ends = frozenset() if self.model is None else endings(self.model, self.template).ids
        beginning = self._controls.broken(request.prefix_text)[0] if path == CHAT else ""
        return Question(path, prompt, request.params, seed, ends, stop, request.shape, adds, beginning)

    def _write(self, opened: _Opened, request: GenerationRequest, is_patient: bool) -> GenerationResult:
        answer = opened.answer
        writer = Writer(self._habits, opened.question, answer, self.model, is_patient=is_patient)
        fault = ""
        with self._place(answer) as is_ours:
            answer.start()
            if is_ours and not answer.has_ended(request.params.max_new_tokens):
                try:
                    writer.write()
                except IncompleteError as exc:
                    fault = str(exc)
        answer.finish()
        return self._result(opened, writer, request, fault)

    def _result(self, opened: _Opened, writer: Writer, request: GenerationRequest, fault: str) -> GenerationResult:
        reason = "broken" if fault else writer.finish_reason
        prompt_tokens = opened.prompt_tokens or writer.prompt_tokens
        result = opened.answer.result(prompt_tokens, reason, opened.question.seed, request.params.is_greedy)
        result = replace(result, notes=(*opened.notes, *writer.notes), tpot_s=writer.tpot_s)
        if fault:
            raise IncompleteAnswerError(f"The answer broke off. {fault}", result)
        return result if request.shape is None else with_value(result, request.shape)

    @contextmanager
    def _place(self, answer: Answer) -> Iterator[bool]:
        """Wait until there is room for one more; yield False where it was cancelled meanwhile."""
        while not (has_place := self._places.acquire(timeout=_POLL_S)) and not answer.is_cancelled:
            pass
        try:
            yield has_place
        finally:
            if has_place:
                self._places.release()


def _notes(found: Sequence[str]) -> tuple[str, ...]:
    note = note_of_broken(found)
    return (note,) if note else ()
