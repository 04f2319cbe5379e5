"""A chat with an engine: its turns, and its exchanges. Knows no prompt and no commands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dolly_widget.errors import PromptTooLongError
from dolly_widget.history import Exchange, History, utc_now
from dolly_widget.text import NO_SYSTEM, Turn, render, takes_system, takes_turns

if TYPE_CHECKING:
    from dolly_widget.engines import EngineSetup
    from dolly_widget.engines.model_engine import ModelEngine
    from dolly_widget.sampling import SamplingParams


class Conversation:
    """Questions and answers, each after the turns before it, where the model's template takes turns."""

    def __init__(self, engine: ModelEngine, setup: EngineSetup, params: SamplingParams) -> None:
        self.exchanges: list[Exchange] = []
        """All of them, the oldest first."""
        self.left_out = 0
        """How many of the oldest turns the model is no longer given."""
        self.system = ""
        """The system prompt; "" is the template's own, if it has one."""
        self._engine, self._setup, self._params = engine, setup, params
        self._turns: tuple[Turn, ...] = ()

    @property
    def takes_turns(self) -> bool:
        """Whether the model is given what was said before."""
        return takes_turns(self._engine.template)

    @property
    def history(self) -> History:
        """All that was said."""
        return History(self.exchanges)

    def ask(self, instruction: str, stop: threading.Event, on_text: Callable[[str], None]) -> Exchange:
        """Answer the next question. Raises what the engine raises; what was said before stays as it was."""
        return self._answer(instruction, self._turns, self._params, stop, on_text)

    def ask_again(self, stop: threading.Event, on_text: Callable[[str], None]) -> Exchange:
        """Answer the last question again, with another seed, in place of that answer. ValueError where it cannot be."""
        if not self.exchanges:
            raise ValueError("There is no answer yet: ask something first.")
        if self._params.is_greedy:
            raise ValueError("Greedy decoding gives the same answer every time: start with a --temperature above 0.")
        last = self.exchanges[-1]
        return self._answer(last.instruction, last.turns, replace(self._params, seed=None), stop, on_text)

    def change_system(self, text: str) -> None:
        """Take another system prompt, "" for none, from the next question on. ValueError where the model takes none."""
        if text and not takes_system(self._engine.template):
            raise ValueError(NO_SYSTEM)
        self.system = text

    def begin_anew(self) -> None:
        """Forget the turns; the exchanges stay."""
        self._turns, self.left_out = (), 0

    def _answer(
        self,
        instruction: str,
        turns: tuple[Turn, ...],
        params: SamplingParams,
        stop: threading.Event,
        on_text: Callable[[str], None],
    ) -> Exchange:
        engine, left_out = self._engine, 0
        while True:
            prompt = render(engine.template, instruction, "", turns, self.system)
            try:
                result = engine.generate(prompt, params, on_text=on_text, stop=stop)
                break
            except PromptTooLongError:  # nothing was run
                if not turns:
                    raise
                # Half of them at once: the model's memory of the others serves for some turns to come.
                half = (len(turns) + 1) // 2
                turns, left_out = turns[half:], left_out + half
        model, name = engine.model, str(engine.template.name)
        exchange = Exchange(
            instruction,
            "",
            params,
            result,
            prompt=prompt,
            model_dir=model.directory,
            setup=self._setup,
            template_name=name,
            turns=turns,
            model_title=model.name,
            system=self.system,
            answered_at=utc_now(),
        )
        self.exchanges.append(exchange)
        self._turns = exchange.turns_after if self.takes_turns else ()
        self.left_out += left_out
        return exchange
