"""What an engine is, and how to get one. An engine turns a Prompt into text, and knows nothing of widgets."""

from __future__ import annotations

import inspect
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from dolly_widget.devices import check_device, devices_behind
from dolly_widget.model_info import ModelInfo
from dolly_widget.models import find, resolve
from dolly_widget.prompts import Prompt, PromptTemplate
from dolly_widget.sampling import SamplingParams
from dolly_widget.weight_format import WeightFormat


class EngineError(RuntimeError):
    """A model could not be loaded or run. The message says why, and what to do; the cause is kept."""


class PromptTooLongError(ValueError):
    """A prompt that leaves too little room, or none, for the answer. Nothing was run."""

    def __init__(self, prompt_tokens: int, max_new_tokens: int, max_positions: int) -> None:
        self.prompt_tokens = prompt_tokens
        self.max_new_tokens = max_new_tokens
        self.max_positions = max_positions
        self.largest_max_new_tokens = max(0, max_positions - prompt_tokens)
        """Largest ``max_new_tokens`` that fits; 0 where the prompt alone is too long."""
        mend = (
            f"set max_new_tokens to {self.largest_max_new_tokens} or less, or shorten the text."
            if self.largest_max_new_tokens
            else f"shorten the text by at least {prompt_tokens - max_positions + 1} tokens."
        )
        super().__init__(
            f"The prompt has {prompt_tokens} tokens and max_new_tokens is {max_new_tokens}, "
            f"but the model has only {max_positions} positions: {mend}"
        )


@dataclass(frozen=True)
class GenerationResult:
    """One answer and how it came about."""

    text: str
    """The answer, without special tokens and without white space at its end."""
    token_ids: tuple[int, ...]
    """The answer's tokens, the one that ended it included."""
    prompt_tokens: int
    finish_reason: str
    """"stop": the model ended it; "length": max_new_tokens was reached; "cancelled"."""
    seed: int
    """The seed that was used: with it, and the same settings, the answer comes out the same."""
    ttft_s: float
    """Time to first token: seconds from the start of the work on the prompt; NaN where there was no token."""
    tpot_s: float
    """Mean seconds per output token after the first; NaN where there was no second one."""
    prefix_tokens: int = 0
    """How many of the tokens were given as its beginning; the others are new."""
    pass_s: tuple[float, ...] = field(default=(), repr=False, compare=False)
    """Seconds of each forward pass after the first, in which usually one token was made. Not kept in a history."""

    def __str__(self) -> str:
        """Only the text: what an f-string, or ``{name}`` of the magic, means by an answer."""
        return self.text

    @property
    def new_tokens(self) -> int:
        """Number of new tokens."""
        return len(self.token_ids) - self.prefix_tokens

    @property
    def tokens_per_s(self) -> float:
        """Tokens per second after the first one; NaN where there was no second one."""
        return 1 / self.tpot_s if self.tpot_s > 0 else math.nan

    @property
    def statistics(self) -> str:
        """One line: tokens, speed, time to first token, why it ended, seed."""
        parts = [f"{self.new_tokens:,} {'token' if self.new_tokens == 1 else 'tokens'}"]
        if not math.isnan(self.tokens_per_s):
            digits = 0 if self.tokens_per_s >= 100 else 1
            parts.append(f"{self.tokens_per_s:,.{digits}f} tokens/s")
        if not math.isnan(self.ttft_s):
            parts.append(f"first token after {_duration(self.ttft_s)}")
        return " · ".join([*parts, _ENDS[self.finish_reason], f"seed {self.seed}"])


_ENDS = {"stop": "ended by itself", "length": "ended at max_new_tokens", "cancelled": "stopped"}
FINISH_REASONS = tuple(_ENDS)


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


@runtime_checkable
class Engine(Protocol):
    """A loaded model on a device. Callers on several threads take turns."""

    model_dir: Path
    device: str
    template: PromptTemplate

    def generate(
        self,
        prompt: Prompt,
        params: SamplingParams,
        *,
        on_text: Callable[[str], None] = ...,
        stop: threading.Event | None = None,
        prefix_ids: Sequence[int] = (),
    ) -> GenerationResult:
        """Answer ``prompt``; blocks. ``on_text`` gets each piece of text as it comes, on some thread.

        ``prefix_ids`` are the answer's first tokens, which count towards ``max_new_tokens``: it goes on from there, and
        its text begins with theirs. Setting ``stop`` ends the answer after the current step, with what there is. An
        exception out of ``on_text`` ends it too and comes out here. Raises PromptTooLongError before anything runs,
        ValueError for an id that is not in the vocabulary, EngineError where the device fails, RuntimeError where it is
        called from its own ``on_text``.
        """
        ...

    def close(self) -> None:
        """Cancel what runs, and free the model. Safe to call twice; ``generate`` then raises EngineError."""
        ...


