"""Log-probabilities of tokens, as clients get them. The model is loaded once more at the first need: see ``lens``.

They are the model's own: temperature 1, no penalty, no filter, whatever the answer was drawn with.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Sequence
from typing import NamedTuple

from dolly_widget.serving.service import Service
from dolly_widget.text import Prompt

LEAST = -9999.0
"""In the place of minus infinity, which JSON has not; as in vLLM."""


class Scored(NamedTuple):
    """A token, how likely it was, and what was likelier."""

    token_id: int
    logprob: float | None
    """None for the first token of a text: nothing comes before it."""
    best: tuple[tuple[int, float], ...]
    """The likeliest tokens, the likeliest first."""


async def scores(service: Service, before: Sequence[int], token_ids: Sequence[int], k: int) -> list[Scored]:
    """Each of ``token_ids``, which follow ``before``, with the ``k`` likeliest at its place."""
    if not token_ids:
        return []
    if not before:
        rest = await scores(service, token_ids[:1], token_ids[1:], k)
        return [Scored(token_ids[0], None, ()), *rest]
    return await service.scoring.do(functools.partial(_scores, service, before, token_ids, k))


def _scores(
    service: Service, before: Sequence[int], token_ids: Sequence[int], k: int, stop: threading.Event
) -> list[Scored]:
    from dolly_widget import lens

    lens.load(service.engine)  # type: ignore[arg-type]  # a model of this machine, as the service has checked
    found = lens.score(service.engine, Prompt(token_ids=before), token_ids, k=max(1, k), stop=stop)  # type: ignore[arg-type]
    likeliest, chances = found.alternative_ids[:, :k], found.alternative_model_probabilities[:, :k]
    return [
        Scored(
            int(token_id), _log(own), tuple((int(each), _log(chance)) for each, chance in zip(ids, rest, strict=True))
        )
        for token_id, own, ids, rest in zip(found.token_ids, found.model_probabilities, likeliest, chances, strict=True)
    ]


def _log(chance: float) -> float:
    return math.log(chance) if chance > 0 else LEAST


def token_text(service: Service, token_id: int, *, as_id: bool = False) -> str:
    """A token as clients see it: its text, or "token_id:7"."""
    if as_id:
        return f"token_id:{token_id}"
    tokenizer = service.model.tokenizer
    return tokenizer.token_text(token_id) if tokenizer.has_token(token_id) else ""
