"""The place in a chat at which the next question is asked. Pure: it runs nothing and shows nothing."""

from __future__ import annotations

from dataclasses import dataclass

from dolly_widget.history import Exchange
from dolly_widget.text import Turn


@dataclass(frozen=True)
class ChatPlace:
    """What was said before it; by default, the beginning of a new chat."""

    turns: tuple[Turn, ...] = ()
    left_out: int = 0
    """How many of these turns the model was not given, the last time."""
    instead_of: str = ""
    """The question that is being changed; empty if none is being changed."""

    @classmethod
    def after(cls, exchange: Exchange) -> ChatPlace:
        """Where a chat goes on."""
        return cls(exchange.turns_after, exchange.left_out)

    @classmethod
    def of_question(cls, exchange: Exchange, index: int) -> ChatPlace:
        """Where the question at ``index`` of the exchange's chat, its own included, was asked."""
        question = exchange.instruction if index == len(exchange.turns) else exchange.turns[index].instruction
        return cls(exchange.turns[:index], exchange.left_out, question)
