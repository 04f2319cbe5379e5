"""A chat model's own template, in jinja, rendered in a sandbox. Knows no files and no engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import cycle
from typing import Any, Protocol, cast, runtime_checkable

from dolly_widget.text.characters import visible
from dolly_widget.text.template import Prompt, PromptTemplate, Segment, Turn

TEMPLATE_ADVICE = "pass your own PromptTemplate as template=."
NO_SYSTEM = "This model's template takes no system prompt: leave it empty, or say it in the instruction."
_LONGEST_REASON = 200


@dataclass(frozen=True)
class ChatTemplate(PromptTemplate):
    """A chat model's own template, in jinja; its text is what transformers' ``apply_chat_template`` gives.

    ``without_context`` and ``with_context`` say how instruction and context become the user's message. ``stop`` are the
    tokens that end an answer. The template is untrusted: it runs in a sandbox that bounds its steps and its text.
    """

    name: str = "chat"
    source: str = ""
    special_tokens: tuple[tuple[str, str], ...] = ()
    """Names and texts that the template may use: ("bos_token", "<s>")."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "special_tokens", tuple(map(tuple, self.special_tokens)))

    @property
    def takes_turns(self) -> bool:
        """Whether the model's template renders several turns: some read the first message only."""
        return _renders_turns(self)

    @property
    def takes_system(self) -> bool:
        """Whether the model's template renders a system prompt: some refuse it, or leave it out."""
        return _renders_system(self)

    def render(self, instruction: str, context: str = "", turns: Sequence[Turn] = (), system: str = "") -> Prompt:
        """Return the prompt for a chat: the earlier ``turns``, the oldest first, and this message.

        Without a ``system`` prompt, the template writes its own, if it has one. Neither that nor earlier answers are
        text of the template's. A part of an answer that the template leaves out, as a model's thinking is, is left out.
        Raises ValueError where the template fails, takes too much, or leaves out the message or the system prompt.
        """
        messages = self._messages(instruction, context, turns)
        if system.strip() and not self.takes_system:
            raise ValueError(NO_SYSTEM)
        rendered = _rendered(self, messages, system)
        if system.strip() and _SYSTEM not in {writer for _, writer in rendered}:
            raise _refused(len(messages), "it leaves out the system prompt")
        if turns and not self.takes_turns:
            raise _refused(len(messages), "it leaves out a message")
        if messages[-1].strip() and _QUESTION not in {writer for _, writer in rendered}:
            raise _refused(len(messages), "it leaves out a message" if turns else "")
        return Prompt([Segment(text, is_template=not writer) for text, writer in rendered], adds_special_tokens=False)

    def _messages(self, instruction: str, context: str, turns: Sequence[Turn]) -> list[str]:
        """What was said, by the user and the model in turn; the user has the first and the last word."""
        said = [(str(super(ChatTemplate, self).render(*turn[:2])), turn.answer) for turn in turns]
        return [*(message for pair in said for message in pair), str(super().render(instruction, context))]


_QUESTION, _SYSTEM = 255, 254
_Rendered = list[tuple[str, int]]
"""Stretches of a text, and whose they are: 0 is the template; 255, 254, others: question, system, earlier message."""


def _rendered(template: ChatTemplate, messages: Sequence[str], system: str = "", *, asks: bool = True) -> _Rendered:
    """The chat as the template writes it; ``asks`` for the beginning of an answer at its end."""
    from dolly_widget.text.sandbox.bounds import BoundsError
    from dolly_widget.text.sandbox.environment import render
    from dolly_widget.text.sandbox.traced import runs, written_by

    roles, last = cycle(("user", "assistant")), len(messages) - 1
    said = [written_by(text, _QUESTION if i == last else 1 + i % 253) for i, text in enumerate(messages)]
    begin = [{"role": "system", "content": written_by(system, _SYSTEM)}] if system.strip() else []
    chat = [{"role": role, "content": message} for role, message in zip(roles, said, strict=False)]
    variables = {
        **dict(template.special_tokens),
        "messages": [*begin, *chat],
        "tools": None,
        "documents": None,
        "add_generation_prompt": asks,
    }
    try:
        return list(runs(render(template.source, variables, datetime.now())))
    except BoundsError as exc:
        raise takes_too_much(str(exc), len(messages)) from exc
    except MemoryError as exc:
        raise takes_too_much("takes too much memory", len(messages)) from exc
    except Exception as exc:  # a template can fail in any way that an expression can
        raise _refused(len(messages), _short(exc)) from exc


