"""This package's engine alone."""

from typing import Any

from contest.asking import SAMPLING, Question, Stopwatch
from dolly_widget import SamplingParams, load_engine
from dolly_widget.text.template import PLAIN


class Answerer:
    """See `answerers`. A model of random weights is asked without a template: it has no end token then but one."""

    def __init__(self, path: str, is_random: bool) -> None:
        self._engine = load_engine(path, device="CPU", template=PLAIN if is_random else None)

    def answer(self, question: Question) -> dict[str, Any]:
        sampling = {"temperature": 0.0} if question.is_greedy else {**SAMPLING, "top_k": question.top_k}
        params = SamplingParams(max_new_tokens=question.new_tokens, seed=question.seed, **sampling)
        prompt, watch = self._engine.template.render(question.instruction), Stopwatch()
        result = self._engine.generate(prompt, params, on_text=lambda piece: watch.tick())
        # Text can be held back until a word is whole; the first token was there before.
        return watch.answer(list(result.token_ids), result.ttft_s)
