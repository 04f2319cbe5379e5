"""An answer when it has ended: its text, its tokens, and its figures. A pure value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dolly_widget.text import rate, thought_line


@dataclass(frozen=True)
class GenerationResult:
    """One answer and how it came about."""

    text: str
    """The answer, without special tokens, without reasoning, and without white space at its end."""
    token_ids: tuple[int, ...]
    """The answer's tokens, the one that ended it included."""
    prompt_tokens: int
    finish_reason: str
    """"stop": the model ended it; "length": max_new_tokens was reached; "cancelled"; "broken": its server went away."""
    seed: int
    """The seed that was used: with it, and the same settings, the answer comes out the same."""
    ttft_s: float
    """Time to first token: seconds from the start of the work on the prompt; NaN where there was no token."""
    tpot_s: float
    """Mean seconds per output token after the first; NaN where there was no second one."""
    prefix_tokens: int = 0
    """How many of the tokens were given as its beginning; the others are new."""
    counted_tokens: int = 0
    """New tokens of an answer without ids, as its server counts them, or else the pieces that came."""
    reasoning: str = field(default="", repr=False)
    """What the model thought before it answered; "" where it did not. An answer that ended before it may be empty."""
    reasoning_tokens: int = 0
    """How many of the tokens are the reasoning's, its marks included."""
    reasoning_s: float = math.nan
    """Seconds from the start of the work on the prompt to the end of the reasoning; NaN without any."""
    is_greedy: bool = False
    """Whether the likeliest token was always taken: nothing was drawn, and the seed means nothing."""
    pass_s: tuple[float, ...] = field(default=(), repr=False, compare=False)
    """Seconds of each forward pass after the first, in which usually one token was made. Not kept in a history."""

    notes: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """What a reader should know of how it came about, a sentence each: a setting that a server does not take."""

    value: Any = field(default=None, compare=False)
    """The answer as the type that was asked for with ``answer=``; None without."""
    probabilities: Mapping[Any, float] | None = field(default=None, compare=False)
    """Of an answer that is a choice: how likely the model took each, in the order given; they sum to 1. Else None."""

    def __str__(self) -> str:
        """Only the text: what an f-string, or ``{name}`` of the magic, means by an answer."""
        return self.text

    @property
    def new_tokens(self) -> int:
        """Number of new tokens."""
        return self.counted_tokens or len(self.token_ids) - self.prefix_tokens

    @property
    def tokens_per_s(self) -> float:
        """Tokens per second after the first one; NaN where there was no second one."""
        return 1 / self.tpot_s if self.tpot_s > 0 else math.nan

    @property
    def thought(self) -> str:
        """One line: "Thought for 3.2 s · 140 tokens"; "" without reasoning."""
        return thought_line(self.reasoning_s, self.reasoning_tokens) if self.reasoning else ""

    @property
    def statistics(self) -> str:
        """One line: tokens, speed, time to first token, why it ended, seed or "greedy"."""
        parts = [f"{self.new_tokens:,} {'token' if self.new_tokens == 1 else 'tokens'}"]
        if not math.isnan(self.tokens_per_s):
            parts.append(rate(self.tokens_per_s))
        if not math.isnan(self.ttft_s):
            parts.append(f"first token after {_duration(self.ttft_s)}")
        return " · ".join([*parts, _ENDS[self.finish_reason], self.origin])

    @property
    def origin(self) -> str:
        """What it was drawn with: "seed 7", or "greedy"."""
        return "greedy" if self.is_greedy else f"seed {self.seed}"


_ENDS = {
    "stop": "ended by itself",
    "length": "ended at max_new_tokens",
    "cancelled": "stopped",
    "broken": "the connection broke",
}


FINISH_REASONS = tuple(_ENDS)


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
