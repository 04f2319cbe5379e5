"""Prompt templates: an instruction, and its context, become a prompt. Knows nothing about engines or widgets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Segment(NamedTuple):
    """A stretch of a prompt: the template's own text, in which special tokens count, or the user's, in which not."""

    text: str
    is_template: bool


class Prompt(tuple[Segment, ...]):
    """What a model is given, with the template's text and the user's kept apart. ``str(prompt)`` is all of it.

    ``adds_special_tokens`` says whether the tokenizer puts its own around it (``<s>``): not where the text holds them.
    ``token_ids`` are its tokens where they are known already: no text is encoded then, and there may be none.
    """

    adds_special_tokens: bool
    token_ids: tuple[int, ...] | None

    def __new__(
        cls,
        segments: Iterable[Segment] = (),
        adds_special_tokens: bool = True,
        token_ids: Iterable[int] | None = None,
    ) -> Prompt:
        """Join ``segments``; those without text are left out."""
        prompt = super().__new__(cls, (segment for segment in segments if segment.text))
        prompt.adds_special_tokens = adds_special_tokens
        prompt.token_ids = None if token_ids is None else tuple(token_ids)
        return prompt

    def __str__(self) -> str:
        return "".join(segment.text for segment in self)


class Turn(NamedTuple):
    """An earlier turn of a chat: what was asked, and what was answered."""

    instruction: str
    context: str
    answer: str


@dataclass(frozen=True)
class PromptTemplate:
    """How a model was taught to read an instruction.

    ``with_context`` and ``without_context`` are the template's text, with the fields ``{instruction}`` and
    ``{context}`` standing for the user's. ``stop`` are the texts, or special tokens, that end an answer.
    Any object with ``name``, ``stop`` and ``render`` can stand in for one.
    """

    name: str
    stop: tuple[str, ...] = ()
    without_context: str = "{instruction}"
    with_context: str = "{instruction}\n\n{context}"

    def __post_init__(self) -> None:
        if isinstance(self.stop, str):
            raise TypeError(f"template {self.name!r}: stop must be a tuple of texts, not the text {self.stop!r}.")
        if not all(self.stop):
            raise ValueError(f"template {self.name!r}: a stop text must not be empty.")
        object.__setattr__(self, "stop", tuple(self.stop))
        if self.without_context.count("{instruction}") != 1 or self.with_context.count("{instruction}") != 1:
            raise ValueError(f"template {self.name!r}: both texts must hold {{instruction}} exactly once.")
        if self.with_context.count("{context}") != 1 or "{context}" in self.without_context:
            raise ValueError(f"template {self.name!r}: with_context, and only it, must hold {{context}} exactly once.")

    def render(self, instruction: str, context: str = "") -> Prompt:
        """Return the prompt for an instruction; a context of white space alone counts as none."""
        has_context = bool(context.strip())
        users = {"instruction": instruction, "context": context}
        return Prompt(_segments(self.with_context if has_context else self.without_context, users))


def _segments(text: str, users: dict[str, str]) -> Iterable[Segment]:
    # Not str.format: braces in a template are ordinary text, and the user's text is never searched for fields.
    places = sorted((text.index(f"{{{name}}}"), name) for name in users if f"{{{name}}}" in text)
    position = 0
    for start, name in places:
        yield Segment(text[position:start], is_template=True)
        yield Segment(users[name], is_template=False)
        position = start + len(name) + 2
    yield Segment(text[position:], is_template=True)


# Source: databrickslabs/dolly, training/consts.py (PROMPT_WITH_INPUT_FORMAT, PROMPT_NO_INPUT_FORMAT).
_INTRO = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n"
)
DOLLY = PromptTemplate(
    name="dolly",
    stop=("### End",),
    without_context=_INTRO + "### Response:\n",
    with_context=_INTRO + "Input:\n{context}\n\n### Response:\n",
)
PLAIN = PromptTemplate(name="plain")
