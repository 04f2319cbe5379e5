"""Instructions become prompts; the last one is kept. Knows no engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dolly_widget.text import Prompt, Turn, render


class Prompts:
    """Renders prompts. The same question again gets the same prompt: what was shown is what is asked."""

    def __init__(self) -> None:
        self._last: tuple[Any, tuple[str, str, tuple[Turn, ...]], Prompt] | None = None

    def render(self, template: Any, instruction: str, context: str = "", turns: Sequence[Turn] = ()) -> Prompt:
        """The prompt of ``template``. Raises what that raises; ValueError for turns that it does not take."""
        question = (instruction, context, tuple(turns))
        last = self._last  # one read: another thread may render meanwhile
        if last is not None and last[0] is template and last[1] == question:
            return last[2]
        prompt = render(template, instruction, context, turns)
        self._last = (template, question, prompt)
        return prompt
