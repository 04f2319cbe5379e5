"""The arithmetic of temperature, penalty and filters on one vector of logits. No I/O, no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dolly_widget.sampling.params import SETTINGS, SamplingParams

Floats = npt.NDArray[np.float64]


def probabilities(logits: npt.ArrayLike, params: SamplingParams) -> Floats:
    """Probability with which each token is drawn next.

    ``logits`` has the shape (vocab,); so has the result, which sums to 1 and is zero where a filter cut. The order is
    that of transformers' ``generation/logits_process.py``: temperature, top-k, top-p, min-p. Tokens whose logit equals
    the k-th largest are kept, as there. A chance too small for a float64, 5e-324, is zero too: at a temperature near 0,
    that may leave fewer than the filters do. The penalties need the tokens so far: see ``penalised``. Raises ValueError
    where no logit is finite, or one is NaN or +infinity.
    """
    *_, (_, chances) = filtered(logits, params)
    return chances


def filtered(logits: npt.ArrayLike, params: SamplingParams) -> Iterator[tuple[str, Floats]]:
    """The name of each filter's setting, in their order, with the probabilities that it leaves, (vocab,).

    The last ones are ``probabilities``. Where the likeliest token is always taken, the one filter is "temperature".
    """
    scores = check_logits(logits)
    if params.is_greedy:
        yield "temperature", _one_hot(int(scores.argmax()), scores.size)
        return
    # Before anything is subtracted or divided: that makes near neighbours equal, and of equals more than k are kept.
    left = _keep_top_k(scores, params.top_k)
    chances = _softmax((left - left.max()) / params.temperature)
    yield "top_k", chances
    for name, keep in _FILTERS.items():
        chances = keep(chances, scores, getattr(params, name))
        yield name, chances


def unfiltered(params: SamplingParams) -> SamplingParams:
    """The same settings with every filter off."""
    return replace(params, **{name: SETTINGS[name].off for name in ("top_k", *_FILTERS)})


def check_logits(logits: npt.ArrayLike) -> Floats:
    """The logits as float64 (vocab,), or the ValueError that ``probabilities`` raises."""
    scores = np.asarray(logits, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(f"logits must be one vector, (vocab,), not of shape {scores.shape}.")
    if np.isnan(scores).any() or np.isposinf(scores).any() or np.isneginf(scores).all():
        raise ValueError("logits hold NaN or infinity: the model's output is not a distribution.")
    return scores


def penalised(
    logits: npt.ArrayLike, params: SamplingParams, prompt_ids: npt.ArrayLike, answer_ids: npt.ArrayLike = ()
) -> Floats:
    """Logits (vocab,) after all penalties of ``params``, for a prompt's tokens and those of the answer so far.

    As in transformers and OpenVINO GenAI, the repetition penalty comes first.
    """
    seen = np.concatenate([np.asarray(ids, dtype=np.int64) for ids in (prompt_ids, answer_ids)])
    scores = penalise_repetition(logits, seen, params.repetition_penalty)
    return penalise_presence(scores, answer_ids, params.presence_penalty, params.frequency_penalty)


def penalise_presence(
    logits: npt.ArrayLike, answer_ids: npt.ArrayLike, presence_penalty: float = 0, frequency_penalty: float = 0
) -> Floats:
    """Logits (vocab,) after the penalties for ``answer_ids``, the tokens of the answer so far, not of the prompt.

    ``presence_penalty`` is subtracted once for each token that is among them, ``frequency_penalty`` as often as it is.
    Source: OpenAI's API reference, "Frequency and presence penalties".
    """
    scores = np.array(logits, dtype=np.float64)
    used, counts = np.unique(np.asarray(answer_ids, dtype=np.int64), return_counts=True)
    scores[used] -= presence_penalty + frequency_penalty * counts
    return scores


def penalise_repetition(logits: npt.ArrayLike, token_ids: npt.ArrayLike, repetition_penalty: float) -> Floats:
    """Logits (vocab,) after the repetition penalty for ``token_ids`` (any number of them, prompt and answer so far).

    Source: Keskar et al. 2019, CTRL, section 4.1; as in transformers' ``RepetitionPenaltyLogitsProcessor``.
    """
    scores = np.array(logits, dtype=np.float64)
    seen = np.unique(np.asarray(token_ids, dtype=np.int64))
    scores[seen] = np.where(scores[seen] < 0, scores[seen] * repetition_penalty, scores[seen] / repetition_penalty)
    return scores


def _one_hot(index: int, size: int) -> Floats:
    result = np.zeros(size)
    result[index] = 1.0
    return result


def _softmax(scores: Floats) -> Floats:
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def _keep_top_k(scores: Floats, top_k: int) -> Floats:
    if not 0 < top_k < scores.size:
        return scores
    kth_largest = np.partition(scores, -top_k)[-top_k]
    return np.where(scores < kth_largest, -np.inf, scores)


def _keep_top_p(chances: Floats, scores: Floats, top_p: float) -> Floats:
    if top_p >= 1:
        return chances
    # As transformers does: from the least probable up, cut while what is cut stays within 1 - top_p. Of equals the
    # first stays longest, as with temperature 0. By scores: unequal ones may round to equal chances.
    left = np.flatnonzero(chances)  # top-k may have cut most of them
    order = left[np.argsort(-scores[left], kind="stable")[::-1]]
    cut = np.cumsum(chances[order]) <= 1 - top_p
    cut[-1] = False
    kept = chances.copy()
    kept[order[cut]] = 0.0
    return np.asarray(kept / kept.sum())


def _keep_min_p(chances: Floats, scores: Floats, min_p: float) -> Floats:
    # Source: Nguyen et al. 2024, Turning Up the Heat, section 3; as in transformers' MinPLogitsWarper.
    if min_p <= 0:
        return chances
    kept = np.where(chances < min_p * chances.max(), 0.0, chances)
    return np.asarray(kept / kept.sum())


# In this order, on the probabilities that top-k has left; each gets the scores too, and its setting's value.
_FILTERS: dict[str, Callable[[Floats, Floats, Any], Floats]] = {"top_p": _keep_top_p, "min_p": _keep_min_p}
