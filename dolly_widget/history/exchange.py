"""One instruction, the answer that it got, and what it takes to ask again. Pure values: no files, no widgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

from dolly_widget.engines import EngineSetup, GenerationResult
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Prompt, Turn, encodable
from dolly_widget.text.shapes import Shape

MAX_LABEL_CHARS = 80


def utc_now() -> datetime:
    """The time as it is, to the second: an exchange's ``answered_at``."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def as_label(text: str) -> str:
    """``text`` as a label: in one line, of ``MAX_LABEL_CHARS`` characters at most."""
    return " ".join(encodable(text[: 10 * MAX_LABEL_CHARS]).split())[:MAX_LABEL_CHARS].rstrip()


@dataclass(frozen=True)
class Exchange:
    """One instruction and the answer that it got."""

    instruction: str
    context: str
    params: SamplingParams
    result: GenerationResult
    prompt: Prompt = field(default=Prompt(()), repr=False)
    """What the instruction became; empty where it was stopped before there was a model."""
    model_dir: Path | None = field(default=None, repr=False, compare=False)
    """The files of the model that answered, on this machine."""
    setup: EngineSetup | None = field(default=None, repr=False)
    """What answered; None where names cannot make it again: a given engine, a template that is an object of your own.

    Of a model of the hub, ``revision`` is the commit that was used, where it is known.
    """
    template_name: str = field(default="", repr=False)
    """Name of the template that was used, the model's own or another one."""
    turns: tuple[Turn, ...] = field(default=(), repr=False)
    """Earlier turns of the chat, which the prompt holds."""
    model_title: str = field(default="", repr=False)
    """What the model was called when it answered; "" where it has no files here."""
    system: str = field(default="", repr=False)
    """The system prompt that was given; "" where the template's own, if it has one, was used."""
    instead_of: str = field(default="", repr=False)
    """The question of the chat whose place this one took; "" where it took none."""
    left_out: int = field(default=0, repr=False)
    """How many of ``turns``, the oldest, the prompt does not hold: there was no room for them."""
    answered_at: datetime | None = field(default=None, repr=False)
    """When its answer ended, with a time zone; None where that is not known: in files of earlier versions."""
    answer: Shape | None = field(default=None, repr=False, compare=False)
    """What the answer had to be; None: any text. Neither it nor ``result.value`` is kept in files."""
    label: str = field(default="", repr=False)
    """What a reader calls it, in one line; "" where they gave it no name."""

    @property
    def asked(self) -> tuple[str, str, SamplingParams]:
        """What was asked, and with which settings."""
        return self.instruction, self.context, self.params

    @property
    def own_turn(self) -> tuple[Turn, ...]:
        """This exchange as a turn of the chat: one, or none where the answer is empty."""
        return (Turn(self.instruction, self.context, self.result.text),) if self.result.text else ()

    @cached_property
    def turns_after(self) -> tuple[Turn, ...]:
        """What was said up to the end of this answer; all that go on from here share it."""
        return (*self.turns, *self.own_turn)

    @property
    def time_text(self) -> str:
        """``answered_at`` in UTC, as ISO 8601 has it; "" where it is not known."""
        return "" if self.answered_at is None else self.answered_at.astimezone(timezone.utc).isoformat()

    @property
    def model_name(self) -> str:
        """What to call the model: as it was called, or else as it was asked for; "" where there was none."""
        if self.model_title:
            return self.model_title
        if self.setup is not None:
            return self.setup.model
        return "" if self.model_dir is None else self.model_dir.name
