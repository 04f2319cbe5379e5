"""Chooses tokens from a model's own logits, by the arithmetic of `sampling`. Knows no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from dolly_widget.sampling import SamplingParams, penalised, probabilities

Logits = npt.NDArray[np.float32]


class Chooser:
    """Chooses tokens from logits, with random numbers that do not depend on what was guessed.

    Gumbel's way (Maddison et al. 2014, section 2): a random number for each token of the vocabulary is added to its
    log-probability, and the largest sum is taken. Logits that a pass of several tokens rounds differently then change
    the choice as seldom as they do greedily. ``prompt_tokens`` is how many of the ids are the prompt's.
    """

    def __init__(self, params: SamplingParams, seed: int, prompt_tokens: int) -> None:
        self._params, self._prompt_tokens = params, prompt_tokens
        self._has_penalty = params.penalises_answer or params.repetition_penalty != 1
        self._random = np.random.default_rng(seed)

    def choose(self, logits: Logits, ids: Sequence[int], guess: Sequence[int]) -> Iterator[int]:
        """A token for each of ``logits``, (positions, vocab), up to the first that is not as guessed."""
        so_far = list(ids)
        for place, row in enumerate(logits):
            token_id = self.token(row, so_far)
            yield token_id
            if place < len(guess) and token_id != guess[place]:
                return
            so_far.append(token_id)

    def token(self, logits: Logits, ids: Sequence[int]) -> int:
        """The token that follows ``ids``, the prompt's and the answer's, from its ``logits``, (vocab,)."""
        params, scores = self._params, np.asarray(logits, dtype=np.float64)
        if self._has_penalty:
            scores = penalised(scores, params, ids[: self._prompt_tokens], ids[self._prompt_tokens :])
        if params.is_greedy:
            return int(scores.argmax())
        noise = self._random.random(scores.size)
        # Only those that top-k leaves: sorting a whole vocabulary takes milliseconds.
        left = np.arange(scores.size)
        if 0 < params.top_k < scores.size:
            left = np.sort(np.argpartition(scores, -params.top_k)[-params.top_k :])
        chances = probabilities(scores[left], params)
        left, chances = left[chances > 0], chances[chances > 0]
        # -log of a uniform number is exponential; the least of those over their chances is the largest Gumbel sum.
        return int(left[(-np.log1p(-noise[left]) / chances).argmin()])
