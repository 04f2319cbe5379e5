"""What a server is asked for, as the fields of a request. A value; asks nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dolly_widget.engines.remote import fields
from dolly_widget.engines.remote.kinds import OURS, VLLM
from dolly_widget.sampling import SamplingParams
from dolly_widget.text import Message
from dolly_widget.text.shapes import Shape

COMPLETIONS, CHAT = "/completions", "/chat/completions"


@dataclass(frozen=True)
class Question:
    """A prompt in the form in which it is sent, and how to answer it."""

    path: str
    prompt: tuple[int, ...] | str | tuple[Message, ...]
    """Ids or a text for completions, messages for a chat."""
    params: SamplingParams
    seed: int
    end_ids: frozenset[int] = frozenset()
    stop: tuple[str, ...] = ()
    shape: Shape | None = None
    adds_special_tokens: bool = True
    """Of a text: whether the tokenizer is to put its own around it."""
    beginning: str = ""
    """Of a chat: the text that its answer begins with."""

    @property
    def has_ids(self) -> bool:
        """Whether the prompt is ids."""
        return self.path == COMPLETIONS and not isinstance(self.prompt, str)

    def after(self, prompt_ids: Sequence[int], made: Sequence[int]) -> Question:
        """What asks for the rest of an answer of which ``made`` is there. Its draws are others than those so far."""
        rest = replace(self.params, max_new_tokens=self.params.max_new_tokens - len(made))
        seed = (self.seed + len(made)) % 2**32
        return replace(self, path=COMPLETIONS, prompt=(*prompt_ids, *made), params=rest, seed=seed)

    def fields(self, model: str, kind: str) -> dict[str, Any]:
        """The request. Raises ValueError for a shape that cannot be sent."""
        found = {**self._asked(kind), "model": model, "max_tokens": self.params.max_new_tokens, "stream": True}
        found["stream_options"] = {"include_usage": True}
        found |= fields.settings_fields(self.params, self.seed, kind)
        found |= fields.ending_fields(self.end_ids, self.stop, kind, is_text=isinstance(self.prompt, str))
        found |= fields.ids_fields(kind) if self.path == COMPLETIONS or kind in (OURS, VLLM) else {}
        return found | fields.shape_fields(self.shape, kind)

    def _asked(self, kind: str) -> Mapping[str, Any]:
        if self.path == CHAT:
            messages = [message for message in self.prompt if isinstance(message, Message)]
            messages += [Message("assistant", self.beginning)] if self.beginning else []
            chat = {"messages": [{"role": message.role, "content": message.text} for message in messages]}
            goes_on = {"continue_final_message": True, "add_generation_prompt": False}
            return {**chat, **goes_on} if self.beginning and kind == VLLM else chat
        more = {} if self.has_ids or self.adds_special_tokens else {"add_special_tokens": False}
        return {"prompt": self.prompt, **more}
