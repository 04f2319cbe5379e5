"""The default engine: OpenVINO GenAI's LLMPipeline. It is fed ids and gives ids; texts are `tokens`' business."""

from __future__ import annotations

import math
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dolly_widget.engines import EngineError, GenerationResult, PromptTooLongError
from dolly_widget.jobs import Job
from dolly_widget.models import ModelInfo
from dolly_widget.prompts import Prompt, PromptTemplate, template_for
from dolly_widget.sampling import SamplingParams
from dolly_widget.tokens import TextStream, Tokenizer

if TYPE_CHECKING:
    import openvino_genai

# With top_p alone, GenAI sorts the whole vocabulary for every token: a quarter of the time at 50,000 entries. Bounding
# the candidates avoids that. The answer differs only where more than this many tokens are needed to reach top_p.
CANDIDATES = 1024
# GenAI's numbers have 32 and 64 bits: beyond these, its 0 or a TypeError would come of a setting that is in its range.
_LARGEST = 2**31 - 1
_SMALLEST = 1e-6


class GenAIEngine:
    """A model directory on a device, run by ``openvino_genai.LLMPipeline``. See ``Engine`` for the methods."""

    def __init__(self, model_dir: Path, device: str = "AUTO", template: PromptTemplate | None = None) -> None:
        self.model_dir = Path(model_dir)
        self.device = device
        self.template = template or template_for(self.model_dir)
        info = ModelInfo(self.model_dir)
        self._max_positions = info.max_positions
        self._tokenizer = Tokenizer(self.model_dir)
        self._end_ids, self._stop_strings = _endings(self._tokenizer, self.template, info)
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._speaker: int | None = None
        weakref.finalize(self, _end_at_exit, self._closing, self._turn)
        self._pipeline: Any = _load_pipeline(self.model_dir, device)

    def __repr__(self) -> str:
        return f"GenAIEngine({self.model_dir.name!r}, device={self.device!r})"

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = lambda piece: None,
        stop: threading.Event | None = None,
    ) -> GenerationResult:
        """See ``Engine.generate``."""
        prompt_ids = self._tokenizer.encode(prompt)
        self._check_length(len(prompt_ids), params.max_new_tokens)
        seed = secrets.randbits(32) if params.seed is None else params.seed
        stop = stop or threading.Event()
        streamer = _Streamer(
            TextStream(self._tokenizer, self._stop_strings), self._speaking(on_text), (stop, self._closing)
        )
        with self._take_turn(streamer) as is_ours:
            if is_ours:
                self._run(prompt_ids, params, seed, streamer)
        reason = streamer.finish_reason(self._end_ids, params.max_new_tokens)
        return streamer.result(len(prompt_ids), reason, seed)

    def _check_length(self, prompt_tokens: int, max_new_tokens: int) -> None:
        if prompt_tokens == 0:
            raise ValueError("The prompt is empty: give the model at least one token to go on from.")
        if self._max_positions is not None and prompt_tokens + max_new_tokens > self._max_positions:
            raise PromptTooLongError(prompt_tokens, max_new_tokens, self._max_positions)

    @contextmanager
    def _take_turn(self, streamer: _Streamer) -> Iterator[bool]:
        """Wait until no other caller is generating; yield False if we were asked to stop meanwhile."""
        if self._speaker == threading.get_ident():
            raise EngineError("generate() was called from its own on_text: wait until the first answer has ended.")
        while not self._turn.acquire(timeout=0.02):
            if streamer.is_cancelled:
                yield False
                return
        try:
            yield not streamer.is_cancelled or self._pipeline is None
        finally:
            if self._closing.is_set():
                self._pipeline = None
            self._turn.release()

    def _run(self, prompt_ids: list[int], params: SamplingParams, seed: int, streamer: _Streamer) -> None:
        import numpy as np
        import openvino as ov
        import openvino_genai as genai

        if self._pipeline is None:
            raise EngineError("This engine was closed: load the model again.")
        ids = ov.Tensor(np.array([prompt_ids], dtype=np.int64))
        mask = ov.Tensor(np.ones((1, len(prompt_ids)), dtype=np.int64))
        streamer.start()
        try:
            self._pipeline.generate(
                genai.TokenizedInputs(ids, mask),
                _generation_config(params, seed, self._end_ids),
                streamer.bridge(),
            )
        except RuntimeError as exc:
            raise EngineError(f"Generating on {self.device} failed: {_first_sentence(exc)}") from exc
        streamer.finish()

    def close(self) -> None:
        """See ``Engine.close``. Called from ``on_text``, it takes effect when the answer has ended."""
        self._closing.set()
        if self._speaker != threading.get_ident():
            with self._turn:
                self._pipeline = None

    def _speaking(self, on_text: Callable[[str], None]) -> Callable[[str], None]:
        """``on_text``, with a note of its thread: from there, waiting for our turn would last for ever."""

        def speak(piece: str) -> None:
            self._speaker = threading.get_ident()
            try:
                on_text(piece)
            finally:
                self._speaker = None

        return speak


def _end_at_exit(closing: threading.Event, turn: threading.Lock) -> None:
    """Let the current token be the last: a Python that ends while GenAI calls back into it aborts."""
    closing.set()
    if turn.acquire(timeout=5):
        turn.release()


