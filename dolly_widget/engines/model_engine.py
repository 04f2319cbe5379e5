"""What every engine does around its library: taking turns, checking lengths, watching for the end, stopping, closing.

Knows no library: an engine loads its model and feeds the ids of an `Answer`. Texts are `tokens`' business.
"""

from __future__ import annotations

import operator
import secrets
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dolly_widget.engines.answer import Answer, OnText, endings, silent
from dolly_widget.engines.result import GenerationResult
from dolly_widget.errors import EngineError, PromptTooLongError
from dolly_widget.models import ModelInfo, template_for
from dolly_widget.runtime import check_properties, explain, run_apart
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt, PromptTemplate, TextStream, Tokenizer


class ModelEngine(ABC):
    """A model directory on a device. See ``Engine`` for the methods; a subclass says how its library does them.

    ``ov_config`` are OpenVINO properties for loading. Raises ValueError for one that the device doesn't take.
    """

    def __init__(
        self,
        model_dir: Path,
        device: str = "AUTO",
        template: PromptTemplate | None = None,
        *,
        ov_config: Mapping[str, Any] | None = None,
    ) -> None:
        self.model_dir = Path(model_dir)
        self.device = device
        self.template = template or template_for(self.model_dir)
        info = ModelInfo(self.model_dir)
        self._max_positions = info.max_positions
        self._tokenizer = Tokenizer(self.model_dir)
        # A model may have more tokens than its tokenizer: its vocabulary is filled up to a round number.
        self._vocab_size = max(self._tokenizer.vocab_size, info.vocab_size or 0)
        self._end_ids, self._stop_strings = endings(self._tokenizer, self.template, info)
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._speaker: int | None = None
        self._to_free: list[Callable[[], None]] = []
        self._freeing = threading.Lock()
        weakref.finalize(self, _end_at_exit, self._closing, self._turn)
        self._model: Any = self._load_apart(check_properties(device, ov_config or {}))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model_dir.name!r}, device={self.device!r})"

    @abstractmethod
    def _load(self, properties: dict[str, Any]) -> Any:
        """Return the library's model. RuntimeError and MemoryError become an EngineError."""

    @abstractmethod
    def _run(self, prompt_ids: list[int], params: SamplingParams, seed: int, answer: Answer, **arguments: Any) -> None:
        """Feed ``answer`` with ids until it has enough. RuntimeError and MemoryError become an EngineError."""

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: OnText = silent,
        stop: threading.Event | None = None,
        prefix_ids: Sequence[int] = (),
    ) -> GenerationResult:
        """See ``Engine.generate``."""
        return self._answer(prompt, params, on_text, stop, prefix_ids)

    def close(self) -> None:
        """See ``Engine.close``. Called from ``on_text``, it takes effect when the answer has ended."""
        with self._freeing:
            self._closing.set()
            to_free, self._to_free = self._to_free, []
        for free in to_free:
            free()
        if self._speaker != threading.get_ident():
            with self._turn:
                self._model = None

    def when_closed(self, free: Callable[[], None]) -> None:
        """See ``TellsOfClosing``."""
        with self._freeing:
            if not self._closing.is_set():
                self._to_free.append(free)
                return
        free()

    def _load_apart(self, properties: dict[str, Any]) -> Any:
        try:
            return run_apart(lambda: self._load(properties))
        except EngineError:
            raise
        except (RuntimeError, MemoryError) as exc:
            raise self._load_error(exc) from exc

    def _load_error(self, exc: Exception) -> EngineError:
        mend = "choose another device, or convert the model again"
        return EngineError(f"OpenVINO could not load {self.model_dir} on {self.device}: {explain(exc, mend)}")

    def _answer(
        self,
        prompt: Prompt,
        params: SamplingParams,
        on_text: OnText,
        stop: threading.Event | None,
        prefix_ids: Sequence[int],
        **arguments: Any,
    ) -> GenerationResult:
        """Do what ``generate`` does; ``arguments`` reach ``_run``."""
        prompt_ids, prefix = self._tokenizer.encode(prompt), self._checked_prefix(prefix_ids)
        self._check_length(len(prompt_ids), max(len(prefix), params.max_new_tokens))
        seed = secrets.randbits(32) if params.seed is None else params.seed
        text = TextStream(self._tokenizer, self._stop_strings)
        answer = Answer(text, self._speaking(on_text), (stop or threading.Event(), self._closing), prefix)
        with self._take_turn(answer) as is_ours:
            if is_ours:
                self._fill(answer, prompt_ids, params, seed, arguments)
            else:
                answer.start()  # what was given is there all the same
                answer.finish()
        reason = answer.finish_reason(self._end_ids, params.max_new_tokens)
        return answer.result(len(prompt_ids), reason, seed)

    def _fill(
        self, answer: Answer, prompt_ids: list[int], params: SamplingParams, seed: int, arguments: dict[str, Any]
    ) -> None:
        if self._model is None:
            raise EngineError("This engine was closed: load the model again.")
        answer.start()
        prefix = answer.token_ids
        try:
            if not answer.has_ended(self._end_ids, params.max_new_tokens):
                # What is left for the new ones.
                rest = replace(params, max_new_tokens=params.max_new_tokens - len(prefix))
                self._run([*prompt_ids, *prefix], rest, seed, answer, **arguments)
        except (RuntimeError, MemoryError) as exc:
            mend = "load the model again, or choose another device"
            raise EngineError(f"Generating on {self.device} failed: {explain(exc, mend)}") from exc
        answer.finish()

    def _check_length(self, prompt_tokens: int, max_new_tokens: int) -> None:
        if prompt_tokens == 0:
            raise ValueError("The prompt is empty: give the model at least one token to go on from.")
        if self._max_positions is not None and prompt_tokens + max_new_tokens > self._max_positions:
            raise PromptTooLongError(prompt_tokens, max_new_tokens, self._max_positions)

    def _checked_prefix(self, prefix_ids: Sequence[int]) -> list[int]:
        prefix = [operator.index(token_id) for token_id in prefix_ids]
        for token_id in prefix:
            if not 0 <= token_id < self._vocab_size:
                raise ValueError(f"There is no token {token_id}: the model has {self._vocab_size:,}, counted from 0.")
        return prefix

    @contextmanager
    def _take_turn(self, answer: Answer) -> Iterator[bool]:
        """Wait until no other caller is generating; yield False if we were asked to stop meanwhile."""
        if self._speaker == threading.get_ident():
            raise RuntimeError("generate() was called from its own on_text: wait until the first answer has ended.")
        while not self._turn.acquire(timeout=0.02):
            if answer.is_cancelled:
                yield False
                return
        try:
            yield not answer.is_cancelled or self._model is None
        finally:
            if self._closing.is_set():
                self._model = None
            self._turn.release()

    def _speaking(self, on_text: OnText) -> OnText:
        """``on_text``, with a note of its thread: from there, waiting for our turn would last for ever."""

        def speak(piece: str) -> None:
            self._speaker = threading.get_ident()
            try:
                on_text(piece)
            finally:
                self._speaker = None

        return speak


def _end_at_exit(closing: threading.Event, turn: threading.Lock) -> None:
    """Let the current token be the last: a Python that ends while a library calls back into it aborts."""
    closing.set()
    if turn.acquire(timeout=5):
        turn.release()