@runtime_checkable
class TakesTurns(Protocol):
    """A template that can render a chat of several turns. An object of your own says so with ``takes_turns = True``."""

    takes_turns: bool

    def render(self, instruction: str, context: str = "", turns: Sequence[Turn] = ()) -> Prompt:
        """Return the prompt for a chat: the earlier ``turns``, the oldest first, and this instruction."""
        ...


def takes_turns(template: object) -> bool:
    """Whether a template renders a chat of several turns."""
    return isinstance(template, TakesTurns) and template.takes_turns


@runtime_checkable
class TakesSystem(Protocol):
    """A template that can render a system prompt. An object of your own says so with ``takes_system = True``."""

    takes_system: bool

    def render(self, instruction: str, context: str = "", turns: Sequence[Turn] = (), system: str = "") -> Prompt:
        """Return the prompt, with ``system`` where a system prompt belongs; "" leaves that to the template."""
        ...


def takes_system(template: object) -> bool:
    """Whether a template renders a system prompt."""
    return isinstance(template, TakesSystem) and template.takes_system


_CHAT = ("Hello", "Good day.", "How are you?")
_RULE = "Answer in one sentence."


@lru_cache(maxsize=32)
def _renders_turns(template: ChatTemplate) -> bool:
    try:
        texts = {text for text, _ in _rendered(template, _CHAT)}
    except ValueError:
        return False
    return texts.issuperset(_CHAT)


@lru_cache(maxsize=32)
def _renders_system(template: ChatTemplate) -> bool:
    try:
        rendered = _rendered(template, _CHAT[:1], _RULE)
    except ValueError:
        return False
    return {(_RULE, _SYSTEM), (_CHAT[0], _QUESTION)} <= set(rendered)


def end_of_turn(template: ChatTemplate, special_tokens: Iterable[str]) -> str | None:
    """The special token that the template writes behind an answer; None where it writes another text, or none.

    It is the same whether a message follows or not: what begins the next turn is no end of this one.
    """
    try:
        chats = [_rendered(template, _CHAT[:2], asks=False), _rendered(template, _CHAT)]
    except ValueError:
        return None
    ends = {_first_token(_text_behind(chat, _CHAT[1]), special_tokens) for chat in chats}
    return ends.pop() if len(ends) == 1 else None


def _text_behind(chat: _Rendered, message: str) -> str:
    places = [index for index, (text, writer) in enumerate(chat) if writer and text == message]
    text, writer = chat[places[0] + 1] if len(places) == 1 and chat[places[0] + 1 :] else ("", 0)
    return "" if writer else text.lstrip()


def _first_token(text: str, special_tokens: Iterable[str]) -> str | None:
    return max((token for token in special_tokens if token and text.startswith(token)), key=len, default=None)


def render_first(template: ChatTemplate) -> None:
    """Render what the load of a model renders. Raises ValueError where that fails."""
    template.render("Hello")
    end_of_turn(template, ())
    _renders_system(template)


def render(template: Any, instruction: str, context: str = "", turns: Sequence[Turn] = (), system: str = "") -> Prompt:
    """Return ``template``'s prompt, after ``turns`` if there were any, with a ``system`` prompt if there is one.

    Raises ValueError where it knows nothing of turns, or of system prompts.
    """
    if turns and not takes_turns(template):
        raise ValueError("This model has no chat template and cannot be given earlier turns: ask without them.")
    if system.strip():
        if not takes_system(template):
            raise ValueError(NO_SYSTEM)
        return cast(Prompt, template.render(instruction, context, turns, system))
    return cast(Prompt, template.render(instruction, context, *([turns] if turns else [])))


def takes_too_much(what: str, n_messages: int = 1) -> ValueError:
    """The error of a template that is ended: ``what`` it does, such as "takes too long"."""
    return _error(what if n_messages == 1 else f"{what} for a chat of several turns", n_messages)


def _refused(n_messages: int, reason: str = "") -> ValueError:
    """The error of a template that fails for a ``reason``, or leaves out the message."""
    if n_messages > 1:
        return _error(f"cannot be used for a chat of several turns ({reason})", n_messages)
    return _error(f"cannot be used ({reason})" if reason else "leaves out the message", n_messages)


def _error(what: str, n_messages: int) -> ValueError:
    advice = TEMPLATE_ADVICE if n_messages == 1 else "ask without the earlier turns."
    return ValueError(f"The model's chat template {what}: {advice}")


def _short(exc: Exception) -> str:
    """The reason of a failure, which may be a text of the template's: one line, all of it to be seen."""
    reason = visible(" ".join(str(exc)[: 10 * _LONGEST_REASON].split())).rstrip(".") or type(exc).__name__
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
