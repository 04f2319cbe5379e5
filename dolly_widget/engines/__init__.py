"""A prompt becomes an answer. Knows neither widgets nor where models come from."""

from dolly_widget.engines.answer import Endings, Listener, endings
from dolly_widget.engines.bounds import effective_params, within_candidates
from dolly_widget.engines.engine import (
    Constrains,
    Continues,
    ContinuesText,
    EndsOtherwise,
    Engine,
    GivesLogprobs,
    HasModel,
    KeepsCache,
    LocalEngine,
    NotifiesOnClose,
    ServerFacts,
    local_model,
    server_of,
)
from dolly_widget.engines.graphs import keep_last_logits
from dolly_widget.engines.loading import load_engine, setup_from, start_engine
from dolly_widget.engines.many import AnswersMany, Outcome, generate_many
from dolly_widget.engines.registry import ENGINES, LOCAL_ENGINES, check_engine
from dolly_widget.engines.remote.address import ServerName, is_server
from dolly_widget.engines.request import GenerationRequest
from dolly_widget.engines.result import FINISH_REASONS, GenerationResult
from dolly_widget.engines.setup import SETUP_FIELDS, TYPED_FIELDS, EngineSetup, Prepared, split_options
from dolly_widget.engines.shaped import check_constrains
from dolly_widget.engines.sharing import share_engine, shared_directories
from dolly_widget.engines.streaming import stream

__all__ = [
    "ENGINES",
    "FINISH_REASONS",
    "LOCAL_ENGINES",
    "SETUP_FIELDS",
    "TYPED_FIELDS",
    "AnswersMany",
    "Constrains",
    "Continues",
    "ContinuesText",
    "Endings",
    "EndsOtherwise",
    "Engine",
    "EngineSetup",
    "GenerationRequest",
    "GenerationResult",
    "GivesLogprobs",
    "HasModel",
    "KeepsCache",
    "Listener",
    "LocalEngine",
    "NotifiesOnClose",
    "Outcome",
    "Prepared",
    "ServerFacts",
    "ServerName",
    "check_constrains",
    "check_engine",
    "effective_params",
    "endings",
    "generate_many",
    "is_server",
    "keep_last_logits",
    "load_engine",
    "local_model",
    "server_of",
    "setup_from",
    "share_engine",
    "shared_directories",
    "split_options",
    "start_engine",
    "stream",
    "within_candidates",
]
