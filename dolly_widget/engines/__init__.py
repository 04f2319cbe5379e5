"""A prompt becomes an answer. Knows neither widgets nor where models come from."""

from dolly_widget.engines.answer import endings
from dolly_widget.engines.bounds import effective_params, within_candidates
from dolly_widget.engines.engine import Engine, TellsOfClosing, can_go_on
from dolly_widget.engines.loading import check_engine, check_guessing, load_engine
from dolly_widget.engines.result import FINISH_REASONS, GenerationResult
from dolly_widget.engines.sharing import share_engine
from dolly_widget.engines.streaming import stream

__all__ = [
    "FINISH_REASONS",
    "Engine",
    "GenerationResult",
    "TellsOfClosing",
    "can_go_on",
    "check_engine",
    "check_guessing",
    "effective_params",
    "endings",
    "load_engine",
    "share_engine",
    "stream",
    "within_candidates",
]
