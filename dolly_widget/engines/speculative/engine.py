"""The engine that checks guesses: several tokens for one reading of the weights. OpenVINO's runtime, without GenAI.

GenAI has both ways of guessing, too, but fills each guess up to its full length: every pass then costs what a whole
guess does, even without a guess (a fifth to a third more at dolly-v2-3b's shape), and that cannot be turned off.
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
from dolly_widget.engines.speculative.guesses import CHECK_COST, MOST, Guesser, Lookup, Pace
from dolly_widget.models import Model
from dolly_widget.sampling import SamplingParams


class SpeculativeEngine(ModelEngine):
    """A model directory on a device, whose answers come in fewer passes where they can be guessed. See ``Engine``.

    ``prompt_lookup`` guesses that what was said before is said again: for answers that quote their context. ``draft``
    is a smaller model with the same tokens, which writes ahead. Each token is chosen from the model's
    own logits, whatever was guessed: greedily, in full precision, the ids are GenAI's; drawn ones have the same
    distribution, and for a seed ids that do not depend on guesses, but are not GenAI's. Source: Leviathan et al. 2023.
    Raises ValueError for a draft with other tokens, EngineError for a model that cannot take tokens back.
    """

    def __init__(self, setup: EngineSetup, model: Model, draft: Model | None = None) -> None:
        if draft is not None and not model.tokenizer.has_same_tokens(draft.tokenizer):
            raise ValueError(
                f"The draft {draft.directory.name} has a different vocabulary than the model: use one with the same "
                "tokenizer."
            )
        self._draft = draft
        super().__init__(setup, model)

    def effective_params(self, params: SamplingParams) -> SamplingParams:
        """See ``BoundsCandidates``: the bound is that of the engine without guesses."""
        return within_candidates(params)

    def _load(self, properties: dict[str, Any]) -> Any:
        model = CachedModel(self.model, self.device, properties, MOST + 1)
        if self._draft is None:
            return _Models(model, None)
        return _Models(model, CachedModel(self._draft, self.device, properties, 1))

    def _run(self, text: Continuation, answer: Answer, **arguments: Any) -> None:
        prompt_ids, params = text.ids, text.params
        prompt_tokens = len(prompt_ids) - len(answer.token_ids)
        model, chooser = self._loaded.large, Chooser(within_candidates(params), text.seed, prompt_tokens)
        guessers, guesser = self._guessers(answer), None
        guess: list[int] = []
        ids, stop = list(prompt_ids), len(prompt_ids) + params.max_new_tokens
        logits = _read(model, ids, params.max_new_tokens, answer)
        while logits is not None:
            made = list(chooser.choose(logits[-1 - len(guess) :], ids, guess))
            answer.step()
            _learn(guessers, guesser, len(guess), len(made))
            ids += self._written(answer, made)
            if len(ids) >= stop or not answer.should_continue or ids[-1] in answer.end_ids:
                return
            room = stop - len(ids) - 1
            guesser, guess = _guess(guessers, ids, room if model.has_places(MOST + 1 + room) else 0)
            model.keep(len(ids) - 1)
            logits = model.read([ids[-1], *guess]) if answer.should_continue else None

    def _guessers(self, answer: Answer) -> list[Guesser]:
        large, small = self._loaded
        guessers: list[Guesser] = [Lookup(Pace(large.size_bytes))] if self.setup.prompt_lookup else []
        if small is not None:
            # Both are read from memory: a pass of either takes as long as it is large.
            cost = CHECK_COST + small.size_bytes / large.size_bytes
            guessers.append(_Draft(small, Pace(large.size_bytes, cost), answer))
        return guessers

    def _written(self, answer: Answer, token_ids: Sequence[int]) -> list[int]:
        """Hand ids over one by one, up to the one that ends the answer; return those that were."""
        for count, token_id in enumerate(token_ids, start=1):
            answer.write([token_id])
            if not answer.should_continue or token_id in answer.end_ids:
                return list(token_ids[:count])
        return list(token_ids)


class _Models(NamedTuple):
    large: CachedModel
    small: CachedModel | None


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

    def guess(self, ids: Sequence[int], most: int) -> list[int]:
        """See ``Guesser``."""
        guess: list[int] = []
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


def _guess(guessers: Sequence[Guesser], ids: Sequence[int], room: int) -> tuple[Guesser | None, list[int]]:
    """The first guess that one of them makes, and whose it is."""
    for guesser in guessers:
        most = min(guesser.pace.most, room)
        if most > 0 and (guess := guesser.guess(ids, most)):
            return guesser, guess
    return None, []


def _learn(guessers: Sequence[Guesser], guesser: Guesser | None, guessed: int, made: int) -> None:
    """Note for all of them a pass in which ``guessed`` guesses and one reading gave ``made`` tokens."""
    for each in guessers:
        each.pace.made(made)
    if guesser is not None:
        guesser.pace.learn(guessed, made - 1)
