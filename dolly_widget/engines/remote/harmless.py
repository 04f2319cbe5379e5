"""What a user types that would be a control token at a server that takes text alone. Pure: texts in, texts out.

Where ids are sent, the user's text never becomes one: see ``Tokenizer.encode``. A server that encodes the text itself
takes ``<|im_end|>`` for the token, whoever wrote it. So a space is put behind its first character: what can be seen is
nearly the same, and no normalizer takes a space away as it would a character without width.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dolly_widget.models import Model
from dolly_widget.text import Prompt, PromptTemplate, Segment

# The shapes that the families' control tokens have: <|im_end|>, <｜User｜>, </s>, <start_of_turn>, [INST], ### End.
_USUAL = re.compile(
    r"<[|｜][^<>|｜\n]{1,60}[|｜]>|</?(?:s|bos|eos|pad|unk|mask|sep|cls)>|</?(?:start|end)_of_[a-z_]{1,30}>"
    r"|\[/?(?:INST|SYS|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS|SYSTEM_PROMPT|THINK|gMASK|sop|eop)\]|<</?SYS>>"
    r"|### (?:End|Instruction:|Response:)|<(?:extra|reserved|unused|special)_?[a-z_]*\d{1,6}>",
)
_IN_TEMPLATE = re.compile(r"<[|｜]?[^\s<>{}%'\"]{1,60}[|｜]?>|\[/?[A-Z_]{2,30}\]")
_MOST_PASSES = 4


class ControlTexts:
    """The texts that a server's tokenizer may take for control tokens, as far as they are known here."""

    def __init__(self, model: Model | None, template: PromptTemplate) -> None:
        known = set(template.stop) if model is None else set(model.tokenizer.special_texts)
        found = known | set(_marks(template)) if model is None else known
        texts = sorted((text.strip() for text in found if len(text.strip()) > 1), key=len, reverse=True)
        parts = [*map(re.escape, texts), *([_USUAL.pattern] if model is None else [])]
        self._pattern = re.compile("|".join(parts) or r"(?!)")

    def broken(self, text: str) -> tuple[str, tuple[str, ...]]:
        """``text`` without any of them, and those that were in it."""
        found: dict[str, None] = {}
        for _ in range(_MOST_PASSES):  # what is broken might hold another one
            hits = [hit[0] for hit in self._pattern.finditer(text)]
            if not hits:
                break
            found |= dict.fromkeys(hits)
            text = self._pattern.sub(lambda hit: f"{hit[0][0]} {hit[0][1:]}", text)
        return text, tuple(found)

    def harmless(self, prompt: Prompt) -> tuple[str, tuple[str, ...]]:
        """A prompt as one text, the user's stretches broken, and what was in those."""
        texts, found = self.broken_texts([segment.text for segment in _joined(prompt) if not segment.is_template])
        users = iter(texts)
        whole = [segment.text if segment.is_template else next(users) for segment in _joined(prompt)]
        return "".join(whole), found

    def broken_texts(self, texts: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
        """``texts``, each of them ``broken``, and all that was in them."""
        broken = [self.broken(text) for text in texts]
        return [text for text, _ in broken], tuple(dict.fromkeys(each for _, found in broken for each in found))


def note_of_broken(found: Sequence[str]) -> str:
    """The sentence on control tokens that a user has typed; "" without any."""
    if not found:
        return ""
    shown = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
    return f"The server would take {shown} in your text for control tokens: a space was put into each."


def _joined(prompt: Prompt) -> Iterable[Segment]:
    """The segments, neighbours of one writer as one: a token that lies across two of the user's is one as well."""
    texts: list[Segment] = []
    for segment in prompt:
        if texts and texts[-1].is_template == segment.is_template:
            texts[-1] = Segment(texts[-1].text + segment.text, segment.is_template)
        else:
            texts.append(segment)
    return texts


def _marks(template: PromptTemplate) -> Iterable[str]:
    """What looks like a control token in a chat template's own text, and those that it is given."""
    yield from (text for _, text in getattr(template, "special_tokens", ()))
    yield from (hit[0] for hit in _IN_TEMPLATE.finditer(getattr(template, "source", "")))