class _Streamer:
    """Takes the ids of one answer as they come: passes text on, keeps the times, and says when to stop."""

    def __init__(
        self, text: TextStream, on_text: Callable[[str], None], cancels: tuple[threading.Event, threading.Event]
    ) -> None:
        self._text = text
        self._on_text = on_text
        self._cancels = cancels
        self._ids: list[int] = []
        self._started = self._first = self._last = math.nan
        self.error: BaseException | None = None

    @property
    def is_cancelled(self) -> bool:
        return any(event.is_set() for event in self._cancels)

    @property
    def is_stopped(self) -> bool:
        """Whether a stop string was reached."""
        return self._text.is_stopped

    def start(self) -> None:
        self._started = time.perf_counter()

    def write(self, token_ids: list[int]) -> bool:
        """Take further ids; return whether to go on."""
        self._last = time.perf_counter()
        if not self._ids:
            self._first = self._last
        self._ids += token_ids
        self._pass_on(self._text.push(token_ids))
        return not (self.error or self.is_stopped or self.is_cancelled)

    def _pass_on(self, piece: str) -> None:
        if not piece or self.error:
            return
        try:
            self._on_text(piece)
        except BaseException as exc:  # kept, and raised by finish(): out of the callback it would end the process
            self.error = exc

    def finish(self) -> None:
        self._pass_on(self._text.flush())
        if self.error:
            raise self.error

    def bridge(self) -> openvino_genai.StreamerBase:
        """Return what GenAI calls, from a thread of its own, with each token."""
        import openvino_genai as genai

        streamer = self

        class Bridge(genai.StreamerBase):  # type: ignore[misc]  # the library has no types
            def write(self, token: int | list[int]) -> Any:
                try:
                    goes_on = streamer.write(token if isinstance(token, list) else [token])
                except BaseException as exc:  # an exception out of here would abort the process
                    streamer.error, goes_on = exc, False
                status = genai.StreamingStatus
                return status.RUNNING if goes_on else status.STOP if streamer.is_stopped else status.CANCEL

            def end(self) -> None:
                """Nothing to do: ``finish`` is called when ``generate`` has returned."""

        return Bridge()

    def finish_reason(self, end_ids: set[int], max_new_tokens: int) -> str:
        # From the ids: after a cancel, GenAI's own finish reason is now NONE and now STOP.
        if self.is_stopped or (self._ids and self._ids[-1] in end_ids):
            return "stop"
        return "length" if len(self._ids) >= max_new_tokens else "cancelled"

    def result(self, prompt_tokens: int, finish_reason: str, seed: int) -> GenerationResult:
        count = len(self._ids)
        return GenerationResult(
            text=self._text.text,
            token_ids=tuple(self._ids),
            prompt_tokens=prompt_tokens,
            finish_reason=finish_reason,
            seed=seed,
            ttft_s=self._first - self._started,
            tpot_s=(self._last - self._first) / (count - 1) if count > 1 else math.nan,
        )


def _endings(tokenizer: Tokenizer, template: PromptTemplate, info: ModelInfo) -> tuple[set[int], tuple[str, ...]]:
    """Ids that end an answer, and the stop texts that are no single token and so must be watched for in the text."""
    ids = {text: tokenizer.special_id(text) for text in template.stop}
    end_ids = {token_id for token_id in ids.values() if token_id is not None} | info.end_ids
    return end_ids, tuple(text for text, token_id in ids.items() if token_id is None)


def _load_pipeline(model_dir: Path, device: str) -> Any:
    import openvino_genai as genai

    try:
        # Not on the caller's thread: OpenVINO's CPU plugin gives the thread that loads it a stack for signals, and
        # frees it on whichever thread frees the model. The main thread's next Ctrl+C would then end the process.
        return Job(lambda stop: genai.LLMPipeline(str(model_dir), device), name="dolly-load").wait()
    except RuntimeError as exc:
        raise EngineError(
            f"OpenVINO could not load {model_dir} on {device}: {_first_sentence(exc)} "
            "Choose another device, or convert the model again."
        ) from exc


def _generation_config(params: SamplingParams, seed: int, end_ids: set[int]) -> openvino_genai.GenerationConfig:
    import openvino_genai as genai

    config = genai.GenerationConfig()
    config.max_new_tokens = min(params.max_new_tokens, _LARGEST)
    config.repetition_penalty = params.repetition_penalty
    config.stop_token_ids = end_ids
    config.apply_chat_template = False
    config.do_sample = not params.is_greedy
    if config.do_sample:
        config.temperature = params.temperature
        config.top_p = max(params.top_p, _SMALLEST)
        config.top_k = min(params.top_k, _LARGEST) or (CANDIDATES if params.top_p < 1 else 0)
        config.rng_seed = seed
    return config


def _first_sentence(exc: BaseException) -> str:
    """What a message of the library says, without the C++ files and checks that it says it with."""
    lines = [line.strip() for line in str(exc).splitlines()]
    plain = [
        line for line in lines if line and not line.startswith(("Exception from", "Check '")) and ".cpp" not in line
    ]
    return (plain[-1] if plain else "no reason was given").rstrip(".!") + "."
