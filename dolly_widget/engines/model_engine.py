"""What every engine does around its library: taking turns, checking lengths, watching for the end, stopping, closing.

Knows no library: an engine loads its model and feeds the ids of an `Answer`.
"""

from __future__ import annotations

import operator
import secrets
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from dolly_widget.engines.answer import (
    Answer,
    Endings,
    Listener,
    OnText,
    count_of,
    endings,
    ids_of,
    ignore_text,
    reasoning_of,
)
from dolly_widget.engines.continuation import Continuation
from dolly_widget.engines.one_processor import safe_properties
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import GenerationResult
from dolly_widget.engines.setup import EngineSetup
from dolly_widget.engines.shaped import refuse_beside_shape, with_value
from dolly_widget.engines.turns import Turn, Turns
from dolly_widget.errors import EngineError, IncompleteAnswerError, PromptTooLongError
from dolly_widget.models import Model, check_generates
from dolly_widget.runtime import check_properties, explain, run_on_own_thread
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt, ReasoningSplitter, TextStream, mark_tokens, marks_of
from dolly_widget.text.shapes import Shape, shape_of

_T = TypeVar("_T")


class Opened(NamedTuple):
    """An answer that was asked for and checked, and is to be written."""

    answer: Answer
    prompt_ids: list[int]
    params: SamplingParams
    seed: int
    shape: Shape | None

    @property
    def continuation(self) -> Continuation:
        """What is to be written: what follows the prompt, and the tokens that were given first."""
        given = self.answer.token_ids
        rest = replace(self.params, max_new_tokens=self.params.max_new_tokens - len(given))
        return Continuation([*self.prompt_ids, *given], rest, self.seed, self.shape)

    def result(self) -> GenerationResult:
        """What has become of it. Raises IncompleteAnswerError where its shape is not whole."""
        reason = self.answer.finish_reason(self.params.max_new_tokens)
        result = self.answer.result(len(self.prompt_ids), reason, self.seed, self.params.is_greedy)
        if self.shape is None:
            return result
        if self.answer.shortfall and not self.shape.is_whole(result.text):
            why = self.answer.shortfall
            raise IncompleteAnswerError(f"The answer ended before it was whole, because {why}.", result)
        return with_value(result, self.shape)


