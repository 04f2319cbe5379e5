"""The template of a chat model that a server keeps to itself: messages go there, and it makes a prompt of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dolly_widget.text.template import PLAIN, Prompt, PromptTemplate, Segment, Turn


class Message(NamedTuple):
    """One message of a chat."""

    role: str
    """"system", "user" or "assistant"."""
    text: str


class ServerPrompt(Prompt):
    """A chat as messages. As a prompt, it shows what is known here: who said what, in which order."""

    messages: tuple[Message, ...]

    def __new__(cls, segments: Iterable[Segment], messages: Sequence[Message] = ()) -> ServerPrompt:
        """The chat that ``messages`` are, shown as ``segments``."""
        prompt = super().__new__(cls, segments, adds_special_tokens=False)
        assert isinstance(prompt, cls)
        prompt.messages = tuple(messages)
        return prompt


@dataclass(frozen=True)
class ServerTemplate(PromptTemplate):
    """Stands for the chat template of a server's model, which answers at ``/v1/chat/completions``.

    Whether that takes a system prompt, or several turns, only the server knows: it is asked.
    """

    name: str = "server"
    takes_turns: bool = True
    takes_system: bool = True

    def render(self, instruction: str, context: str = "", turns: Sequence[Turn] = (), system: str = "") -> ServerPrompt:
        """Return the chat: the system prompt, the earlier ``turns``, the oldest first, and this message."""
        messages = [Message("system", system)] if system.strip() else []
        for turn in turns:
            messages.append(Message("user", str(PLAIN.render(turn.instruction, turn.context))))
            messages.append(Message("assistant", turn.answer))
        messages.append(Message("user", str(super().render(instruction, context))))
        return ServerPrompt(_segments(messages), messages)


def _segments(messages: Sequence[Message]) -> Iterable[Segment]:
    if len(messages) == 1:
        yield Segment(messages[0].text, is_template=False)
        return
    for number, message in enumerate(messages):
        yield Segment(("\n\n" if number else "") + f"[{message.role}]\n", is_template=True)
        yield Segment(message.text, is_template=False)


SERVER = SERVER_TEMPLATE = ServerTemplate()
