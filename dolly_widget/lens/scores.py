"""What a model computes at each position of a text, from one forward pass of OpenVINO's own runtime.

Knows engines by their protocol only, and never generates: an engine says which files, on which device.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dolly_widget.engines import effective_params
from dolly_widget.lens.opened import Source, open_model, warn_of_memory
from dolly_widget.lens.reader import Logits
from dolly_widget.models import ModelInfo
from dolly_widget.sampling import MODEL, SamplingParams, check_logits, entropy, penalised, probabilities
from dolly_widget.text import Prompt

_ALTERNATIVES = 10


@dataclass(frozen=True, eq=False)
class Scores:
    """The tokens of a text, each judged by what the model expected at its place. n tokens, k alternatives."""

    token_ids: npt.NDArray[np.int64]
    """(n,)"""
    logits: npt.NDArray[np.float32]
    """(n,), of the token that is there."""
    model_probabilities: npt.NDArray[np.float64]
    """(n,), of the token that is there, by the model alone: temperature 1, no penalty, no filter."""
    probabilities: npt.NDArray[np.float64]
    """(n,), with which the settings draw the token that is there; 0 where they cut it."""
    ranks: npt.NDArray[np.int64]
    """(n,), of the token that is there, after the penalties; 1 is the likeliest."""
    entropies: npt.NDArray[np.float64]
    """(n,), of what is drawn from, in bits."""
    kept: npt.NDArray[np.int64]
    """(n,), number of tokens that could be drawn."""
    alternative_ids: npt.NDArray[np.int64]
    """(n, k), the likeliest tokens after the penalties, the likeliest first; the one that is there may be."""
    alternative_logits: npt.NDArray[np.float32]
    """(n, k)"""
    alternative_model_probabilities: npt.NDArray[np.float64]
    """(n, k), as ``model_probabilities``."""
    alternative_probabilities: npt.NDArray[np.float64]
    """(n, k), as ``probabilities``."""
    params: SamplingParams
    """The settings, with what the engine makes of them: see ``effective_params``."""
    vocab_size: int
    """Number of tokens that the model chooses from; 0 where no token was judged."""

    def __len__(self) -> int:
        return len(self.token_ids)


def score(
    engine: Source,
    prompt: Prompt,
    token_ids: Sequence[int],
    params: SamplingParams = MODEL,
    *,
    k: int = _ALTERNATIVES,
    stop: threading.Event | None = None,
) -> Scores:
    """Judge each of ``token_ids``, which follow ``prompt``, in one forward pass over the whole text, in float32.

    ``params`` are the settings that probabilities are for; the default is the model's own distribution. Memory does not
    grow with the length times the vocabulary: the text is read in blocks. The first call loads the engine's model once
    more, which is freed with the engine; for a large one a warning says so, see ``extra_bytes``. Setting ``stop`` ends
    it early, with the tokens judged so far. Raises ValueError where there is no token to go on from, an id is not in
    the vocabulary, the text is too long for the model, its logits are NaN or infinite, or ``engine`` has no files here;
    EngineError where OpenVINO fails, or the engine was closed.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}.")
    opened = open_model(engine)
    prompt_ids = opened.model.encode(prompt)
    ids = _checked([*prompt_ids, *map(operator.index, token_ids)], len(prompt_ids), opened.model.info)
    judge = _Judge(ids, len(prompt_ids), effective_params(engine, params), k, stop or threading.Event())
    if len(ids) > len(prompt_ids):
        warn_of_memory(engine, opened)
        opened.read(ids, len(prompt_ids) - 1, judge.take, stop)
    return judge.scores()


