"""How likely a server's model takes tokens to be: asked for a whole text at once, or a place at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from dolly_widget.engines.remote import faults, kinds
from dolly_widget.engines.remote.calls import call
from dolly_widget.engines.remote.chunks import likeliest
from dolly_widget.engines.remote.exchange import StoppedError
from dolly_widget.engines.remote.faults import RefusedError
from dolly_widget.engines.remote.habits import Habits
from dolly_widget.engines.remote.lost import LostError
from dolly_widget.engines.remote.question import COMPLETIONS
from dolly_widget.errors import EngineError
from dolly_widget.models import Model

MOST = 20
"""Tokens at a place: vLLM gives no more unless it is started otherwise."""


def check(habits: Habits, model: Model | None) -> None:
    """Raise ValueError, with the reason, where probabilities cannot be had."""
    host = habits.server.host
    if not kinds.gives_ids(habits.server.kind):
        raise ValueError(
            f"Whether {host} gives probabilities is not known: they come from dolly-widget serve, vLLM and llama.cpp."
        )
    if model is None:
        raise ValueError(
            f"The tokens of {habits.server.model_name} are not known here: name a model on this machine with the same "
            "tokenizer, tokenizer=…."
        )


def logprobs_after(
    habits: Habits, ids: Sequence[int], first: int, gives_up: Callable[[], bool]
) -> Generator[Mapping[int, float], None, None]:
    """See ``GivesLogprobs``. Ends early where ``gives_up`` says so. Raises EngineError where the server fails."""
    last = len(ids) - 1
    is_whole = habits.server.kind in (kinds.OURS, kinds.VLLM)
    if is_whole and first < last:
        places = _ask(habits, _whole(ids), gives_up)
        if len(places) < len(ids) and places:
            raise EngineError(f"{habits.host} gives probabilities for {len(places)} of {len(ids)} tokens: try again.")
        yield from places[first + 1 : len(ids)]
        first = last
    for place in range(first, last + 1):
        found = _ask(habits, _one(ids[: place + 1], habits.server.kind), gives_up)
        if not found:
            return
        yield found[0]


def _whole(ids: Sequence[int]) -> dict[str, Any]:
    """What asks for what was likely at each place of a text, from the second on."""
    more = {"max_tokens": 0, "echo": True, "return_tokens_as_token_ids": True}
    return {"prompt": ids, "logprobs": MOST, "temperature": 1.0, **more}


def _one(ids: Sequence[int], kind: str) -> dict[str, Any]:
    """What asks for what may follow a text."""
    fields: dict[str, Any] = {"prompt": ids, "logprobs": MOST, "max_tokens": 1, "temperature": 1.0}
    return fields | ({"top_p": 1.0, "return_tokens_as_token_ids": True} if kind != kinds.LLAMA_CPP else {})


def _ask(habits: Habits, fields: dict[str, Any], gives_up: Callable[[], bool]) -> list[dict[int, float]]:
    """One question; [] where it was given up."""
    root, host, server = habits.root, habits.host, habits.server
    error: Exception
    try:
        asked = {**fields, "model": server.model_name, "stream": False}
        with call(root, COMPLETIONS, asked, gives_up=gives_up) as answered:
            if found := likeliest(answered.json()):
                return found
            raise ValueError("it gives no logprobs")
    except StoppedError:
        return []
    except LostError as exc:
        habits.turn_from(root)
        error = faults.lost(host, exc)
    except RefusedError as exc:
        error = faults.refused(
            root, exc.refusal, model=server.model_name, models=server.models, asked="/v1/completions"
        )
    except ValueError as exc:
        error = EngineError(f"{host} cannot be asked for probabilities: {exc}.")
    raise EngineError(str(error)) from None
