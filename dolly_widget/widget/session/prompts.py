"""Instructions become prompts; the last ones are kept. Knows no engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dolly_widget.text import Prompt, Turn, render

_Rendered = tuple[Any, tuple[str, str, tuple[Turn, ...], str], Prompt]


class Prompts:
    """Renders prompts. The same question again gets the same prompt: what was shown is what is asked.

    Two are kept: a chat empties its box, which is a prompt too, before what was in it is asked.
    """

    def __init__(self) -> None:
        self._last: tuple[_Rendered, ...] = ()

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
