"""The engine of a model with a draft: several tokens for one reading of the weights. OpenVINO's runtime, without GenAI.

GenAI has drafts, too, and they are as fast. But with its cache of texts that begin alike, drawn answers break off
("Check 'content_length <= …' failed", GenAI 2026.4.1), and without it each question reads the whole chat again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dolly_widget.engines.answer import Answer
from dolly_widget.engines.bounds import within_candidates
from dolly_widget.engines.chooser import Chooser
from dolly_widget.engines.continuation import Continuation
from dolly_widget.engines.model_engine import ModelEngine
from dolly_widget.engines.setup import EngineSetup
from dolly_widget.engines.speculative.cached_model import BLOCK, CachedModel, Logits
from dolly_widget.engines.speculative.pace import CHECK_COST, MOST, Pace
from dolly_widget.models import Model
from dolly_widget.sampling import SamplingParams


class SpeculativeEngine(ModelEngine):
    """A model directory on a device, and ``draft``, a smaller model with the same tokens, which writes ahead.

    See ``Engine`` for the methods. Each token is chosen from the model's own logits, whatever was guessed: greedily, in
    full precision, the ids are GenAI's; drawn ones have the same distribution, and for a seed ids that do not depend on
    guesses, but are not GenAI's. Source: Leviathan et al. 2023.
    Raises ValueError for a draft with other tokens, EngineError for a model that cannot take tokens back.
    """

    def __init__(self, setup: EngineSetup, model: Model, draft: Model) -> None:
        if not model.tokenizer.has_same_tokens(draft.tokenizer):
            raise ValueError(
                f"The draft {draft.directory.name} has a different vocabulary than the model: use one with the same "
                "tokenizer."
            )
        self._draft = draft
        super().__init__(setup, model)

    def effective_params(self, params: SamplingParams) -> SamplingParams:
        """See ``BoundsCandidates``: the bound is that of the engine without guesses."""
        return within_candidates(params)

    def check_shape(self, params: SamplingParams) -> None:
        """See ``Constrains``."""
        raise ValueError("A draft does not go with answer=: load the model without draft.")

    def _load(self, properties: dict[str, Any]) -> Any:
        model = CachedModel(self.model, self.device, properties, MOST + 1)
        return _Models(model, CachedModel(self._draft, self.device, properties, 1))

    def _run(self, loaded: _Models, text: Continuation, answer: Answer, **arguments: Any) -> None:
        prompt_ids, params = text.ids, text.params
        prompt_tokens = len(prompt_ids) - len(answer.token_ids)
        model, chooser = loaded.large, Chooser(within_candidates(params), text.seed, prompt_tokens)
        draft, guess = _draft_for(loaded, answer), list[int]()
        ids, stop = list(prompt_ids), len(prompt_ids) + params.max_new_tokens
        logits = _read(model, ids, params.max_new_tokens, answer)
        while logits is not None:
            made = list(chooser.choose(logits[-1 - len(guess) :], ids, guess))
            answer.step()
            draft.pace.made(len(made))
            if guess:
                draft.pace.learn(len(guess), len(made) - 1)
            ids += self._written(answer, made)
            if len(ids) >= stop or not answer.should_continue or ids[-1] in answer.end_ids:
                return
            room = stop - len(ids) - 1
            guess = draft.guess(ids, room if model.has_places(MOST + 1 + room) else 0)
            model.keep(len(ids) - 1)
            logits = model.read([ids[-1], *guess]) if answer.should_continue else None

    def _written(self, answer: Answer, token_ids: Sequence[int]) -> list[int]:
        """Hand ids over one by one, up to the one that ends the answer; return those that were."""
        for count, token_id in enumerate(token_ids, start=1):
            answer.write([token_id])
            if not answer.should_continue or token_id in answer.end_ids:
                return list(token_ids[:count])
        return list(token_ids)


class _Models(NamedTuple):
    large: CachedModel
    small: CachedModel


def _draft_for(models: _Models, answer: Answer) -> _Draft:
    large, small = models
    # Both are read from memory: a pass of either takes as long as it is large.
    cost = CHECK_COST + small.size_bytes / large.size_bytes
    return _Draft(small, Pace(large.size_bytes, cost), answer)


def _read(model: CachedModel, ids: Sequence[int], more: int, answer: Answer) -> Logits | None:
    """Logits of what follows ``ids``, with ``more`` to come; None where the answer was stopped meanwhile."""
    return _read_on(model, ids[model.resume(ids, more) :], answer)


def _read_on(model: CachedModel, ids: Sequence[int], answer: Answer) -> Logits | None:
    logits = None
    for start in range(0, len(ids), BLOCK):
        if not answer.should_continue:
            return None
        logits = model.read(ids[start : start + BLOCK])
    return logits


class _Draft:
    """Guesses what a smaller model would say, for as long as ``answer`` goes on."""

    def __init__(self, model: CachedModel, pace: Pace, answer: Answer) -> None:
        self.pace = pace
        self._model, self._answer = model, answer
        self._has_begun = False

    def guess(self, ids: Sequence[int], room: int) -> list[int]:
        """At most ``room`` ids that may follow ``ids``, which begin with those of the call before; perhaps none."""
        guess: list[int] = []
        most = min(self.pace.most, room)
        if most == 0:
            return guess
        unread = list(ids[self._known(ids) :])
        if not self._model.has_places(len(unread) + most):
            return []
        while len(guess) < most:
            logits = _read_on(self._model, unread, self._answer)
            if logits is None:
                return []
            guess.append(int(logits[-1].argmax()))
            unread = guess[-1:]
        return guess

    def _known(self, ids: Sequence[int]) -> int:
        """How many of ``ids`` are read already. Only the first guess of an answer may have to begin again."""
        if not self._has_begun:
            self._has_begun = True
            return self._model.resume(ids)
        known = self._model.shared(ids)
        self._model.keep(known)
        return known
