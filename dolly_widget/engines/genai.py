"""The default engine: OpenVINO GenAI. It is fed ids and gives ids.

Most models run on its continuous batching (`batched`): callers need not wait for each other. LLMPipeline, for one
caller at a time, is for attention that only it computes right, and for devices that cannot do the other.

Its presence and frequency penalties are not OpenAI's: a negative logit is *raised* by them (GenAI 2026.4,
logit_transformers.hpp), so that a word that was used often comes where it makes no sense. With these two, the answer is
written a token at a time in OpenVINO's own runtime, by the arithmetic of `sampling`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from dolly_widget.engines import lone_pipeline, stepped_model
from dolly_widget.engines.answer import Answer
from dolly_widget.engines.batched.answers import ManyAnswers, write
from dolly_widget.engines.batched.pipeline import BatchedPipeline
from dolly_widget.engines.bounds import within_candidates
from dolly_widget.engines.chooser import Chooser
from dolly_widget.engines.continuation import Continuation
from dolly_widget.engines.many import Outcome, one_after_the_other
from dolly_widget.engines.model_engine import ModelEngine, Opened
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.stepped_model import SteppedModel
from dolly_widget.engines.turns import Turn
from dolly_widget.errors import EngineError
from dolly_widget.models import has_token_texts
from dolly_widget.runtime import check_properties, devices_behind
from dolly_widget.sampling import SamplingParams

# A property of GenAI, not of a device: paged attention, which keeps what begins alike, or the model's own.
_BACKEND = "ATTENTION_BACKEND"


class GenAIEngine(ModelEngine):
    """A model directory on a device, run by ``openvino_genai``. See ``Engine`` and ``AnswersMany`` for the methods.

    With ``prompt_lookup``, answers that repeat what is there come in fewer passes, greedily with the same tokens.
    Raises EngineError for a model that cannot take guesses back.
    """

    _is_batched: bool | None = None
    """Known when it is loaded first, and the same from then on: callers share their turns before they have them."""

    def generate_many(
        self, requests: Iterable[GenerationRequest], *, stop: threading.Event | None = None, at_once: int | None = None
    ) -> Iterator[Outcome]:
        """See ``AnswersMany``."""
        self._refuse_in_callback()
        # LongRoPE's two texts of an answer are two requests.
        if self._is_batched and self.model.info.longrope_limit is None:
            return ManyAnswers(_Host(self), stop or threading.Event(), at_once).outcomes(requests)
        return one_after_the_other(self, requests, stop or threading.Event())

    @property
    def cache_bytes(self) -> int:
        """See ``KeepsCache``."""
        loaded = self._loaded
        return loaded.cache_bytes if isinstance(loaded, BatchedPipeline) else 0

    def fits(self, tokens: int) -> bool:
        """See ``KeepsCache``."""
        loaded = self._loaded
        return not isinstance(loaded, BatchedPipeline) or loaded.fits(tokens)

    def effective_params(self, params: SamplingParams) -> SamplingParams:
        """See ``BoundsCandidates``."""
        return within_candidates(params)

    def _checked_properties(self) -> dict[str, Any]:
        properties = self.setup.properties
        backend = self._attention_backend(properties.pop(_BACKEND, None))
        return check_properties(self.device, properties) | ({} if backend is None else {_BACKEND: backend})

    def _attention_backend(self, asked: Any) -> str | None:
        """How attention is to be computed; None leaves it to GenAI. EngineError where it is wrong in every way."""
        right, directory = self.model.info.genai_attention, self.model.directory
        foreign = self._inputs.foreign_to_genai
        if right == "none" or foreign:
            why = f"does not fill its input {min(foreign)}" if foreign else "computes it wrongly"
            raise EngineError(f'OpenVINO GenAI cannot run {directory.name}, because it {why}: use engine="optimum".')
        if asked not in (None, "PA", "SDPA"):
            raise ValueError(f"{_BACKEND} must be 'PA' or 'SDPA', not {asked!r}: correct it in ov_config.")
        if asked == "PA" and right == "SDPA":
            raise ValueError(
                f"OpenVINO GenAI computes {directory.name} wrongly with {_BACKEND}='PA': leave it out of ov_config."
            )
        return "SDPA" if right == "SDPA" else asked

    def _load(self, properties: dict[str, Any]) -> Any:
        import openvino_genai as genai

        directory, backend, lookup = self.model.directory, properties.get(_BACKEND), self.setup.prompt_lookup
        if self._can_batch(backend):
            plain = {name: value for name, value in properties.items() if name != _BACKEND}
            try:
                batched = BatchedPipeline(directory, self.device, plain, prompt_lookup=lookup)
                self._is_batched = True
                return batched
            except RuntimeError:
                if backend == "PA" or lookup or self._is_batched:
                    raise
        elif lookup:
            raise EngineError(f"{directory.name} does not support prompt_lookup: leave it out.")
        alone = genai.LLMPipeline(str(directory), self.device, **properties)
        self._is_batched = False
        return alone

    def _can_batch(self, backend: str | None) -> bool:
        if self._is_batched is not None:
            return self._is_batched
        return backend != "SDPA" and not any(name.startswith("NPU") for name in devices_behind(self.device))

    def _shares(self, params: SamplingParams) -> bool:
        return not params.penalises_answer and bool(self._is_batched)

    def check_shape(self, params: SamplingParams) -> None:
        """See ``Constrains``."""
        if params.penalises_answer:
            raise ValueError(
                "An answer of a given shape does not go with presence_penalty or frequency_penalty: leave them at 0."
            )
        if not has_token_texts(self.model.directory):
            raise ValueError(
                f"{self.model.name} has no openvino_detokenizer.xml, without which no answer can be held to a shape: "
                "convert the model again."
            )

    def _load_error(self, exc: Exception) -> EngineError:
        error = super()._load_error(exc)
        return EngineError(f"{error} Without prompt_lookup, it may load.") if self.setup.prompt_lookup else error

    def _prepare(self, params: SamplingParams) -> None:
        loaded = self._loaded
        is_broken = isinstance(loaded, BatchedPipeline) and loaded.is_broken
        if loaded is None or is_broken or params.penalises_answer != isinstance(loaded, SteppedModel):
            del loaded
            self._drop_loaded()
            load = self._load_stepped if params.penalises_answer else self._load
            self._loaded = self._load_on_own_thread(self._checked_properties(), load)

    def _drop_loaded(self) -> None:
        """Free what is loaded, before anything is loaded in its place: a model's weights are in memory once."""
        loaded, self._loaded = self._loaded, None
        # It may be in the midst of a step for those who have left. A broken one is at rest, and has an error, not a
        # cancelled answer, for who comes too late.
        if isinstance(loaded, BatchedPipeline) and not loaded.is_broken:
            loaded.close()

    def _load_stepped(self, properties: dict[str, Any]) -> SteppedModel:
        return SteppedModel(self.model, self.device, {k: v for k, v in properties.items() if k != _BACKEND})

    def _run(self, loaded: Any, text: Continuation, answer: Answer, **arguments: Any) -> None:
        if isinstance(loaded, SteppedModel):
            prompt_tokens = len(text.ids) - len(answer.token_ids)
            chooser = Chooser(within_candidates(text.params), text.seed, prompt_tokens)
            stepped_model.write(loaded, chooser, text.ids, text.params.max_new_tokens, answer)
        else:
            self._run_pipeline(loaded, text, answer)

    def _run_pipeline(self, loaded: Any, text: Continuation, answer: Answer) -> None:
        whole, limit = text.params.max_new_tokens, self.model.info.longrope_limit
        most = whole
        if limit is not None and len(text.ids) <= limit:
            most = min(most, limit + 1 - len(text.ids))
        _generate(loaded, text._replace(params=replace(text.params, max_new_tokens=most)), answer)
        made = answer.token_ids[-most:]
        if most == whole or not answer.should_continue or made[-1] in answer.end_ids:
            return
        # A text beyond the limit is another one from its first token on: transformers reads it again, too.
        if text.shape is None:
            rest = replace(text.params, max_new_tokens=whole - most)
            _generate(loaded, Continuation([*text.ids, *made], rest, text.seed + 1), answer)
        else:  # the library would begin the shape anew
            answer.shortfall = f"this model cannot hold a shape across its limit of {limit:,} tokens: shorten the text"


def _generate(loaded: Any, text: Continuation, answer: Answer) -> None:
    if isinstance(loaded, BatchedPipeline):
        write(loaded, text, answer)
    else:
        lone_pipeline.write(loaded, text, answer)


class _Host:
    """See ``Host``."""

    def __init__(self, engine: GenAIEngine) -> None:
        self._engine = engine
        self.open, self.shares, self.write_alone = engine._open, engine._shares, engine._write
        self.leave, self.failure = engine._give_back, engine._run_error

    def enter(self, opened: Opened, turn: Turn, *, waits: bool) -> BatchedPipeline | None:
        engine, answer = self._engine, opened.answer
        gives_up = (lambda: answer.is_cancelled) if waits else (lambda: True)
        if not engine._turns.take(turn, gives_up=gives_up):
            return None
        pipeline: BatchedPipeline = engine._make_ready(opened.params)
        return pipeline
