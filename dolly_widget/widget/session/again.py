"""What is asked once more, from an answer that is there: the same, more of it, or another way on. Pure values."""

from __future__ import annotations

from dataclasses import replace

from dolly_widget.history import Exchange
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.continuing import Origin


def same(exchange: Exchange) -> Asked:
    """The same question, with the same settings and a fresh seed; the answer of the same shape."""
    params = replace(exchange.params, seed=None)
    return replace(_asked(exchange), params=params, is_chat=True, answer=exchange.answer)


def from_token(exchange: Exchange, place: int, token_id: int) -> Asked:
    """The same answer up to ``place``, then ``token_id``, and on from there."""
    return replace(_asked(exchange), prefix_ids=(*exchange.result.token_ids[:place], token_id))


def longer(exchange: Exchange, max_positions: int | None) -> Asked:
    """The same answer, and on from its end for as many tokens again. Raises ValueError where the model has no room."""
    result = exchange.result
    size = len(result.token_ids)
    room = exchange.params.max_new_tokens
    if max_positions is not None:
        room = min(room, max_positions - result.prompt_tokens - size)
    if room < 1:
        raise ValueError("The model has no room for more: ask anew, with less text.")
    params = replace(exchange.params, max_new_tokens=size + room)
    return replace(_asked(exchange), params=params, prefix_ids=result.token_ids)


def longer_text(exchange: Exchange) -> Asked:
    """The same answer, and on from its text, for as many new tokens as it was allowed."""
    return replace(_asked(exchange), prefix_text=exchange.result.text, reasoning=exchange.result.reasoning)


def _asked(exchange: Exchange) -> Asked:
    instruction, context, params = exchange.asked
    return Asked(
        instruction,
        context,
        params,
        exchange.turns,
        origin=Origin.of(exchange),
        system=exchange.system,
        instead_of=exchange.instead_of,
        left_out=exchange.left_out,
    )
