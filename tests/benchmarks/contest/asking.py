"""What a peer is asked, and what it says back. Pure values, as they go between processes."""

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Question:
    """One answer to give: of exactly ``new_tokens`` tokens, where the peer can."""

    instruction: str
    prompt_ids: list[int]
    """The same prompt as ids: what a peer is fed that is not ours."""
    new_tokens: int
    is_greedy: bool
    seed: int
    top_k: int = 0
    """With the widget's defaults beside it: see SAMPLING."""


# The widget's defaults, in Hugging Face's names.
SAMPLING = {"temperature": 0.8, "top_p": 0.92}


@dataclass
class Stopwatch:
    """Starts with the question. Every peer's times are taken so, by the wall clock, in its own process."""

    started: float = field(default_factory=time.perf_counter)
    times_s: list[float] = field(default_factory=list)

    def tick(self) -> None:
        """A token is there."""
        self.times_s.append(time.perf_counter() - self.started)

    def answer(self, token_ids: list[int], first_s: float | None = None) -> dict[str, Any]:
        """All is there: what the peer says back. ``first_s``: when the first token came, if it was before a tick."""
        end_s = time.perf_counter() - self.started
        ttft_s = min(self.times_s[0], self.times_s[0] if first_s is None else first_s)
        per_token_s = (end_s - ttft_s) / max(1, len(token_ids) - 1)
        return {
            "token_ids": token_ids,
            "ttft_s": ttft_s,
            "tpot_s": per_token_s,
            "times_s": self.times_s,
            "end_s": end_s,
        }
