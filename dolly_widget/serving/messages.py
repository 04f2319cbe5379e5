"""The messages of a chat, as a template takes them: a system prompt, earlier turns, and a question. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dolly_widget.serving.body import Body
from dolly_widget.serving.failures import refused
from dolly_widget.text import Turn

_SYSTEM = ("system", "developer")
_ROLES = (*_SYSTEM, "user", "assistant")
_MOST_MESSAGES = 1000


class Chat(NamedTuple):
    """What was said, and what is asked."""

    question: str
    turns: tuple[Turn, ...]
    system: str

    @property
    def texts(self) -> Iterator[str]:
        """All that was said."""
        yield from (self.system, self.question)
        for turn in self.turns:
            yield from (turn.instruction, turn.answer)


def read_messages(body: Body) -> Chat:
    """The chat of a request. Raises ApiError for what no chat is."""
    given = body.get("messages")
    if not isinstance(given, list) or not given or len(given) > _MOST_MESSAGES:
        raise body.wrong("messages", f"a list of 1 to {_MOST_MESSAGES} messages")
    said = [_message(each, f"messages[{place}]") for place, each in enumerate(given)]
    begin = next((place for place, (role, _) in enumerate(said) if role not in _SYSTEM), len(said))
    system, rest = [text for _, text in said[:begin]], _in_turns(said[begin:], begin)
    if len(rest) % 2 == 0:
        raise refused("The last message must be the user's: this server does not go on from an answer.", "messages")
    pairs = zip(rest[:-1:2], rest[1::2], strict=True)
    turns = tuple(Turn(question, "", answer) for (_, question), (_, answer) in pairs)
    return Chat(rest[-1][1], turns, "\n\n".join(system))


def _in_turns(said: Sequence[tuple[str, str]], begin: int) -> list[tuple[str, str]]:
    """User and assistant in turns: what the user says in several messages, one after the other, is one.

    Raises ApiError for others that do not take turns; ``begin`` is the place of the first.
    """
    turns: list[tuple[str, str]] = []
    for place, (role, text) in enumerate(said):
        expected = ("user", "assistant")[len(turns) % 2]
        if role == expected:
            turns.append((role, text))
        elif role == "user":
            turns[-1] = ("user", f"{turns[-1][1]}\n\n{text}")
        else:
            raise _misplaced(begin + place, role, expected)
    return turns


def _misplaced(place: int, role: str, expected: str) -> Exception:
    where = f"messages[{place}]"
    if role in _SYSTEM:
        return refused(f"{where} is the system's: it must come before all others.", "messages")
    return refused(f"{where} must be the {expected}'s, not the {role}'s: user and assistant take turns.", "messages")


def _message(given: Any, place: str) -> tuple[str, str]:
    """A message's role and text."""
    if not isinstance(given, dict):
        raise refused(f"{place} must be an object with role and content.", "messages")
    message = Body(given, f"{place}.")
    role = message.text("role")
    if role not in _ROLES:
        raise message.wrong("role", "one of system, user and assistant")
    message.refuse("tool_calls", "function_call")
    return str(role), _content(message, place)


def _content(message: Body, place: str) -> str:
    """The text of a message: one, or the parts of one."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if content is None and message.get("role") == "assistant":  # as clients say that there was no text
        return ""
    parts = content if isinstance(content, list) else None
    if not parts or not all(isinstance(part, dict) for part in parts):
        raise message.wrong("content", "a text, or a list of parts of one")
    texts = []
    for index, part in enumerate(parts):
        if part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise refused(f"{place}.content[{index}] must be a text part: this server reads nothing else.", "messages")
        texts.append(part["text"])
    return "".join(texts)
