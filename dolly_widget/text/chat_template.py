"""A chat model's own template, in jinja, rendered in a sandbox. Knows no files and no engine."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import count, cycle, islice
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast, runtime_checkable

from dolly_widget.text.template import Prompt, PromptTemplate, Segment, Turn

if TYPE_CHECKING:
    import jinja2

TEMPLATE_ADVICE = "pass your own PromptTemplate as template=."


@dataclass(frozen=True)
class ChatTemplate(PromptTemplate):
    """A chat model's own template, in jinja; its text is what transformers' ``apply_chat_template`` gives.

    ``without_context`` and ``with_context`` say how instruction and context become the user's message. ``stop`` is the
    token that ends an answer. The template is untrusted: it runs in jinja's sandbox.
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

    def render(self, instruction: str, context: str = "", turns: Sequence[Turn] = ()) -> Prompt:
        """Return the prompt for a chat: the earlier ``turns``, the oldest first, and this message.

        Earlier answers are no text of the template's either. A part of one that the template leaves out, as a model's
        thinking is, is left out. Raises ValueError where the template fails, or alters a message.
        """
        messages = self._messages(instruction, context, turns)
        now = datetime.now()
        # Markers in place of the messages show what is the template's: no text of the user's can be in it.
        markers = self._markers(len(messages))
        marked = self._render_messages(markers, now)
        users = [self._users_text(index, messages, markers, marked, now) for index in range(len(messages))]
        pieces = re.split("|".join(markers), marked)
        order = [markers.index(marker) for marker in re.findall("|".join(markers), marked)]
        segments = [Segment(pieces[0], is_template=True)]
        for index, piece in zip(order, pieces[1:], strict=True):
            segments += [Segment(users[index], is_template=False), Segment(piece, is_template=True)]
        prompt = Prompt(segments, adds_special_tokens=False)
        if turns and str(prompt) != self._render_messages(messages, now):
            raise _refused(len(messages))
        return prompt

    def _messages(self, instruction: str, context: str, turns: Sequence[Turn]) -> list[str]:
        """What was said, by the user and the model in turn; the user has the first and the last word."""
        said = [(str(super(ChatTemplate, self).render(*turn[:2])), turn.answer) for turn in turns]
        return [*(message for pair in said for message in pair), str(super().render(instruction, context))]

    def _markers(self, number: int) -> list[str]:
        """Texts that are nowhere in the template, and that filters for white space, case or escapes leave alone."""
        taken = [self.source, *(text for _, text in self.special_tokens)]
        markers = (f"\ue000{number}\ue001" for number in count())
        return list(islice((marker for marker in markers if not any(marker in text for text in taken)), number))

    def _users_text(self, index: int, messages: list[str], markers: list[str], marked: str, now: datetime) -> str:
        """What the template makes of one message."""
        message = messages[index]
        text = self._render_messages([*markers[:index], message, *markers[index + 1 :]], now)
        users = _between(marked.split(markers[index]), text)
        if users is None or _adds_words(users, message.strip()):
            raise _refused(len(messages))
        return users

    def _render_messages(self, messages: Sequence[str], now: datetime) -> str:
        roles = cycle(("user", "assistant"))
        try:
            return _compile(self.source).render(
                messages=[{"role": role, "content": message} for role, message in zip(roles, messages, strict=False)],
                tools=None,
                documents=None,
                add_generation_prompt=True,
                strftime_now=now.strftime,
                **dict(self.special_tokens),
            )
        except Exception as exc:  # a template can fail in any way that an expression can
            reason = " ".join(str(exc).split()).rstrip(".") or type(exc).__name__
            raise _refused(len(messages), reason) from exc


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


@lru_cache(maxsize=32)
def _renders_turns(template: ChatTemplate) -> bool:
    try:
        template.render("How are you?", turns=[Turn("Hello", "", "Hello.")])
    except ValueError:
        return False
    return True


def render(template: Any, instruction: str, context: str = "", turns: Sequence[Turn] = ()) -> Prompt:
    """Return ``template``'s prompt, after ``turns`` if there were any. ValueError where it knows nothing of turns."""
    if not turns:
        return cast(Prompt, template.render(instruction, context))
    if not takes_turns(template):
        raise ValueError("This model has no chat template and cannot be given earlier turns: ask without them.")
    return cast(Prompt, template.render(instruction, context, turns))


def _refused(n_messages: int, reason: str = "") -> ValueError:
    """The error of a template that fails for a ``reason``, or alters a message."""
    if n_messages > 1:
        why = reason or "it changes a message"
        what, advice = f"cannot be used for a chat of several turns ({why})", "ask without the earlier turns."
    else:
        what, advice = f"cannot be used ({reason})" if reason else "changes the message", TEMPLATE_ADVICE
    return ValueError(f"The model's chat template {what}: {advice}")


def _between(pieces: list[str], text: str) -> str | None:
    """What stands between ``pieces`` in ``text``, the same at each place; None where the text is not made so."""
    places = len(pieces) - 1
    if not places:
        return None
    length = (len(text) - sum(map(len, pieces))) // places
    found = text[len(pieces[0]) :][: max(0, length)]
    return found if found.join(pieces) == text else None


def _adds_words(users: str, message: str) -> bool:
    """Whether the template wrote words beside this message, and not beside the marker: they are not the user's."""
    before, found, after = users.partition(message) if message else ("", "", "")
    return bool(found) and any(character.isalnum() for character in before + after)


@lru_cache(maxsize=8)
def _compile(source: str) -> jinja2.Template:
    # Source: transformers 5.5, utils/chat_template_utils.py, _cached_compile_jinja_template.
    from jinja2 import TemplateError, nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.parser import Parser
    from jinja2.runtime import Macro
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %}`` marks the answers of a chat, for training; its text stands as it is."""

        tags = {"generation"}  # noqa: RUF012  # jinja's own type

        def parse(self, parser: Parser) -> nodes.Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

        def _text(self, caller: Macro) -> str:
            return caller()

    def raise_exception(message: str) -> NoReturn:
        raise TemplateError(message)

    def tojson(
        value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
    ) -> str:
        # jinja's own escapes HTML
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    return environment.from_string(source)
