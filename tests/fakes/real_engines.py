"""Real engines in one line: a directory, and fields of a setup by name."""

from dolly_widget.engines import EngineSetup, share_engine
from dolly_widget.engines.genai import GenAIEngine
from dolly_widget.engines.optimum import OptimumEngine
from dolly_widget.models import Model


class GuessingEngine(GenAIEngine):
    """The default engine with guesses from the prompt: a case of its own, for tests that all engines pass."""


OPTIONS = {GenAIEngine: {}, OptimumEngine: {"engine": "optimum"}, GuessingEngine: {"prompt_lookup": True}}
"""With which `start_engine` makes each of them."""


def start(engine_class, model_dir, device="CPU", *, generation=None, **options):
    """An engine of this class; ``generation`` are OptimumEngine's."""
    setup = EngineSetup(model_dir, device=device, **{**OPTIONS[engine_class], **options})
    more = {} if generation is None else {"generation": generation}
    if setup.draft is not None:
        more["draft"] = Model(setup.draft)
    return engine_class(setup, Model(model_dir), **more)


def share(model, **options):
    """A lease on an engine, loaded as the widget does it."""
    setup = EngineSetup(model, **options)
    return share_engine(setup, setup.prepare())
