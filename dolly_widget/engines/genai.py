"""The default engine: OpenVINO GenAI's LLMPipeline. It is fed ids and gives ids.

Its presence and frequency penalties are not OpenAI's: a negative logit is *raised* by them (GenAI 2026.4,
logit_transformers.hpp), so that a word that was used often comes where it makes no sense. With these two, the answer is
written a token at a time in OpenVINO's own runtime, by the arithmetic of `sampling`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dolly_widget.engines.answer import Answer
from dolly_widget.engines.bounds import within_candidates
from dolly_widget.engines.chooser import Chooser
from dolly_widget.engines.model_engine import ModelEngine
from dolly_widget.engines.shaped import structured_output
from dolly_widget.engines.stepped_model import SteppedModel, write
from dolly_widget.errors import EngineError
from dolly_widget.runtime import check_properties
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.shapes import Shape

if TYPE_CHECKING:
    import openvino_genai

# GenAI's numbers have 32 bits: beyond these, its 0 or 1 would come of a setting that is in its range.
_SMALLEST = 1e-6
_BELOW_ONE = 1 - 2**-24
# A property of GenAI, not of a device: paged attention, which keeps what begins alike, or the model's own.
_BACKEND = "ATTENTION_BACKEND"


class GenAIEngine(ModelEngine):
    """A model directory on a device, run by ``openvino_genai.LLMPipeline``. See ``Engine`` for the methods."""

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

        return genai.LLMPipeline(str(self.model.directory), self.device, **properties)

    def _check_shape(self, params: SamplingParams) -> None:
        if params.penalises_answer:
            raise ValueError("answer= does not go with presence_penalty or frequency_penalty: leave them at 0.")

    def _prepare(self, params: SamplingParams) -> None:
        # In the place of what is loaded, not beside it: a model's weights are in memory once.
        if params.penalises_answer != isinstance(self._loaded, SteppedModel):
            load = self._load_stepped if params.penalises_answer else self._load
            self._loaded = self._load_on_own_thread(self._checked_properties(), load)

    def _load_stepped(self, properties: dict[str, Any]) -> SteppedModel:
        return SteppedModel(self.model, self.device, {k: v for k, v in properties.items() if k != _BACKEND})

    def _run(self, prompt_ids: list[int], params: SamplingParams, seed: int, answer: Answer, **arguments: Any) -> None:
        if isinstance(self._loaded, SteppedModel):
            prompt_tokens = len(prompt_ids) - len(answer.token_ids)
            chooser = Chooser(within_candidates(params), seed, prompt_tokens)
            write(self._loaded, chooser, prompt_ids, params.max_new_tokens, answer)
        else:
            self._run_pipeline(prompt_ids, params, seed, answer, **arguments)

    def _run_pipeline(
        self, prompt_ids: list[int], params: SamplingParams, seed: int, answer: Answer, shape: Shape | None = None
    ) -> None:
        count, limit = len(prompt_ids), self.model.info.longrope_limit
        most = params.max_new_tokens
        if limit is not None and count <= limit:
            most = min(most, limit + 1 - count)
        times = self._generate(prompt_ids, replace(params, max_new_tokens=most), seed, answer, shape)
        # Its own clock: our callback competes for the interpreter, and may come late.
        answer.retime(times.m_times_to_first_token[0] / 1e6, [each / 1e3 for each in times.m_new_token_times])
        made = answer.token_ids[-most:]
        if most < params.max_new_tokens and answer.should_continue and made[-1] not in answer.end_ids:
            # A text beyond the limit is another one from its first token on: transformers reads it again, too.
            rest = replace(params, max_new_tokens=params.max_new_tokens - most)
            self._generate([*prompt_ids, *made], rest, seed + 1, answer)

    def _generate(
        self, prompt_ids: list[int], params: SamplingParams, seed: int, answer: Answer, shape: Shape | None = None
    ) -> Any:
        """Feed ``answer``, and return the library's times."""
        import numpy as np
        import openvino as ov
        import openvino_genai as genai

        ids = ov.Tensor(np.array([prompt_ids], dtype=np.int64))
        mask = ov.Tensor(np.ones((1, len(prompt_ids)), dtype=np.int64))
        config = _generation_config(params, seed, answer.end_ids)
        if shape is not None:
            config.structured_output_config = structured_output(shape)
        done = self._loaded.generate(genai.TokenizedInputs(ids, mask), config, _bridge(answer))
        return done.perf_metrics.raw_metrics


def _bridge(answer: Answer) -> openvino_genai.StreamerBase:
    """Return what GenAI calls, from a thread of its own, with each token."""
    import openvino_genai as genai

    class Bridge(genai.StreamerBase):  # type: ignore[misc]  # the library has no types
        def write(self, token: int | list[int]) -> Any:
            try:
                answer.step()
                answer.write(token if isinstance(token, list) else [token])
            except BaseException as exc:  # an exception out of here would abort the process
                answer.error = exc
            status = genai.StreamingStatus
            return status.RUNNING if answer.should_continue else status.STOP if answer.is_stopped else status.CANCEL

        def end(self) -> None:
            """Nothing to do: ``finish`` is called when ``generate`` has returned."""

    return Bridge()


def _generation_config(params: SamplingParams, seed: int, end_ids: frozenset[int]) -> openvino_genai.GenerationConfig:
    import openvino_genai as genai

    params = within_candidates(params)
    config = genai.GenerationConfig()
    config.max_new_tokens = params.max_new_tokens
    config.repetition_penalty = params.repetition_penalty
    config.stop_token_ids = set(end_ids)
    config.apply_chat_template = False
    config.do_sample = not params.is_greedy
    if config.do_sample:
        config.temperature = params.temperature
        config.top_p = max(params.top_p, _SMALLEST)
        config.top_k = params.top_k
        config.min_p = min(params.min_p, _BELOW_ONE)
        config.rng_seed = seed
    return config