@runtime_checkable
class TellsOfClosing(Protocol):
    """An engine that can be told what else to free with it."""

    def when_closed(self, free: Callable[[], None]) -> None:
        """Have ``free`` called by ``close``; at once where the engine is closed already."""
        ...


@runtime_checkable
class BoundsCandidates(Protocol):
    """An engine that draws from fewer tokens than the settings say."""

    def effective_params(self, params: SamplingParams) -> SamplingParams:
        """The settings that it keeps to in the place of ``params``."""
        ...


def effective_params(engine: object, params: SamplingParams) -> SamplingParams:
    """The settings that ``engine`` keeps to when it is given ``params``: most keep to them as they are."""
    return engine.effective_params(params) if isinstance(engine, BoundsCandidates) else params


def can_go_on(engine: object) -> bool:
    """Whether ``engine`` takes an answer's beginning, ``prefix_ids``: engines of others may not."""
    taken = inspect.signature(engine.generate).parameters if isinstance(engine, Engine) else {}
    return "prefix_ids" in taken or any(each.kind is each.VAR_KEYWORD for each in taken.values())


# "genai" is OpenVINO GenAI's pipeline, "optimum" Optimum Intel's model with Hugging Face's generation.
ENGINES = ("genai", "optimum")
# Of smaller models, a pass is hardly the reading of weights, and one of several tokens costs as much as several.
_LEAST_BYTES_TO_GUESS = 100e6


def check_engine(engine: str) -> None:
    """Raise ValueError where there is no engine of that name."""
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; choose {' or '.join(map(repr, ENGINES))}.")


def check_guessing(engine: str, device: str, prompt_lookup: bool, draft: str | Path | None) -> None:
    """Raise ValueError where an engine, or a device, is to guess ahead that cannot."""
    if not prompt_lookup and draft is None:
        return
    if any(name.startswith("NPU") for name in devices_behind(device.upper())):
        raise ValueError("An NPU cannot check guesses: leave prompt_lookup and draft out, or take another device.")
    if engine == "optimum":
        raise ValueError(
            "The Optimum engine cannot guess ahead: leave prompt_lookup and draft out, or engine='optimum'."
        )


def load_engine(
    model: str | Path = "demo",
    *,
    device: str = "AUTO",
    engine: str = "genai",
    template: PromptTemplate | None = None,
    weight_format: str | WeightFormat = "int8",
    ov_config: Mapping[str, Any] | None = None,
    prompt_lookup: bool = False,
    draft: str | Path | None = None,
) -> Engine:
    """Load ``model`` on ``device`` and return it ready to generate.

    ``model`` is what ``models.resolve`` takes, and ``weight_format`` what it is converted to where it has to be.
    ``template`` replaces the one that the model was taught, which ``template_for`` finds. ``ov_config`` are OpenVINO
    properties, such as ``{"CACHE_DIR": "ov_cache"}``.

    Two ways to a faster answer, greedily with the same tokens (see ``engines.speculative``): ``prompt_lookup`` for
    answers that quote their context, ``draft``, a smaller model with the same tokenizer, named as ``model`` is. Both
    take the place of ``engine="genai"``, and are left off for a model of less than 100 MB, which they would slow down.
    Raises ModelError for a model that is missing or broken, ValueError for an unknown device, engine or property,
    EngineError where OpenVINO cannot load it, or where the packages of the Optimum engine are missing.
    """
    check_engine(engine)
    check_guessing(engine, device, prompt_lookup, draft)
    if draft is not None:
        find(draft, weight_format)  # what is known to be in vain is told before anything is downloaded
    model_dir = resolve(model, weight_format)
    device = check_device(device)
    if (prompt_lookup or draft is not None) and ModelInfo(model_dir).size_bytes >= _LEAST_BYTES_TO_GUESS:
        from dolly_widget.engines.speculative import SpeculativeEngine

        drafts = None if draft is None else resolve(draft, weight_format)
        return SpeculativeEngine(
            model_dir, device, template, ov_config=ov_config, prompt_lookup=prompt_lookup, draft=drafts
        )
    if engine == "optimum":
        from dolly_widget.engines.optimum import OptimumEngine

        return OptimumEngine(model_dir, device, template, ov_config=ov_config)
    from dolly_widget.engines.genai import GenAIEngine

    return GenAIEngine(model_dir, device, template, ov_config=ov_config)
