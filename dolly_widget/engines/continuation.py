"""What OpenVINO GenAI is asked for: ids to go on from, and how. A value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dolly_widget.engines.bounds import within_candidates
from dolly_widget.engines.shaped import structured_output
from dolly_widget.sampling import SamplingParams
from dolly_widget.text.shapes import Shape

if TYPE_CHECKING:
    import openvino_genai

# GenAI's numbers have 32 bits: beyond these, its 0 or 1 would come of a setting that is in its range.
_SMALLEST = 1e-6
_BELOW_ONE = 1 - 2**-24


class Continuation(NamedTuple):
    """A text that is to be continued."""

    ids: Sequence[int]
    params: SamplingParams
    """``max_new_tokens`` of it are the tokens that may follow ``ids``."""
    seed: int
    shape: Shape | None = None

    def config(self, end_ids: frozenset[int]) -> openvino_genai.GenerationConfig:
        """The settings as the library takes them, for an answer that one of ``end_ids`` ends."""
        import openvino_genai as genai

        params = within_candidates(self.params)
        config = genai.GenerationConfig()
        config.max_new_tokens = params.max_new_tokens
        config.repetition_penalty = params.repetition_penalty
        config.stop_token_ids = set(end_ids)
        config.ignore_eos = not end_ids  # else the model's own counts, which the library looks up by itself
        config.apply_chat_template = False
        config.do_sample = not params.is_greedy
        if config.do_sample:
            config.temperature = params.temperature
            config.top_p = max(params.top_p, _SMALLEST)
            config.top_k = params.top_k
            config.min_p = min(params.min_p, _BELOW_ONE)
            config.rng_seed = self.seed
        if self.shape is not None:
            config.structured_output_config = structured_output(self.shape)
        return config
