"""How a token is drawn: settings, probabilities, presets. Arithmetic on plain values; knows no model and no text."""

from dolly_widget.sampling.draws import CONFIDENCE, Draws
from dolly_widget.sampling.logits import check_logits, penalise_repetition, probabilities
from dolly_widget.sampling.next_token import MODEL, Distribution, distribution, entropy
from dolly_widget.sampling.params import Range, SamplingParams, changed
from dolly_widget.sampling.presets import PRESETS, preset

__all__ = [
    "CONFIDENCE",
    "MODEL",
    "PRESETS",
    "Distribution",
    "Draws",
    "Range",
    "SamplingParams",
    "changed",
    "check_logits",
    "distribution",
    "entropy",
    "penalise_repetition",
    "preset",
    "probabilities",
]
