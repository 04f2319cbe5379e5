"""A question as it is asked: values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dolly_widget.sampling import SamplingParams, with_changes
from dolly_widget.text import Turn, takes_system, takes_turns
from dolly_widget.text.shapes import Shape
from dolly_widget.widget.session.continuing import Origin


@dataclass(frozen=True)
class Asked:
    """What an answer is asked for with."""

    instruction: str
    context: str
    params: SamplingParams
    turns: tuple[Turn, ...] = ()
    """What was said before."""
    prefix_ids: tuple[int, ...] = ()
    """The answer's first tokens."""
    prefix_text: str = ""
    """Its beginning, where its tokens are not known."""
    reasoning: str = ""
    """What was thought before ``prefix_text``."""
    origin: Origin | None = None
    """The model that ``prefix_ids`` are of; None: the one that runs."""
    samples: int = 1
    """How many answers are written at once."""
    is_chat: bool = False
    """Whether ``turns`` are what the chat holds: a model gets as many as it has a template and room for."""
    system: str = ""
    """The system prompt; "" is the template's own."""
    may_lack_system: bool = False
    """Whether ``system`` is the widget's own: a model whose template takes none does not get it."""
    instead_of: str = ""
    """The question whose place this one takes."""
    left_out: int = 0
    """How many of ``turns`` the model did not get the last time."""
    answer: Shape | None = None
    """What the answer has to be; None: any text."""
    untouched: tuple[str, ...] = ()
    """Sampling settings that are to be the own ones of the model that answers: it may not be here yet."""

    def params_for(self, own: SamplingParams) -> SamplingParams:
        """The sampling settings for a model with the defaults ``own``."""
        return with_changes(self.params, {name: getattr(own, name) for name in self.untouched})

    def taken_by(self, template: Any) -> Asked:
        """Without what the widget holds and this template does not take: the chat's turns, the system prompt."""
        turns = self.turns if not self.is_chat or takes_turns(template) else ()
        system = self.system if not self.may_lack_system or takes_system(template) else ""
        return replace(self, turns=turns, system=system)


def checked_turns(turns: Sequence[tuple[str, str, str]]) -> tuple[Turn, ...]:
    """What was said before, as a caller gives it. Raises ValueError for anything but texts in threes."""
    if not all(len(each) == 3 and all(isinstance(text, str) for text in each) for each in turns):
        raise ValueError("turns must be a list of (instruction, context, answer), all of them texts.")
    return tuple(Turn(*each) for each in turns)