class ModelEngine(ABC):
    """A model on a device. See ``Engine`` for the methods; a subclass says how its library does them.

    ``setup`` says how it is loaded, ``model`` what its name has become. Raises ValueError for an OpenVINO property that
    the device does not take, ModelError for a model that cannot continue a text.
    """

    def __init__(self, setup: EngineSetup, model: Model) -> None:
        self.setup, self.model, self.device = setup, model, setup.device
        self.template = setup.template or model.template
        self._max_positions = model.info.max_positions
        self._endings = endings(model, self.template)
        self._marks = marks_of(getattr(self.template, "source", ""), model.tokenizer.special_id)
        self._mark_ids = mark_tokens(self._marks, model.tokenizer.special_id)
        if model.tokenizer.vocab_size > model.vocab_size:
            model.encode(self.template.render("Hello"))  # refused now, and not at the first question
        self._turns = Turns()
        self._preparing = threading.Lock()
        self._closing = threading.Event()
        self._callback_threads: set[int] = set()
        self._to_free: list[Callable[[], None]] = []
        self._freeing = threading.Lock()
        weakref.finalize(self, _end_at_exit, self._closing, self._turns)
        self._inputs = check_generates(model.directory)
        self._loaded: Any = self._load_on_own_thread(self._checked_properties())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model.directory.name!r}, device={self.device!r})"

    @abstractmethod
    def _load(self, properties: dict[str, Any]) -> Any:
        """Return the library's model. RuntimeError and MemoryError become an EngineError."""

    @abstractmethod
    def _run(self, loaded: Any, text: Continuation, answer: Answer, **arguments: Any) -> None:
        """Feed ``answer`` with ids until it has enough. RuntimeError and MemoryError become an EngineError."""

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: OnText = ignore_text,
        stop: threading.Event | None = None,
        prefix_ids: Sequence[int] = (),
        answer: Any = None,
        endings: Endings | None = None,
    ) -> GenerationResult:
        """See ``Engine.generate``, ``Continues``, ``Constrains`` and ``EndsOtherwise``."""
        shape = None if answer is None else shape_of(answer)
        return self._answer(GenerationRequest(prompt, params, shape, tuple(prefix_ids), on_text, stop, endings))

    def check_shape(self, params: SamplingParams) -> None:
        """See ``Constrains``."""
        raise ValueError('This engine does not support answer=: load the model with engine="genai".')

    def close(self) -> None:
        """See ``Engine.close``. Called from ``on_text``, it takes effect when the answer has ended."""
        with self._freeing:
            self._closing.set()
            to_free, self._to_free = self._to_free, []
        for free in to_free:
            free()
        if threading.get_ident() not in self._callback_threads:
            turn = Turn(is_shared=False)
            try:
                self._turns.take(turn, gives_up=_never)
            finally:
                self._give_back(turn)

    def when_closed(self, free: Callable[[], None]) -> None:
        """See ``NotifiesOnClose``."""
        with self._freeing:
            if not self._closing.is_set():
                self._to_free.append(free)
                return
        free()

    def _checked_properties(self) -> dict[str, Any]:
        """The setup's properties, as ``_load`` takes them. Raises ValueError for one that cannot be used."""
        return check_properties(self.device, self.setup.properties)

    def _prepare(self, params: SamplingParams) -> None:
        """Load what these settings need in the place of what is loaded. Raises EngineError.

        Nothing is loaded then, or where that failed before.
        """
        return

    def _shares(self, params: SamplingParams) -> bool:
        """Whether answers with these settings are written beside others of their kind. It never changes."""
        return False

    def _load_on_own_thread(
        self, properties: dict[str, Any], load: Callable[[dict[str, Any]], Any] | None = None
    ) -> Any:
        safe = safe_properties(self.device, properties, self.model.info.precision)
        try:
            return run_on_own_thread(lambda: (load or self._load)(safe))
        except EngineError:
            raise
        except (RuntimeError, MemoryError) as exc:
            raise self._load_error(exc) from exc

    def _load_error(self, exc: Exception) -> EngineError:
        advice = "choose another device, or convert the model again"
        return EngineError(f"OpenVINO could not load {self.model.directory} on {self.device}: {explain(exc, advice)}")

    def _answer(self, request: GenerationRequest, **arguments: Any) -> GenerationResult:
        """Do what ``generate`` does; ``arguments`` reach ``_run``."""
        return self._write(self._open(request), **arguments)

    def _write(self, opened: Opened, **arguments: Any) -> GenerationResult:
        with self._take_turn(opened) as is_ours:
            if is_ours:
                self._fill(opened, arguments)
            else:
                opened.answer.start()  # the given beginning is part of the answer even so
                opened.answer.finish()
        return opened.result()

    def _open(self, request: GenerationRequest, *more_stops: threading.Event) -> Opened:
        """Check what is asked for. Raises what ``generate`` raises before anything runs."""
        params, shape = request.params, request.shape
        if shape is not None:
            self.check_shape(params)
            refuse_beside_shape(params, request.prefix_ids)
        ends = request.endings or self._endings_with(params.stop)
        prompt_ids, prefix = self._encode(request.prompt), self.check_beginning(request.prefix_ids)
        self._check_length(len(prompt_ids), max(len(prefix), params.max_new_tokens))
        seed = secrets.randbits(32) if params.seed is None else params.seed
        cancels = (*((request.stop,) if request.stop else ()), *more_stops, self._closing)
        text = TextStream(self.model.tokenizer, ends.texts)
        # In the midst of a shape there is no reasoning, whatever the prompt leads to.
        splitter = ReasoningSplitter(self._marks, request.prompt) if shape is None else ReasoningSplitter()
        on_text = self._tracking_callbacks(request.on_text)
        answer = Answer(text, on_text, cancels, prefix, ends.ids, splitter, self._mark_ids)
        return Opened(answer, prompt_ids, params, seed, shape)

    def _encode(self, prompt: Prompt) -> list[int]:
        return self.model.encode(prompt) if prompt.token_ids is None else self.check_beginning(prompt.token_ids)

    def _fill(self, opened: Opened, arguments: dict[str, Any]) -> None:
        answer = opened.answer
        loaded = self._make_ready(opened.params)
        answer.start()
        try:
            if not answer.has_ended(opened.params.max_new_tokens):
                self._run(loaded, opened.continuation, answer, **arguments)
        except (RuntimeError, MemoryError) as exc:
            raise self._run_error(exc) from exc
        answer.finish()

    def _make_ready(self, params: SamplingParams) -> Any:
        """What is loaded for these settings: another one may be in its place when the caller has begun with it."""
        with self._preparing:  # of those who share a turn, the first loads, and the others wait
            if self._is_closed:
                raise EngineError("This engine is closed: load the model again.")
            self._prepare(params)
            return self._loaded

    @property
    def _is_closed(self) -> bool:
        """Whether it is freed, too. Without a model alone, it is one that could not be loaded anew."""
        return self._closing.is_set() and self._loaded is None

    def _run_error(self, exc: BaseException) -> EngineError:
        advice = "load the model again, or choose another device"
        return EngineError(f"Generating on {self.device} failed: {explain(exc, advice)}")

    def _check_length(self, prompt_tokens: int, max_new_tokens: int) -> None:
        if prompt_tokens == 0:
            raise ValueError("The prompt is empty: give the model at least one token to continue from.")
        if self._max_positions is not None and prompt_tokens + max_new_tokens > self._max_positions:
            raise PromptTooLongError(prompt_tokens, max_new_tokens, self._max_positions)

    def _endings_with(self, stop: Sequence[str]) -> Endings:
        """What ends an answer for which a user has named the texts ``stop``."""
        return endings(self.model, self.template, stop) if stop else self._endings

    def check_beginning(self, token_ids: Sequence[int]) -> list[int]:
        """See ``Continues``."""
        beginning, size = [operator.index(token_id) for token_id in token_ids], self.model.vocab_size
        for token_id in beginning:
            if not 0 <= token_id < size:
                raise ValueError(f"There is no token {token_id}: the model has {size:,} tokens, counted from 0.")
        return beginning

    @contextmanager
    def _take_turn(self, opened: Opened) -> Iterator[bool]:
        """Wait until it can be written; yield False if we were asked to stop meanwhile."""
        self._refuse_in_callback()
        answer, turn = opened.answer, Turn(is_shared=self._shares(opened.params))
        try:
            has_turn = self._turns.take(turn, gives_up=lambda: answer.is_cancelled)
            yield has_turn and (not answer.is_cancelled or self._is_closed)
        finally:
            self._give_back(turn)

    def _give_back(self, turn: Turn) -> None:
        self._turns.give_back(turn, at_last=self._free_if_closed)

    def _refuse_in_callback(self) -> None:
        if threading.get_ident() in self._callback_threads:
            raise RuntimeError(
                "generate() was called from its own on_text callback: wait until the first answer has ended."
            )

    def _free_if_closed(self) -> None:
        if self._closing.is_set():
            self._loaded = None

    def _tracking_callbacks(self, on_text: OnText) -> OnText:
        """``on_text``, its thread noted: waiting for a turn on that thread would never end."""

        def tracking(take: Callable[[_T], None]) -> Callable[[_T], None]:
            def track(what: _T) -> None:
                self._callback_threads.add(threading.get_ident())
                try:
                    take(what)
                finally:
                    self._callback_threads.discard(threading.get_ident())

            return track

        reasoning, count, ids = reasoning_of(on_text), count_of(on_text), ids_of(on_text)
        return Listener(tracking(on_text), tracking(reasoning), tracking(count), on_ids=tracking(ids))


def _never() -> bool:
    return False


def _end_at_exit(closing: threading.Event, turns: Turns) -> None:
    """Let the current token be the last: a Python that ends while a library calls back into it aborts."""
    closing.set()
    turns.wait_until_free(5)
