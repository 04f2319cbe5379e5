"""llama.cpp, by way of llama-cpp-python: it is fed ids, and its ids are not made into text."""

import itertools
import os
from typing import Any

from llama_cpp import Llama

from contest.asking import SAMPLING, Question, Stopwatch

POSITIONS = 512


class Answerer:
    """See `answerers`."""

    def __init__(self, path: str, is_random: bool) -> None:
        cores = os.cpu_count() or 1
        self._model = Llama(path, n_ctx=POSITIONS, n_threads=cores, n_threads_batch=cores, verbose=False)

    def answer(self, question: Question) -> dict[str, Any]:
        # What the others don't do is switched off.
        sampling = {"top_k": question.top_k, "top_p": SAMPLING["top_p"], "temp": SAMPLING["temperature"], "min_p": 0.0}
        if question.is_greedy:
            sampling = {"temp": 0.0}
        self._model.set_seed(question.seed)
        ids, watch = [], Stopwatch()
        tokens = self._model.generate(question.prompt_ids, repeat_penalty=1.0, **sampling)
        for token_id in itertools.islice(tokens, question.new_tokens):
            watch.tick()
            ids.append(int(token_id))
        return watch.answer(ids)
