"""Prompt templates: an instruction, and its context, become a prompt. Knows nothing about engines or widgets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from inspect import signature
from itertools import count, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

if TYPE_CHECKING:
    import jinja2


class Segment(NamedTuple):
    """A stretch of a prompt: the template's own text, in which special tokens count, or the user's, in which not."""

    text: str
    is_template: bool


class Prompt(tuple[Segment, ...]):
    """What a model is given, with the template's text and the user's kept apart. ``str(prompt)`` is all of it.

    ``adds_special_tokens`` says whether the tokenizer puts its own around it (``<s>``): not where the text holds them.
    """

    adds_special_tokens: bool

    def __new__(cls, segments: Iterable[Segment], adds_special_tokens: bool = True) -> Prompt:
        """Join ``segments``; those without text are left out."""
        prompt = super().__new__(cls, (segment for segment in segments if segment.text))
        prompt.adds_special_tokens = adds_special_tokens
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

_MEND = "pass template= with a PromptTemplate of your own."


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


def takes_turns(template: PromptTemplate) -> bool:
    """Whether a template renders a chat of several turns: a model's own chat template that can, or your own object.

    An object of your own takes them where its ``render`` has a parameter ``turns``.
    """
    if not isinstance(template, ChatTemplate):
        return "turns" in signature(template.render).parameters
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
        raise ValueError("This model has no chat template: it cannot be told what was said before.")
    return cast(Prompt, template.render(instruction, context, turns))


def _refused(n_messages: int, reason: str = "") -> ValueError:
    """The error of a template that fails for a ``reason``, or alters a message."""
    if n_messages > 1:
        why = reason or "it does not leave each message as it is"
        what, mend = f"cannot be used for a chat of several turns ({why})", "ask without the earlier turns."
    else:
        what, mend = f"cannot be used ({reason})" if reason else "does not leave the message as it is", _MEND
    return ValueError(f"The model's chat template {what}: {mend}")


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


def chat_template(model_dir: Path) -> PromptTemplate:
    """Return the model's own chat template, from ``chat_template.jinja`` or ``tokenizer_config.json`` beside it.

    Raises ValueError where there is none, or where it cannot be used.
    """
    template = _find_chat_template(Path(model_dir))
    if template is None:
        raise ValueError(f"{model_dir} has no chat template: {_MEND}")
    return template


def _find_chat_template(model_dir: Path) -> ChatTemplate | None:
    config = _read_settings(model_dir / "tokenizer_config.json")
    sources = _template_files(model_dir) or _configured_templates(config.get("chat_template"))
    if not any(sources.values()):
        return None
    source = sources.get("default")
    if not isinstance(source, str):
        raise ValueError(f"{model_dir} has no default chat template that can be read: {_MEND}")
    tokens = _special_tokens(config, model_dir)
    stop = tuple(filter(None, [tokens.get("eos_token")]))
    template = ChatTemplate(stop=stop, source=source, special_tokens=tuple(tokens.items()))
    template.render("Hello")  # one that cannot be used is refused here, not at the first question
    return template


def _template_files(model_dir: Path) -> dict[str, str]:
    # Source: transformers 5.5, PreTrainedTokenizerBase._from_pretrained: files come before what the config says.
    paths = [("default", model_dir / "chat_template.jinja")]
    paths += [(path.stem, path) for path in sorted((model_dir / "additional_chat_templates").glob("*.jinja"))]
    try:
        return {name: path.read_text(encoding="utf-8") for name, path in paths if path.is_file()}
    except UnicodeDecodeError as exc:
        raise ValueError(f"A chat template of {model_dir} is not text: convert or download the model again.") from exc


def _configured_templates(entry: Any) -> dict[str, Any]:
    if isinstance(entry, list) and all(isinstance(item, dict) for item in entry):
        return {str(item.get("name")): item.get("template") for item in entry}
    return entry if isinstance(entry, dict) else {"default": entry}


def _special_tokens(config: dict[str, Any], model_dir: Path) -> dict[str, str]:
    """Texts of the special tokens by name, as transformers hands them to a template."""
    settings = dict(config)
    if "added_tokens_decoder" not in settings:  # an older tokenizer: its tokens are in a file of their own
        settings |= _read_settings(model_dir / "special_tokens_map.json")
    tokens = {name: value for name, value in settings.items() if name.endswith("_token")}
    for more in ("extra_special_tokens", "model_specific_special_tokens"):
        tokens |= settings[more] if isinstance(settings.get(more), dict) else {}
    texts = {name: value.get("content") if isinstance(value, dict) else value for name, value in tokens.items()}
    return {name: text for name, text in texts.items() if isinstance(text, str)}


def _read_settings(path: Path) -> dict[str, Any]:
    """The settings of a file; none where it is missing. Raises ValueError where it cannot be read."""
    if not path.is_file():
        return {}
    try:
        settings = json.loads(path.read_bytes())
    except ValueError as exc:
        raise ValueError(f"{path} cannot be read; convert or download the model again.") from exc
    if not isinstance(settings, dict):
        raise ValueError(f"{path} holds no settings; convert or download the model again.")
    return settings


def template_for(model_dir: Path) -> PromptTemplate:
    """Return the template that a model was taught: DOLLY where its tokenizer has ``### End``; its chat template; PLAIN.

    Raises FileNotFoundError where ``tokenizer.json`` is missing, ValueError where a file of the template's is broken.
    """
    path = Path(model_dir) / "tokenizer.json"
    text = path.read_bytes()
    try:
        contents = {token["content"] for token in json.loads(text).get("added_tokens", [])}
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise ValueError(f"{path} is not a tokenizer that can be read; convert or download the model again.") from exc
    return DOLLY if contents & set(DOLLY.stop) else _find_chat_template(Path(model_dir)) or PLAIN
