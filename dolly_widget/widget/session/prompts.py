"""Instructions become prompts; the last ones are kept. Knows no engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dolly_widget.errors import PromptTooLongError
from dolly_widget.models import Model
from dolly_widget.text import Prompt, Turn, render
from dolly_widget.widget.session.asked import Asked
from dolly_widget.widget.session.window import turns_left_out

_Rendered = tuple[Any, tuple[str, str, tuple[Turn, ...], str], Prompt]


class Prompts:
    """Renders prompts. The same question again gets the same prompt: what was shown is what is asked.

    Two are kept: a chat empties its box, which is a prompt too, before what was in it is asked.
    """

    def __init__(self) -> None:
        self._last: tuple[_Rendered, ...] = ()

    def fit(self, template: Any, model: Model | None, asked: Asked) -> tuple[Prompt, int]:
        """The prompt, and how many of the oldest turns of a long chat it leaves out so that the answer has room.

        Without the model's files nothing is known of its room, and nothing is left out.
        """
        turns = asked.turns
        limit = None if model is None else model.info.max_positions

        def prompt(left_out: int) -> Prompt:
            return self.render(template, asked.instruction, asked.context, turns[left_out:], asked.system)

        if model is None or limit is None or not (asked.is_chat and turns):
            return prompt(asked.left_out), asked.left_out

        def size(left_out: int) -> int:
            return _count_tokens(model, prompt(left_out), room)

        room = limit - asked.params.max_new_tokens
        left_out = turns_left_out(len(turns), size, room, asked.left_out)
        return prompt(left_out), left_out

    def refuse_if_too_long(self, template: Any, model: Model | None, asked: Asked) -> None:
        """Raise PromptTooLongError where the prompt is known to leave too little room for the answer."""
        limit = None if model is None else model.info.max_positions
        if model is None or limit is None:
            return
        room = limit - asked.params.max_new_tokens
        try:
            count = _count_tokens(model, self.fit(template, model, asked)[0], room)
        except Exception:  # a user's own template may fail in any way: the answer's job reports it
            return
        if count > room:
            raise PromptTooLongError(count, asked.params.max_new_tokens, limit)

    def render(
        self, template: Any, instruction: str, context: str = "", turns: Sequence[Turn] = (), system: str = ""
    ) -> Prompt:
        """The prompt of ``template``. Raises what that raises; ValueError for turns or a system prompt not taken."""
        question = (instruction, context, tuple(turns), system)
        for kept, asked, prompt in self._last:  # one read: another thread may render meanwhile
            if kept is template and asked == question:
                return prompt
        prompt = render(template, instruction, context, turns, system)
        self._last = ((template, question, prompt), *self._last[:1])
        return prompt


_AROUND = 16
"""Tokens that a tokenizer puts around a prompt: more than any does."""


def _count_tokens(model: Model, prompt: Prompt, room: int) -> int:
    """How many tokens the prompt has; where it surely has room, any number from that up to ``room``."""
    at_most = len(str(prompt).encode("utf-8", "replace")) + _AROUND  # a token is at least one byte
    return at_most if at_most <= room else len(model.tokenizer.encode(prompt))
