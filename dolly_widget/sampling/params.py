"""The sampling settings: `SamplingParams`, and one description of each field, from which all else derives.

A new setting is one field here, one line in each engine, and its arithmetic in `logits`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from dolly_widget.sampling.setting import Number, Range, Setting, Slider, Texts


def _described(default: Any, setting: Setting) -> Any:
    return field(default=default, metadata={"setting": setting})


@dataclass(frozen=True)
class SamplingParams:
    """How the next token is chosen, and when the answer ends. The defaults are the origin notebook's.

    Raises ValueError, naming the field, the value and the range, for a value out of range; TypeError for one of another
    type.
    """

    max_new_tokens: int = _described(
        256,
        Number(
            "Max new tokens",
            "The answer has at most this many tokens.",
            "N",
            range=Range(1, 32_768),
            former_range=Range(1, math.inf),
            is_whole=True,
            slider=Slider(Range(1, 1000), 1),
        ),
    )
    temperature: float = _described(
        0.8,
        Number(
            "Temperature",
            "Higher is more varied; 0 always takes the likeliest token.",
            "T",
            range=Range(0, 5),
            former_range=Range(0, 100),
            shapes_draws=True,
            slider=Slider(Range(0.1, 5.0), 0.1),
        ),
    )
    """Divides the logits; 0 is greedy: always the most probable token."""
    top_p: float = _described(
        0.92,
        Number(
            "Top-p",
            "Only the likeliest tokens, up to this share in all; 1 is off.",
            "P",
            off=1.0,
            range=Range(0, 1, includes_low=False),
            shapes_draws=True,
            slider=Slider(Range(0.01, 1.0), 0.01),
        ),
    )
    """Only the most probable tokens that together reach this probability are drawn from; 1 is off."""
    top_k: int = _described(
        0,
        Number(
            "Top-k",
            "Only this many of the likeliest tokens; 0 is off.",
            "K",
            off=0,
            range=Range(0, 1024),
            former_range=Range(0, math.inf),
            is_whole=True,
            shapes_draws=True,
            slider=Slider(Range(0, 50), 1),
        ),
    )
    """Only this many of the most probable tokens are drawn from; 0 is off."""
    min_p: float = _described(
        0.0,
        Number(
            "Min-p",
            "No token below this share of the top probability; 0 is off.",
            "P",
            off=0.0,
            range=Range(0, 1, includes_high=False),
            shapes_draws=True,
            is_rare=True,
            slider=Slider(Range(0, 0.99), 0.01),
        ),
    )
    """Tokens less probable than this share of the most probable one are not drawn; 0 is off."""
    repetition_penalty: float = _described(
        1.0,
        Number(
            "Repetition penalty",
            "Above 1, earlier tokens become less likely; 1 is off.",
            "R",
            off=1.0,
            range=Range(0.01, 2),
            former_range=Range(0.01, 100),
            shapes_draws=True,
            counts_when_greedy=True,
            slider=Slider(Range(1.0, 2.0), 0.05),
        ),
    )
    """Logits of tokens already there are divided by it where positive, multiplied where negative; 1 is off."""
    presence_penalty: float = _described(
        0.0,
        Number(
            "Presence penalty",
            "Above 0, tokens that the answer has already used become less likely; 0 is off.",
            "P",
            off=0.0,
            range=Range(-2, 2),
            shapes_draws=True,
            counts_when_greedy=True,
            is_rare=True,
            slider=Slider(Range(-2, 2), 0.1),
        ),
    )
    """Subtracted from the logit of each token that the answer, not the prompt, holds already; 0 is off."""
    frequency_penalty: float = _described(
        0.0,
        Number(
            "Frequency penalty",
            "Above 0, tokens become less likely with each time that the answer has used them; 0 is off.",
            "F",
            off=0.0,
            range=Range(-2, 2),
            shapes_draws=True,
            counts_when_greedy=True,
            is_rare=True,
            slider=Slider(Range(-2, 2), 0.1),
        ),
    )
    """Subtracted from the logit of each token as often as the answer, not the prompt, holds it already; 0 is off."""
    stop: tuple[str, ...] = _described(
        (), Texts("Stop", "Texts that end the answer and are not part of it.", "TEXT", off=(), is_rare=True, most=16)
    )
    """Texts that end the answer and are not part of it."""
    seed: int | None = _described(
        None,
        Number(
            "Seed",
            "Equal seeds give equal answers.",
            "SEED",
            range=Range(0, 2**32 - 1),
            is_whole=True,
            may_be_none=True,
        ),
    )
    """Equal seeds give equal answers. None: a fresh one is drawn and reported in the result."""

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            object.__setattr__(self, name, setting.checked(name, getattr(self, name)))

    @property
    def is_greedy(self) -> bool:
        """Whether the most probable token is always taken."""
        # Below this, the division would overflow in the float32 that engines compute in.
        return self.temperature < 1e-6

    @property
    def penalises_answer(self) -> bool:
        """Whether it matters which tokens are the answer's own: presence or frequency penalty is on."""
        return self.presence_penalty != 0 or self.frequency_penalty != 0


SETTINGS: dict[str, Setting] = {each.name: each.metadata["setting"] for each in fields(SamplingParams)}
"""The description of each field, by its name."""
SHAPING = tuple(name for name, setting in SETTINGS.items() if setting.shapes_draws)
"""Names of the fields that change the probabilities of the next token."""
DEFAULTS = SamplingParams()


def option_help(name: str) -> str:
    """What a command line says of the option of a field, its default included."""
    setting, default = SETTINGS[name], getattr(DEFAULTS, name)
    in_words = "a fresh one" if default is None else "none" if default == () else f"{default:g}"
    in_words += ", or the model's own" if name in SHAPING else ""
    help_text = f"{setting.help[0].lower()}{setting.help[1:].rstrip('.')} (default: {in_words})"
    return "; ".join(filter(None, [help_text, setting.typing_hint]))


def with_changes(params: SamplingParams, settings: Mapping[str, Any]) -> SamplingParams:
    """``params`` with other values for some fields. Raises TypeError for a name that is no setting."""
    unknown = ", ".join(repr(name) for name in settings if name not in SETTINGS)
    if unknown:
        raise TypeError(f"There is no sampling setting {unknown}; choose from {', '.join(SETTINGS)}.")
    return replace(params, **settings)


def recorded(values: Mapping[str, Any]) -> SamplingParams:
    """The settings of an earlier answer, kept as they were even where they are no longer in the range.

    Settings that are not among ``values`` have their defaults. Raises TypeError or ValueError for what no version took.
    """
    params = object.__new__(SamplingParams)
    for name, setting in SETTINGS.items():
        object.__setattr__(params, name, setting.kept(name, values.get(name, getattr(DEFAULTS, name))))
    return params


def shaping(params: SamplingParams) -> dict[str, Any]:
    """The fields of ``params`` that change the probabilities of the next token, by name."""
    return {name: getattr(params, name) for name in SHAPING}
