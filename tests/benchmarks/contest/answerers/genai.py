"""OpenVINO GenAI called bare, with a streamer that only keeps the ids."""

from typing import Any

import numpy as np
import openvino as ov
import openvino_genai as genai

from contest.asking import SAMPLING, Question, Stopwatch


class Keeper(genai.StreamerBase):
    """Keeps the ids, and when they came."""

    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self._watch = watch
        self.ids: list[int] = []

    def write(self, token: int | list[int]) -> Any:
        self._watch.tick()
        self.ids += token if isinstance(token, list) else [token]
        return genai.StreamingStatus.RUNNING

    def end(self) -> None:
        """Nothing is left to do."""


class Answerer:
    """See `answerers`."""

    def __init__(self, path: str, is_random: bool) -> None:
        self._model = genai.LLMPipeline(path, "CPU")

    def answer(self, question: Question) -> dict[str, Any]:
        ids = np.array([question.prompt_ids], dtype=np.int64)
        watch = Stopwatch()
        keeper = Keeper(watch)
        inputs = genai.TokenizedInputs(ov.Tensor(ids), ov.Tensor(np.ones_like(ids)))
        self._model.generate(inputs, _config(question), keeper)
        return watch.answer(keeper.ids)


def _config(question: Question) -> Any:
    config = genai.GenerationConfig()
    config.max_new_tokens, config.ignore_eos = question.new_tokens, True
    config.apply_chat_template = False
    config.do_sample = not question.is_greedy
    if config.do_sample:
        config.temperature, config.top_p = SAMPLING["temperature"], SAMPLING["top_p"]
        config.top_k, config.rng_seed = question.top_k, question.seed
    return config
