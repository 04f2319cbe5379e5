"""How a token is drawn: settings, probabilities, presets. Arithmetic on plain values; knows no model and no text."""

from dolly_widget.sampling.draws import CONFIDENCE, Draws
from dolly_widget.sampling.logits import (
    Floats,
    check_logits,
    penalise_presence,
    penalise_repetition,
    penalised,
    probabilities,
)
from dolly_widget.sampling.next_token import CUTS, MODEL, Distribution, distribution, entropy
from dolly_widget.sampling.params import (
    DEFAULTS,
    SETTINGS,
    SHAPING,
    SamplingParams,
    option_help,
    recorded,
    shaping,
    with_changes,
)
from dolly_widget.sampling.presets import PRESETS
from dolly_widget.sampling.setting import Number, Range, Setting, Slider, Texts

__all__ = [
    "CONFIDENCE",
    "CUTS",
    "DEFAULTS",
    "MODEL",
    "PRESETS",
    "SETTINGS",
    "SHAPING",
    "Distribution",
    "Draws",
    "Floats",
    "Number",
    "Range",
    "SamplingParams",
    "Setting",
    "Slider",
    "Texts",
    "check_logits",
    "distribution",
    "entropy",
    "option_help",
    "penalise_presence",
    "penalise_repetition",
    "penalised",
    "probabilities",
    "recorded",
    "shaping",
    "with_changes",
]
