"""What a model thinks before it answers, told from the answer by the marks of its template. Pure: pieces in and out.

A block of reasoning is only at the very beginning of an answer, or is open already where the prompt ends with its
opening mark, as several templates write it. Marks anywhere else are text: an answer may speak of ``<think>``.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dolly_widget.text.characters import REORDERING, encodable
from dolly_widget.text.template import Prompt


class Marks(NamedTuple):
    """What stands before and behind the reasoning."""

    opening: str
    closing: str

    @property
    def sign(self) -> str:
        """The special token, or text, that a model which uses these marks knows."""
        return self.opening.partition("analysis")[0]


KNOWN_MARKS = (
    Marks("<think>", "</think>"),  # Qwen 3, DeepSeek R1, SmolLM3, Phi 4 reasoning, GLM 4.5, Nemotron, Granite 3.3
    Marks("[THINK]", "[/THINK]"),  # Magistral
    # gpt-oss, whose format is called Harmony
    Marks("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    Marks("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A reasoning
    Marks("<seed:think>", "</seed:think>"),  # Seed-OSS
)
_HARMONY_TOKENS = ("<|channel|>", "<|message|>", "<|end|>", "<|start|>")


def marks_of(template_source: str, special_id: Callable[[str], int | None]) -> tuple[Marks, ...]:
    """Those that a model was taught: its template writes them, or they are special tokens of its vocabulary."""
    return tuple(each for each in KNOWN_MARKS if each.sign in template_source or special_id(each.sign) is not None)


def mark_tokens(marks: Sequence[Marks], special_id: Callable[[str], int | None]) -> dict[int, str]:
    """Special tokens that marks are made of, which decoding leaves out, and the text that each stands for."""
    texts = {text for each in marks for text in (_HARMONY_TOKENS if each.sign == "<|channel|>" else each)}
    found = {special_id(text): text for text in texts}
    return {token_id: text for token_id, text in found.items() if token_id is not None}


class ReasoningSplitter:
    """Takes an answer in pieces; each becomes a piece of the reasoning and one of the answer, either of them often "".

    Held back until decided: what may be a mark, and white space beside one.
    """

    def __init__(self, marks: Sequence[Marks] = (), prompt: Prompt | None = None) -> None:
        self._marks = tuple(marks)
        self._held = ""
        end = prompt[-1].text.rstrip() if prompt and prompt[-1].is_template else ""
        self._closing = next((each.closing for each in self._marks if end.endswith(each.opening)), "")
        self._is_decided = bool(self._closing) or not self._marks
        self._skips_space = bool(self._closing)
        self.reasoning = self.text = ""

    @property
    def is_answering(self) -> bool:
        """Whether all that comes is the answer."""
        return self._is_decided and not self._closing

    def push(self, piece: str) -> tuple[str, str]:
        """Take a piece."""
        self._held += piece
        if not self._is_decided:
            self._decide()
        if not self._is_decided:
            return "", ""
        return self._split() if self._closing else ("", self._answer(self._taken()))

    def flush(self) -> tuple[str, str]:
        """What was held back, at the end. A block that was not closed is reasoning to its end."""
        held = self._taken()
        return (self._think(held.rstrip()), "") if self._closing else ("", self._answer(held))

    def _taken(self) -> str:
        held, self._held = self._held, ""
        return held

    def _decide(self) -> None:
        begun = self._held.lstrip()
        found = next((each for each in self._marks if begun.startswith(each.opening)), None)
        if found:
            self._held, self._closing = begun[len(found.opening) :], found.closing
            self._skips_space = True
        self._is_decided = found is not None or not any(each.opening.startswith(begun) for each in self._marks)

    def _split(self) -> tuple[str, str]:
        place = self._held.find(self._closing)
        if place >= 0:
            thought, rest = self._held[:place].rstrip(), self._held[place + len(self._closing) :]
            self._held, self._closing = "", ""
            reasoning, self._skips_space = self._think(thought), True
            return reasoning, self._answer(rest)
        certain = self._held[: len(self._held) - _longest_beginning(self._closing, self._held)].rstrip()
        self._held = self._held[len(certain) :]
        return self._think(certain), ""

    def _think(self, piece: str) -> str:
        piece = self._without_first_space(piece)
        self.reasoning += piece
        return piece

    def _answer(self, piece: str) -> str:
        piece = self._without_first_space(piece)
        self.text += piece
        return piece

    def _without_first_space(self, piece: str) -> str:
        if self._skips_space:
            piece = piece.lstrip()
            self._skips_space = not piece
        return piece


def _longest_beginning(mark: str, text: str) -> int:
    """How much of the text's end may be the beginning of a mark."""
    lengths = range(min(len(mark) - 1, len(text)), 0, -1)
    return next((length for length in lengths if text.endswith(mark[:length])), 0)


def thought_line(seconds: float, tokens: int) -> str:
    """How long a model thought: "Thought for 3.2 s · 140 tokens"; "" where it did not."""
    if tokens < 1:
        return ""
    time = "" if math.isnan(seconds) else f" for {seconds:.1f} s" if seconds < 60 else f" for {seconds / 60:.1f} min"
    return f"Thought{time} · {tokens:,} {'token' if tokens == 1 else 'tokens'}"


def reasoning_html(reasoning: str, line: str) -> str:
    """HTML, safe to insert in a page, of reasoning folded below its line; "" without any."""
    if not reasoning:
        return ""
    shown = html.escape(REORDERING.sub("", encodable(reasoning)))
    summary = f"<summary>{html.escape(line or 'Reasoning')}</summary>"
    return f'<details class="dw-reasoning">{summary}<div class="dw-reasoning-text" dir="auto">{shown}</div></details>\n'