def next_token(
    engine: Source, prompt: Prompt, prefix_ids: Sequence[int] = (), *, stop: threading.Event | None = None
) -> Logits:
    """Logits, float32 (vocab,), of the token that follows ``prompt`` and the answer's beginning ``prefix_ids``.

    As ``score``, for one place. A text that goes on from the one before is not read from its beginning again, so that
    an answer can be followed token by token. Setting ``stop`` ends it early, with no logits, (0,). Raises what
    ``score`` raises.
    """
    opened = open_model(engine)
    ids = [*opened.model.encode(prompt), *map(operator.index, prefix_ids)]
    _checked(ids, len(ids), opened.model.info)
    warn_of_memory(engine, opened)
    logits = np.empty(0, dtype=np.float32)

    def keep(block: Logits) -> bool:
        nonlocal logits
        if len(block):
            logits = block[-1].astype(np.float32)  # a copy: the next block will be in its place
        return stop is None or not stop.is_set()

    opened.read(ids, len(ids) - 1, keep, stop)
    if logits.size:
        check_logits(logits)
    return logits


def _checked(ids: list[int], prompt_tokens: int, info: ModelInfo) -> list[int]:
    longest = info.max_positions
    if not prompt_tokens:
        raise ValueError("The prompt is empty: give the model at least one token to continue from.")
    if longest is not None and len(ids) > longest:
        raise ValueError(
            f"The text has {len(ids)} tokens, but the model has only {longest} positions: "
            f"shorten it by at least {len(ids) - longest} tokens."
        )
    return ids


class _Judge:
    """Takes logits of one position after the other and keeps what is worth knowing of them."""

    def __init__(
        self, ids: Sequence[int], prompt_tokens: int, params: SamplingParams, k: int, stop: threading.Event
    ) -> None:
        self._ids, self._prompt_tokens, self._params, self._k, self._stop = ids, prompt_tokens, params, k, stop
        self._rows: list[tuple[Any, ...]] = []
        self._vocab_size = 0

    def take(self, block: Logits) -> bool:
        """See ``Reader.read``."""
        self._vocab_size = block.shape[-1]
        remaining = len(self._ids) - self._prompt_tokens - len(self._rows)
        for logits in block[:remaining]:  # what follows the last token is not needed
            if self._stop.is_set():
                break
            self._rows.append(self._row(logits))
        return not self._stop.is_set()

    def _row(self, logits: Logits) -> tuple[Any, ...]:
        place = len(self._rows)
        end = self._prompt_tokens + place
        there = self._ids[end]
        try:
            model = probabilities(logits, MODEL)
        except ValueError as exc:
            raise ValueError(f"Token {place} of the text, counted from 0: {exc}") from exc
        begin = self._prompt_tokens
        scores = penalised(logits, self._params, self._ids[:begin], self._ids[begin:end])
        drawn = probabilities(scores, self._params)
        best = _likeliest(scores, self._k)
        rank = 1 + int(np.count_nonzero(scores > scores[there]))
        kept = int(np.count_nonzero(drawn))
        one = (there, logits[there], model[there], drawn[there], rank, entropy(drawn), kept)
        return *one, best, logits[best], model[best], drawn[best]

    def scores(self) -> Scores:
        """What was kept, as arrays."""
        columns: list[Any] = list(zip(*self._rows, strict=True)) or [()] * len(_TYPES)
        arrays: dict[str, Any] = {
            name: np.array(column, dtype=kind) for (name, kind), column in zip(_TYPES.items(), columns, strict=True)
        }
        for name in arrays:
            if name.startswith("alternative"):
                arrays[name] = arrays[name].reshape(len(self._rows), -1 if self._rows else self._k)
        return Scores(**arrays, params=self._params, vocab_size=self._vocab_size)


# Of the fields of Scores, in their order.
_TYPES = {
    "token_ids": np.int64,
    "logits": np.float32,
    "model_probabilities": np.float64,
    "probabilities": np.float64,
    "ranks": np.int64,
    "entropies": np.float64,
    "kept": np.int64,
    "alternative_ids": np.int64,
    "alternative_logits": np.float32,
    "alternative_model_probabilities": np.float64,
    "alternative_probabilities": np.float64,
}


def _likeliest(scores: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.int64]:
    """Ids of the k largest, the largest first; of equals, the first."""
    k = min(k, scores.size)
    kth_largest = np.partition(scores, -k)[-k]
    candidates = np.flatnonzero(scores >= kth_largest)
    return candidates[np.argsort(-scores[candidates], kind="stable")][:k]
