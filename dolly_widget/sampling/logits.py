"""The arithmetic of repetition penalty, temperature, top-k and top-p on one vector of logits. No I/O, no engine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dolly_widget.sampling.params import SamplingParams


def probabilities(logits: npt.ArrayLike, params: SamplingParams) -> npt.NDArray[np.float64]:
    """Probability with which each token is drawn next.

    ``logits`` has the shape (vocab,); so has the result, which sums to 1 and is zero where top-k or top-p cut. The
    order is that of transformers' ``generation/logits_process.py``: temperature, top-k, top-p. Tokens whose logit
    equals the k-th largest are kept, as there. A chance too small for a float64, 5e-324, is zero too: at a temperature
    near 0, that may leave fewer than the filters do. The repetition penalty needs the tokens so far: see
    ``penalise_repetition``. Raises ValueError where no logit is finite, or one is NaN or +infinity.
    """
    scores = check_logits(logits)
    if params.is_greedy:
        return _one_hot(int(scores.argmax()), scores.size)
    # Before anything is subtracted or divided: that makes near neighbours equal, and of equals more than k are kept.
    left = _keep_top_k(scores, params.top_k)
    return _keep_top_p(_softmax((left - left.max()) / params.temperature), scores, params.top_p)


def check_logits(logits: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The logits as float64 (vocab,), or the ValueError that ``probabilities`` raises."""
    scores = np.asarray(logits, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(f"logits must be one vector, (vocab,), not of shape {scores.shape}.")
    if np.isnan(scores).any() or np.isposinf(scores).any() or np.isneginf(scores).all():
        raise ValueError("logits hold NaN or infinity: the model's output is not a distribution.")
    return scores


def penalise_repetition(
    logits: npt.ArrayLike, token_ids: npt.ArrayLike, repetition_penalty: float
) -> npt.NDArray[np.float64]:
    """Logits (vocab,) after the repetition penalty for ``token_ids`` (any number of them, prompt and answer so far).

    Source: Keskar et al. 2019, CTRL, section 4.1; as in transformers' ``RepetitionPenaltyLogitsProcessor``.
    """
    scores = np.array(logits, dtype=np.float64)
    seen = np.unique(np.asarray(token_ids, dtype=np.int64))
    scores[seen] = np.where(scores[seen] < 0, scores[seen] * repetition_penalty, scores[seen] / repetition_penalty)
    return scores


def _one_hot(index: int, size: int) -> npt.NDArray[np.float64]:
    result = np.zeros(size)
    result[index] = 1.0
    return result


def _softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def _keep_top_k(scores: npt.NDArray[np.float64], top_k: int) -> npt.NDArray[np.float64]:
    if not 0 < top_k < scores.size:
        return scores
    kth_largest = np.partition(scores, -top_k)[-top_k]
    return np.where(scores < kth_largest, -np.inf, scores)


def _keep_top_p(
    chances: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], top_p: float
) -> npt.NDArray[np.float64]:
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
